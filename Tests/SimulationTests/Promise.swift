// What the broker promises about a partition: the checker's own picture of what must, and what may, be in it.
import Base
import Records
import Storage

/// A batch as it was written.
struct WrittenBatch: Equatable, Sendable {
    var bytes: [UInt8]
    var next: Offset
}

/// What is known of one log.
struct LogPromise: Sendable {
    var id: TopicID
    /// Everything that may be in the log, in order: what is there is a beginning of it.
    var written: [WrittenBatch] = []
    /// Whoever was told so, or could read it, must find everything below again.
    var durableEnd = Offset.zero
    var epoch: Int32 = 0

    var end: Offset { written.last?.next ?? .zero }

    /// Forgets what lies from `offset` on.
    mutating func cut(to offset: Offset) { written.removeAll { $0.next > offset } }

    /// Why `found` breaks the promise; nil if it keeps it.
    func violation(_ found: [[UInt8]]) -> String? {
        guard found.count <= written.count else {
            return "\(found.count) batches are there, \(written.count) were written"
        }
        for (number, bytes) in found.enumerated() where written[number].bytes != bytes {
            return "batch \(number) is not the one that was written"
        }
        let end = found.isEmpty ? Offset.zero : written[found.count - 1].next
        return end < durableEnd
            ? "the log ends at \(end.value), but \(durableEnd.value) was acknowledged" : nil
    }
}

/// A topic name of the history, and what may lie under it.
struct Slot: Sendable {
    let partition: TopicPartition
    /// Mostly one; two where a crash interrupted a creation or deletion. Nil means that there is no such log.
    var alternatives: [LogPromise?] = [nil]

    init(_ number: Int) {
        partition = TopicPartition(topic: "t\(number)", partition: PartitionIndex(0))
    }

    var promise: LogPromise? {
        get { alternatives[0] }
        set { alternatives = [newValue] }
    }
}

/// A promise that was broken.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

/// One batch of an idempotent producer whose sequence numbers equal the offsets, as it stands in the log.
func makeBatch(at offset: Offset, epoch: Int32, records: Int, bytes: Int, tag: Int) throws -> [UInt8] {
    var options = BatchOptions()
    options.producerID = ProducerID(100)
    options.producerEpoch = 0
    options.baseSequence = Int32(offset.value)
    var builder = BatchBuilder(options)
    for record in 0..<records {
        let text = Array("\(tag)/\(record)/".utf8)
        builder.append(
            timestamp: Timestamp(milliseconds: 1_700_000_000_000), key: nil,
            value: text + [UInt8](repeating: UInt8(truncatingIfNeeded: tag), count: bytes))
    }
    var writer = ByteWriter()
    writer.raw(try builder.finish())
    writer.replace(at: BatchLayout.baseOffset, with: offset.value)
    writer.replace(at: BatchLayout.leaderEpoch, with: epoch)
    return writer.bytes
}

extension PartitionLog {
    /// Appends one batch.
    func append(_ batch: [UInt8], isAwaited: Bool) throws -> AppendResult {
        var batch = batch
        let header = try BatchHeader(reading: batch.span.bytes)
        var span = batch.mutableSpan
        var raw = span.mutableBytes
        return try append(&raw, header: header, isAwaited: isAwaited)
    }

    /// Every batch that readers may see.
    func batches() throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        var offset = bounds.logStart
        while offset < bounds.highWatermark {
            let slice = try read(
                from: offset, maxBytes: 1 << 20, upTo: .highWatermark, wholeFirstBatch: true)
            var bytes: [UInt8] = []
            try slice.copy(into: &bytes)
            guard !bytes.isEmpty else { throw Violation(description: "nothing is found at \(offset.value)") }
            var position = 0
            while position < bytes.count {
                let header = try BatchHeader(reading: bytes.span.bytes.extracting(position...))
                guard position + header.sizeInBytes <= bytes.count else { break }
                found.append(Array(bytes[position..<(position + header.sizeInBytes)]))
                position += header.sizeInBytes
                offset = header.nextOffset
            }
        }
        return found
    }
}
