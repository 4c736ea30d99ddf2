// Old messages that lie in a log become batches of format v2 where they are: unlike those that a producer
// sends they have their offsets already, with gaps where the log was compacted.
internal import Base
internal import Compression

extension LegacyMessages {
    /// Records are gathered into batches of about this size.
    private static let batchBytes = 64 << 10

    /// The records of the message set `set` in batches of format v2, with the offsets and times that they
    /// have.
    ///
    /// Throws if the set is damaged, or its offsets do not ascend. `limitBytes` bounds what compressed
    /// messages grow to.
    package static func rewritten(_ set: RawSpan, limitBytes: Int) throws(RecordError) -> [UInt8] {
        var writer = RewritingWriter(batchBytes: batchBytes)
        try forEachRecord(in: set, limitBytes: limitBytes) { (message, bytes) throws(RecordError) in
            try writer.add(message, in: bytes)
        }
        try writer.finishBatch()
        return writer.bytes
    }
}

/// Gathers old messages into batches.
private struct RewritingWriter {
    let batchBytes: Int
    private(set) var bytes: [UInt8] = []
    private var builder: BatchBuilder?
    private var count = 0
    private var last = Offset(-1)

    init(batchBytes: Int) { self.batchBytes = batchBytes }

    mutating func add(_ message: LegacyMessage, in bytes: RawSpan) throws(RecordError) {
        let view = message.view
        guard view.offset > last, view.offset.value < .max else {
            throw .invalidRecord(index: count, .offset)
        }
        let appendTime = message.timestampType == .logAppendTime ? view.timestamp : nil
        if let options = builder?.options {
            // The broker's time is one for a whole batch.
            let isLike = options.codec == message.codec && options.appendTime == appendTime
            if !isLike || builder?.sizeInBytes ?? 0 > batchBytes
                || view.offset - options.baseOffset > Int64(Int16.max)
            {
                try finishBatch()
            }
        }
        if builder == nil {
            var options = BatchOptions()
            options.baseOffset = view.offset
            options.codec = message.codec
            options.appendTime = appendTime
            builder = BatchBuilder(options)
        }
        let delta = view.offset - (builder?.options.baseOffset ?? view.offset)
        builder?.append(view, in: bytes, offsetDelta: Int32(truncatingIfNeeded: delta))
        last = view.offset
        count += 1
    }

    mutating func finishBatch() throws(RecordError) {
        guard let full = builder else { return }
        builder = nil
        do throws(CompressionError) { bytes += try full.finish() } catch { throw .compression(error) }
    }
}
