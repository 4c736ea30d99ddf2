// Snapshots of the metadata log: `OFFSET-EPOCH.checkpoint` in its directory holds what the records before
// OFFSET amount to, so that Kafka may delete them, and `bootstrap.checkpoint` what a new cluster begins with.
internal import Base
internal import Protocol
internal import Records
internal import Storage

/// The state that a snapshot holds.
struct MetadataSnapshot: Sendable {
    /// The name of the file with what a new cluster begins with, in the log directory itself.
    static let bootstrapName = "bootstrap.checkpoint"
    /// Snapshots are read whole.
    private static let bytesMax = 1 << 30

    /// The offset after the last record that it stands for.
    var end = Offset.zero
    /// The quorum epoch of that record.
    var epoch = LeaderEpoch.zero
    var replay = MetadataReplay()

    /// The newest snapshot of `log` that is whole, if there is one; and where newer ones end, which are not.
    static func newest(
        of log: TopicPartition, in storage: LogDirectory
    ) throws(StorageError) -> (snapshot: Self?, damagedEnd: Offset?) {
        var damagedEnd: Offset?
        let found = try storage.fileNames(of: log).compactMap { name in place(name).map { ($0, name) } }
        for (place, name) in found.sorted(by: { $0.0.end > $1.0.end }) {
            guard let bytes = try storage.contents(of: name, in: log, limit: bytesMax) else { continue }
            guard let replay = Self.replay(bytes) else {
                damagedEnd = damagedEnd ?? place.end
                continue
            }
            return (MetadataSnapshot(end: place.end, epoch: place.epoch, replay: replay), damagedEnd)
        }
        return (nil, damagedEnd)
    }

    /// The records of `bootstrap.checkpoint`; nil if there is no such file, or it is not whole.
    static func bootstrapRecords(in storage: LogDirectory) throws(StorageError) -> [MetadataRecord]? {
        guard let bytes = try storage.contents(of: bootstrapName, limit: bytesMax), replay(bytes) != nil
        else {
            return nil
        }
        var records: [MetadataRecord] = []
        var cursor = unsafe BatchCursor(bytes.span.bytes)
        while let batch = try? cursor.next() {
            guard !batch.header.attributes.isControl,
                let found = try? batch.records(limitBytes: MetadataReplay.batchBytesMax)
            else { continue }
            for value in found.compactMap(\.value) {
                if let record = try? unsafe MetadataRecord(reading: value.span.bytes) {
                    records.append(record)
                }
            }
        }
        return records
    }

    /// What the file's batches amount to; nil unless it is whole, its footer included.
    private static func replay(_ bytes: [UInt8]) -> MetadataReplay? {
        var replay = MetadataReplay()
        var cursor = unsafe BatchCursor(bytes.span.bytes)
        do {
            while let batch = try cursor.next() { try replay.apply(batch) }
        } catch { return nil }
        return replay.hasFooter ? replay : nil
    }

    /// Offset and epoch in a name such as `00000000000000000042-0000000003.checkpoint`.
    private static func place(_ name: String) -> (end: Offset, epoch: LeaderEpoch)? {
        let suffix = ".checkpoint"
        guard name.hasSuffix(suffix) else { return nil }
        let parts = name.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 20, parts[1].utf8.count == 10,
            let end = Int64(parts[0]), let epoch = Int32(parts[1]), end >= 0, epoch >= 0
        else { return nil }
        return (Offset(end), LeaderEpoch(epoch))
    }
}
