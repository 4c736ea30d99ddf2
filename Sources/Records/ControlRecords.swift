// Records that the broker writes for itself into ordinary logs: the end of a transaction, and in the metadata
// log the start of a leader's term. The key says which; the values of most are messages whose fields Protocol
// describes, so here they are bytes.
package import Base
package import Compression

/// What a control record stands for; the raw value is the second field of its key.
package enum ControlRecordType: Int16, CaseIterable, Sendable {
    case abort = 0
    case commit = 1
    /// A leader began its term (KIP-595).
    case leaderChange = 2
    /// The first record of a snapshot (KIP-630).
    case snapshotHeader = 3
    /// The last record of a snapshot.
    case snapshotFooter = 4
    /// The version of the quorum's own protocol (KIP-853).
    case kraftVersion = 5
    /// The voters of a quorum that can change (KIP-853).
    case kraftVoters = 6
}

/// The key of a control record: version and type.
package enum ControlRecordKey {
    /// The version that is written.
    package static let version: Int16 = 0
    /// Two int16.
    package static let size = 4

    /// The key bytes of `type`.
    package static func bytes(_ type: ControlRecordType) -> [UInt8] {
        var writer = ByteWriter(capacity: size)
        writer.integer(version)
        writer.integer(type.rawValue)
        return writer.bytes
    }

    /// The type that `key` names; nil for one of a later Kafka, which readers pass over.
    ///
    /// Throws when there is no whole key; later versions may add fields behind the type.
    package static func type(of key: RawSpan) throws(RecordError) -> ControlRecordType? {
        guard key.byteCount >= size else { throw .truncated(needed: size, available: key.byteCount) }
        let version = key.integer(at: 0, as: Int16.self)
        guard version >= 0 else { throw .invalidRecord(index: 0, .key) }
        return ControlRecordType(rawValue: key.integer(at: 2))
    }
}

/// The record that ends a transaction in one partition (KIP-98).
package struct EndTransactionMarker: Hashable, Sendable {
    package var isCommit: Bool
    /// The epoch of the transaction coordinator that decided it.
    package var coordinatorEpoch: Int32

    /// A marker for a commit or an abort.
    package init(isCommit: Bool, coordinatorEpoch: Int32) {
        self.isCommit = isCommit
        self.coordinatorEpoch = coordinatorEpoch
    }

    /// Which control record it is.
    package var type: ControlRecordType { isCommit ? .commit : .abort }

    /// The value: version 0 and the coordinator's epoch.
    package var value: [UInt8] {
        var writer = ByteWriter(capacity: 6)
        writer.integer(Int16(0))
        writer.integer(coordinatorEpoch)
        return writer.bytes
    }

    /// From the type and the value of a control record; nil if it is of another type.
    package init?(type: ControlRecordType, value: RawSpan) throws(RecordError) {
        guard type == .commit || type == .abort else { return nil }
        guard value.byteCount >= 6 else { throw .truncated(needed: 6, available: value.byteCount) }
        self.init(isCommit: type == .commit, coordinatorEpoch: value.integer(at: 2))
    }
}

/// A control record as it stands in a log.
package struct ControlRecord: Hashable, Sendable {
    package let offset: Offset
    package let timestamp: Timestamp
    package let type: ControlRecordType
    package let value: [UInt8]
}

/// Writes and reads batches of control records.
package enum ControlRecords {
    /// How large the values of control records may be: the voters of a large quorum take a few KiB.
    package static let limitBytes = 1 << 20

    /// The batch that ends a transaction of `producerID` at `baseOffset`.
    package static func marker(
        _ marker: EndTransactionMarker, producerID: ProducerID, producerEpoch: Int16, timestamp: Timestamp,
        baseOffset: Offset = .zero, leaderEpoch: LeaderEpoch = LeaderEpoch(-1)
    ) throws(CompressionError) -> [UInt8] {
        var options = BatchOptions()
        options.baseOffset = baseOffset
        options.leaderEpoch = leaderEpoch
        options.producerID = producerID
        options.producerEpoch = producerEpoch
        options.isTransactional = true
        return try batch([(marker.type, marker.value)], timestamp: timestamp, options)
    }

    /// A batch of control records with the given values; `options` says the rest.
    package static func batch(
        _ records: [(type: ControlRecordType, value: [UInt8])], timestamp: Timestamp,
        _ options: BatchOptions = BatchOptions()
    ) throws(CompressionError) -> [UInt8] {
        var options = options
        options.isControl = true
        var builder = BatchBuilder(options)
        for record in records {
            builder.append(
                timestamp: timestamp, key: ControlRecordKey.bytes(record.type), value: record.value)
        }
        return try builder.finish()
    }

    /// The control records of `batch` whose types we know; empty if it is an ordinary batch.
    package static func read(_ batch: borrowing RecordBatch) throws(RecordError) -> [ControlRecord] {
        guard batch.header.attributes.isControl else { return [] }
        var result: [ControlRecord] = []
        try batch.forEachRecord(limitBytes: limitBytes) { (view, records) throws(RecordError) in
            guard let key = view.key else { throw .invalidRecord(index: result.count, .key) }
            if let type = try ControlRecordKey.type(of: records.extracting(key)) {
                let value = view.value.map { records.copy($0) } ?? []
                result.append(
                    ControlRecord(offset: view.offset, timestamp: view.timestamp, type: type, value: value))
            }
            return true
        }
        return result
    }
}
