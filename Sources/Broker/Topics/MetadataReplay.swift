// What the batches of a metadata log, or of a snapshot of one, amount to.
internal import Base
internal import Protocol
internal import Records

/// The voters of the metadata quorum, as control records tell (KIP-853).
struct QuorumTraits: Sendable {
    /// 0: the voters are configured, and the log does not name them; 1: it does.
    var kraftVersion: Int16 = 0
    /// Voters that the log names.
    var voters: [Int32] = []
}

/// Gathers the state from batches, one after another.
struct MetadataReplay: Sendable {
    /// What the records of one batch may take in memory.
    static let batchBytesMax = 64 << 20

    var image = MetadataImage()
    var quorum = QuorumTraits()
    /// Whether the last record of a snapshot was seen.
    private(set) var hasFooter = false

    /// Applies the records of one batch.
    ///
    /// Throws `RecordError`, `WireError` and `MetadataRecord.Unreadable`.
    mutating func apply(_ batch: borrowing RecordBatch) throws {
        try batch.verifyChecksum()
        guard batch.header.attributes.isControl else {
            for record in try batch.records(limitBytes: Self.batchBytesMax) {
                guard let value = record.value else { continue }
                image.apply(try unsafe MetadataRecord(reading: value.span.bytes))
            }
            return
        }
        for record in try ControlRecords.read(batch) {
            switch record.type {
            case .kraftVersion:
                quorum.kraftVersion = try KRaftVersionRecord(reading: record.value, version: 0).kRaftVersion
            case .kraftVoters:
                quorum.voters = try VotersRecord(reading: record.value, version: 0).voters.map(\.voterID)
            case .snapshotFooter:
                hasFooter = true
            case .abort, .commit, .leaderChange, .snapshotHeader:
                break
            }
        }
    }
}
