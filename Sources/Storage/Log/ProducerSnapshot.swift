// The files OFFSET.snapshot: the producers of a log up to OFFSET, in Kafka's format. Kafka keeps only the
// last batch of each producer in them; the older ones are looked up in the log when they are needed.
internal import Base

/// Reads and writes snapshots of producers.
///
/// int16 version 1, uint32 CRC-32C of all that follows, int32 count; then per producer int64 id, int16 epoch,
/// int32 last sequence, int64 last offset, int32 offset delta, int64 timestamp, int32 coordinator epoch,
/// int64 first offset of the open transaction or -1.
enum ProducerSnapshot {
    static let version: Int16 = 1
    private static let headerBytes = 6
    private static let entryBytes = 46

    static func bytes(_ producers: ProducerState) -> [UInt8] {
        var body = ByteWriter(capacity: 4 + producers.entries.count * entryBytes)
        body.integer(Int32(producers.entries.count))
        for (id, entry) in producers.entries.sorted(by: { $0.key < $1.key }) {
            body.integer(id)
            body.integer(entry.epoch)
            body.integer(entry.last?.lastSequence ?? -1)
            body.integer(entry.last?.lastOffset.value ?? -1)
            body.integer(entry.last?.offsetDelta ?? 0)
            body.integer(entry.lastTimestamp.milliseconds)
            body.integer(entry.coordinatorEpoch)
            body.integer(entry.transactionStart?.value ?? -1)
        }
        var writer = ByteWriter(capacity: headerBytes + body.count)
        writer.integer(version)
        writer.integer(CRC32C.checksum(body.bytes.rawSpan))
        writer.raw(body.bytes)
        return writer.bytes
    }

    /// The producers of a snapshot; nil if the file is damaged or of another version.
    static func producers(in bytes: [UInt8]) -> ProducerState? {
        do throws(ByteError) {
            var reader = ByteReader(bytes.rawSpan)
            guard try reader.integer(Int16.self) == version else { return nil }
            let checksum = try reader.integer(UInt32.self)
            guard CRC32C.checksum(bytes.rawSpan.extracting(headerBytes...)) == checksum else { return nil }
            let count = Int(try reader.integer(Int32.self))
            guard count >= 0, reader.remaining == count * entryBytes else { return nil }
            var producers = ProducerState()
            for _ in 0..<count {
                let id = try reader.integer(Int64.self)
                producers.restore(try entry(&reader), of: id)
            }
            return producers
        } catch { return nil }
    }

    private static func entry(_ reader: inout ByteReader) throws(ByteError) -> ProducerEntry {
        var entry = ProducerEntry(epoch: try reader.integer())
        var batch = ProducerBatch()
        batch.lastSequence = try reader.integer()
        batch.lastOffset = Offset(try reader.integer())
        batch.offsetDelta = try reader.integer()
        batch.timestamp = Timestamp(milliseconds: try reader.integer())
        entry.coordinatorEpoch = try reader.integer()
        let start = try reader.integer(Int64.self)
        entry.lastTimestamp = batch.timestamp
        entry.transactionStart = start >= 0 ? Offset(start) : nil
        if batch.lastSequence >= 0 {
            entry.add(batch)
            entry.isFromSnapshot = true
        }
        return entry
    }
}
