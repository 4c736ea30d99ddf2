// Decides whether a batch from a producer may be appended. The checksum comes first, so that everything after
// it judges what the client wrote and not what the network did; then every record is walked, as Kafka does,
// in one pass that allocates nothing.
package import Base

/// Validates batches of format v2 against the rules of a topic.
package struct BatchValidator: Sendable {
    package let rules: BatchRules

    /// A validator for `rules`.
    package init(_ rules: BatchRules) {
        self.rules = rules
    }

    /// Checks `bytes`, which must be exactly one batch; `now` is what its timestamps are compared with.
    ///
    /// `limitBytes` bounds the decompressed records where the rules allow more.
    ///
    /// - Complexity: one pass for the checksum and one over the records, plus decompression.
    package func validate(
        _ bytes: RawSpan, now: Timestamp, limitBytes: Int = .max
    ) throws(RecordError) -> BatchSummary {
        let size = try BatchHeader.size(ofBatchBeginning: bytes)
        guard size.magic == BatchLayout.currentMagic else { throw .unsupportedMagic(size.magic) }
        guard size.bytes <= bytes.byteCount else {
            throw .truncated(needed: size.bytes, available: bytes.byteCount)
        }
        guard size.bytes == bytes.byteCount else { throw .invalidBatch(.moreThanOneBatch) }
        try RecordBatch.verifyChecksum(ofBatch: bytes)
        let batch = try RecordBatch(reading: bytes)
        let codec = try batch.codec()
        try check(batch.header)
        return try batch.withRecordsAndFraming(limitBytes: min(limitBytes, rules.decompressedBytesMax)) {
            records, isOdd throws(RecordError) in
            let walk = try walk(records, of: batch.header)
            let times = try times(walk, of: records, batch.header)
            try checkFaults(times, hasNullKey: walk.hasNullKey, in: records, of: batch.header, now: now)
            return BatchSummary(
                header: batch.header, codec: codec, recordsBytes: records.byteCount,
                maxTimestamp: max(times.greatest, .none),
                offsetDeltaOfMaxTimestamp: Int32(times.indexOfGreatest), hasOddFraming: isOdd)
        }
    }

    private func check(_ header: BatchHeader) throws(RecordError) {
        guard header.recordCount > 0 else { throw .invalidBatch(.empty) }
        guard header.recordCount - 1 == header.lastOffsetDelta else { throw .invalidBatch(.recordCount) }
        if header.attributes.isControl, !rules.acceptsControl { throw .invalidBatch(.control) }
        // Without a producer id, epoch and sequence mean nothing, and some clients leave zeros there.
        guard !header.hasProducerID || header.baseSequence >= 0 || header.attributes.isControl else {
            throw .invalidBatch(.sequence)
        }
    }

    /// What one pass over the records gathers.
    private struct Walk {
        var leastDelta: Int64
        var greatestDelta: Int64
        var indexOfGreatest: Int
        var hasNullKey: Bool
    }

    private func walk(_ records: RawSpan, of header: BatchHeader) throws(RecordError) -> Walk {
        // Plain integers and local variables: they stay in registers, at a few nanoseconds for each record.
        let count = Int(header.recordCount)
        var index = 0
        var (least, greatest) = (Int64.max, Int64.min)
        var indexOfGreatest = 0
        var hasNullKey = false
        var scanner = RecordScanner(records)
        do throws(RecordDefect) {
            while index < count {
                let record = try scanner.record()
                guard record.offsetDelta == index else { throw .offset }
                least = min(least, record.timestampDelta)
                if record.timestampDelta > greatest {
                    greatest = record.timestampDelta
                    indexOfGreatest = index
                }
                if record.keyCount < 0 { hasNullKey = true }
                index &+= 1
            }
        } catch { throw .invalidRecord(index: index, error) }
        guard scanner.position == records.byteCount else { throw .invalidBatch(.trailingBytes) }
        return Walk(
            leastDelta: least, greatestDelta: greatest, indexOfGreatest: indexOfGreatest,
            hasNullKey: hasNullKey)
    }

    /// The bounds of the records' own times.
    private struct Times {
        var least: Timestamp
        var greatest: Timestamp
        var indexOfGreatest: Int
        /// Whether a time is not the sum that it is written as, since that is beyond 64 bits.
        var wraps = false
    }

    private func times(
        _ walk: Walk, of records: RawSpan, _ header: BatchHeader
    ) throws(RecordError) -> Times {
        let base = header.baseTimestamp.milliseconds
        let (least, leastOverflow) = base.addingReportingOverflow(walk.leastDelta)
        let (greatest, greatestOverflow) = base.addingReportingOverflow(walk.greatestDelta)
        guard leastOverflow || greatestOverflow else {
            return Times(
                least: Timestamp(milliseconds: least), greatest: Timestamp(milliseconds: greatest),
                indexOfGreatest: walk.indexOfGreatest)
        }
        // Sums wrap, as they do for readers, so that the greatest difference is not the greatest time.
        var times = Times(
            least: Timestamp(milliseconds: .max), greatest: Timestamp(milliseconds: .min),
            indexOfGreatest: 0, wraps: true)
        var scanner = RecordScanner(records)
        do throws(RecordDefect) {
            for index in 0..<Int(header.recordCount) {
                let time = Timestamp(milliseconds: base &+ (try scanner.record().timestampDelta))
                times.least = min(times.least, time)
                if time > times.greatest { (times.greatest, times.indexOfGreatest) = (time, index) }
            }
        } catch { throw .invalidRecord(index: 0, error) }
        return times
    }

    /// Refuses records one by one; the second pass runs only where the first saw a reason.
    private func checkFaults(
        _ times: Times, hasNullKey: Bool, in records: RawSpan, of header: BatchHeader, now: Timestamp
    ) throws(RecordError) {
        let mayHaveBadTime =
            header.attributes.timestampType == .logAppendTime
            ? !isAllowed(header.maxTimestamp, in: header, now: now)
            : times.wraps
                || !(isAllowed(times.least, in: header, now: now)
                    && isAllowed(times.greatest, in: header, now: now))
        guard mayHaveBadTime || (rules.requiresKeys && hasNullKey) else { return }
        var faults: [RecordFault] = []
        var reason = RejectionReason.missingKey
        var cursor = RecordCursor(header, records: records)
        var index: Int32 = 0
        while let record = try cursor.next(), faults.count < BatchRules.faultsReported {
            if rules.requiresKeys, record.key == nil {
                faults.append(RecordFault(batchIndex: index, message: Self.missingKeyMessage))
            } else if !isAllowed(record.timestamp, in: header, now: now) {
                reason = .timestamp
                faults.append(
                    RecordFault(batchIndex: index, message: message(record.timestamp, now: now)))
            }
            index += 1
        }
        guard faults.isEmpty else { throw .rejected(reason, faults) }
    }

    /// Whether a record of the batch may have `time`, with Kafka's arithmetic, which wraps.
    ///
    /// The times of a batch that claims to have the broker's are never looked at on a topic that gives its
    /// records the broker's: such a batch is refused there.
    private func isAllowed(_ time: Timestamp, in header: BatchHeader, now: Timestamp) -> Bool {
        isAllowed(
            time,
            claimsAppendTime: header.attributes.timestampType == .logAppendTime && !rules.acceptsControl,
            now: now)
    }

    /// The same for a record of whatever format, that may claim to have the broker's time.
    func isAllowed(_ time: Timestamp, claimsAppendTime: Bool, now: Timestamp) -> Bool {
        guard rules.timestampType == .createTime, time != .none else { return !claimsAppendTime }
        let age = now.milliseconds &- time.milliseconds
        return age <= rules.timestampBeforeMaxMilliseconds && 0 &- age <= rules.timestampAfterMaxMilliseconds
    }

    static let missingKeyMessage = "Compacted topic cannot accept message without key."

    /// Why a record may not have `time`.
    func message(_ time: Timestamp, now: Timestamp) -> String {
        guard rules.timestampType == .createTime, time != .none else {
            return BatchDefect.timestampType.rawValue
        }
        let earliest = now.milliseconds.subtractingReportingOverflow(rules.timestampBeforeMaxMilliseconds)
        let latest = now.milliseconds.addingReportingOverflow(rules.timestampAfterMaxMilliseconds)
        return "Timestamp \(time.milliseconds) is outside of "
            + "[\(earliest.overflow ? .min : earliest.partialValue), "
            + "\(latest.overflow ? .max : latest.partialValue)]."
    }
}
