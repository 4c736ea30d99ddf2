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
        let batch = try RecordBatch(reading: bytes)
        guard batch.bytes.byteCount == bytes.byteCount else { throw .invalidBatch(.moreThanOneBatch) }
        try batch.verifyChecksum()
        let codec = try batch.codec()
        try check(batch.header)
        return try batch.withRecords(limitBytes: min(limitBytes, rules.decompressedBytesMax)) {
            (records) throws(RecordError) in
            let walk = try walk(records, of: batch.header)
            try checkFaults(walk, in: records, of: batch.header, now: now)
            return BatchSummary(
                header: batch.header, codec: codec, recordsBytes: records.byteCount,
                maxTimestamp: walk.greatest,
                offsetDeltaOfMaxTimestamp: Int32(walk.indexOfGreatest))
        }
    }

    private func check(_ header: BatchHeader) throws(RecordError) {
        guard header.recordCount > 0 else { throw .invalidBatch(.empty) }
        guard header.recordCount - 1 == header.lastOffsetDelta else { throw .invalidBatch(.recordCount) }
        if header.attributes.isControl, !rules.acceptsControl { throw .invalidBatch(.control) }
        if header.attributes.timestampType == .logAppendTime, !rules.acceptsControl {
            throw .rejected(
                .timestamp,
                [RecordFault(batchIndex: 0, message: BatchDefect.timestampType.rawValue)])
        }
        // Without a producer id, epoch and sequence mean nothing, and some clients leave zeros there.
        if header.hasProducerID {
            guard header.producerEpoch >= 0, header.baseSequence >= 0 || header.attributes.isControl else {
                throw .invalidBatch(.producer)
            }
        } else if header.attributes.isTransactional {
            throw .invalidBatch(.producer)
        }
    }

    /// What one pass over the records gathers.
    private struct Walk {
        var least: Timestamp
        var greatest: Timestamp
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
        let base = header.baseTimestamp.milliseconds
        let (first, firstOverflow) = base.addingReportingOverflow(least)
        let (last, lastOverflow) = base.addingReportingOverflow(greatest)
        guard !firstOverflow, !lastOverflow else { throw .invalidBatch(.timestamp) }
        return Walk(
            least: Timestamp(milliseconds: first), greatest: Timestamp(milliseconds: last),
            indexOfGreatest: indexOfGreatest, hasNullKey: hasNullKey)
    }

    /// Refuses records one by one; the second pass runs only where the first saw a reason.
    private func checkFaults(
        _ walk: Walk, in records: RawSpan, of header: BatchHeader, now: Timestamp
    ) throws(RecordError) {
        let checksTime = rules.timestampType == .createTime
        let hasBadTime =
            checksTime
            && !(isAllowed(walk.least, now: now)
                && isAllowed(walk.greatest, now: now))
        guard hasBadTime || (rules.requiresKeys && walk.hasNullKey) else { return }
        var faults: [RecordFault] = []
        var reason = RejectionReason.missingKey
        var cursor = RecordCursor(header, records: records)
        var index: Int32 = 0
        while let record = try cursor.next(), faults.count < BatchRules.faultsReported {
            if rules.requiresKeys, record.key == nil {
                faults.append(RecordFault(batchIndex: index, message: Self.missingKeyMessage))
            } else if checksTime, record.timestamp != .none, !isAllowed(record.timestamp, now: now) {
                reason = .timestamp
                faults.append(
                    RecordFault(batchIndex: index, message: timestampMessage(record.timestamp, now: now)))
            }
            index += 1
        }
        guard faults.isEmpty else { throw .rejected(reason, faults) }
    }

    private func isAllowed(_ time: Timestamp, now: Timestamp) -> Bool {
        let (age, overflow) = now.milliseconds.subtractingReportingOverflow(time.milliseconds)
        if overflow {
            // The distance is beyond 64 bits, so only an unlimited rule allows it.
            return time < now
                ? rules.timestampBeforeMaxMilliseconds == .max : rules.timestampAfterMaxMilliseconds == .max
        }
        return age <= rules.timestampBeforeMaxMilliseconds && age >= -rules.timestampAfterMaxMilliseconds
    }

    private static let missingKeyMessage = "Compacted topic cannot accept message without key."

    private func timestampMessage(_ time: Timestamp, now: Timestamp) -> String {
        let earliest = now.milliseconds.subtractingReportingOverflow(rules.timestampBeforeMaxMilliseconds)
        let latest = now.milliseconds.addingReportingOverflow(rules.timestampAfterMaxMilliseconds)
        return "Timestamp \(time.milliseconds) is outside of "
            + "[\(earliest.overflow ? .min : earliest.partialValue), "
            + "\(latest.overflow ? .max : latest.partialValue)]."
    }
}
