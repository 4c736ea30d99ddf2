// Compares a log with what was promised about it.
import Base
import LocalStorage
import Records
import Storage

/// A log as a reader finds it.
struct FoundLog {
    var start: Offset
    var end: Offset
    var batches: [[UInt8]]
}

extension LogPromise {
    /// Why `found` breaks the promise; nil if it keeps it.
    func violation(_ found: FoundLog) -> String? {
        guard found.start >= startMin else {
            return "it starts at \(found.start.value), but records before \(startMin.value) were deleted"
        }
        guard found.start <= startMax else {
            return "it starts at \(found.start.value), but nothing from \(startMax.value) on may be deleted"
        }
        guard found.end >= durableEnd else {
            return "it ends at \(found.end.value), but \(durableEnd.value) was acknowledged"
        }
        // Nothing need be left of a log whose deletion was decided, but it begins where it was trimmed to,
        // also in the middle of a batch.
        let isEmptied = found.end == found.start && found.end <= startMax
        guard found.end == .zero || isEmptied || written.contains(where: { $0.next == found.end }) else {
            return "it ends at \(found.end.value), where nothing ended that was written"
        }
        let expected = written.filter { $0.next > found.start && $0.next <= found.end }
        let whole = policy.compacts ? compactedMax : .zero
        do {
            let judged = try found.batches.map { (try BatchHeader(reading: $0.span.bytes).baseOffset, $0) }
            let exact = judged.filter { $0.0 >= whole }
            for (number, batch) in expected.filter({ $0.base >= whole }).enumerated() {
                guard number < exact.count else { return "the batch at \(batch.base.value) is not there" }
                guard exact[number].1 == batch.bytes else {
                    return "the batch at \(batch.base.value) is not the one that was written; there are "
                        + judged.map { "\($0.0.value)" }.joined(separator: " ") + " of "
                        + expected.map { "\($0.base.value)" }.joined(separator: " ")
                }
            }
            guard exact.count == expected.count(where: { $0.base >= whole }) else {
                return "batches are there that were not written"
            }
            let rest = judged.filter { $0.0 < whole }.map(\.1)
            return try whole > .zero ? violation(compacted: rest, among: expected, found.start) : nil
        } catch { return "its batches cannot be read: \(error)" }
    }

    /// Why the compacted part, `batches`, breaks the promise about the last record of each key.
    private func violation(
        compacted batches: [[UInt8]], among expected: [WrittenBatch], _ start: Offset
    ) throws -> String? {
        var present: [Int64: String] = [:]
        for bytes in batches {
            if let unexpected = try unexpectedRecord(in: bytes, &present) { return unexpected }
        }
        for batch in expected where batch.base >= compactedMax {
            for record in batch.records { present[record.offset] = record.key }
        }
        var last: [String: WrittenRecord] = [:]
        for batch in expected {
            for record in batch.records where record.offset >= start.value { last[record.key] = record }
        }
        for record in last.values where present[record.offset] == nil {
            guard record.value == nil, record.offset < compactedMax.value else {
                return "the last record of \(record.key), at \(record.offset), is gone"
            }
            // A tombstone goes in the end, but not before what it deletes.
            if present.contains(where: { $0.value == record.key && $0.key >= start.value }) {
                return "the tombstone of \(record.key), at \(record.offset), is gone, but not what it deletes"
            }
        }
        return nil
    }

    /// Notes the records of a batch that compaction may have rewritten; what in it was never written.
    func unexpectedRecord(in bytes: [UInt8], _ present: inout [Int64: String]) throws -> String? {
        let batch = try RecordBatch(reading: bytes.span.bytes)
        let header = batch.header
        guard (try? batch.verifyChecksum()) != nil else {
            return "the batch at \(header.baseOffset.value) is damaged"
        }
        guard
            let original = written.first(where: {
                $0.base == header.baseOffset && $0.next == header.nextOffset
            }),
            original.producer == header.producerID.value
        else { return "nobody wrote the batch at \(header.baseOffset.value)" }
        for record in try batch.records(limitBytes: 1 << 20) {
            let found = WrittenRecord(
                offset: record.offset.value, key: String(decoding: record.key ?? [], as: UTF8.self),
                value: record.value, timestamp: record.timestamp.milliseconds)
            guard original.records.contains(found) else {
                return "nobody wrote the record at \(found.offset)"
            }
            present[found.offset] = found.key
        }
        return nil
    }

    /// Why a log that was compacted until nothing was left to do, up to `end`, is not settled.
    func unsettled(_ found: FoundLog, below end: Offset) throws -> String? {
        var seen: [String: Int64] = [:]
        for bytes in found.batches {
            for record in try RecordBatch(reading: bytes.span.bytes).records(limitBytes: 1 << 20)
            where record.offset < end && record.offset >= found.start {
                let key = String(decoding: record.key ?? [], as: UTF8.self)
                if let before = seen.updateValue(record.offset.value, forKey: key) {
                    return "\(key) is there twice, at \(before) and at \(record.offset.value)"
                }
            }
        }
        return nil
    }
}

extension PartitionLog {
    /// Appends one batch, as a broker does.
    func append(_ batch: [UInt8], isAwaited: Bool) throws -> AppendResult {
        var batch = batch
        let header = try BatchHeader(reading: batch.span.bytes)
        var span = batch.mutableSpan
        var raw = span.mutableBytes
        let result = try append(&raw, header: header, isAwaited: isAwaited)
        guard result == .mustRecall else { return result }
        try recallProducers()
        return try append(&raw, header: header, isAwaited: isAwaited)
    }

    /// The log as readers see it.
    func found() throws -> FoundLog {
        let bounds = bounds
        var batches: [[UInt8]] = []
        var offset = bounds.logStart
        while offset < bounds.highWatermark {
            let found = try self.batches(from: offset, maxBytes: 1 << 20)
            // What compaction took away at the end of a log leaves nothing to read.
            guard let last = found.last else { break }
            batches += found
            offset = try BatchHeader(reading: last.span.bytes).nextOffset
        }
        return FoundLog(start: bounds.logStart, end: bounds.highWatermark, batches: batches)
    }

    /// The whole batches that one read gets.
    func batches(from offset: Offset, maxBytes: Int) throws -> [[UInt8]] {
        let slice = try read(
            from: offset, maxBytes: maxBytes, upTo: .highWatermark, firstBatch: .whole)
        var bytes: [UInt8] = []
        try slice.copy(into: &bytes)
        var found: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            let header = try BatchHeader(reading: bytes.span.bytes.extracting(position...))
            guard position + header.sizeInBytes <= bytes.count else { break }
            found.append(Array(bytes[position..<(position + header.sizeInBytes)]))
            position += header.sizeInBytes
        }
        return found
    }
}
