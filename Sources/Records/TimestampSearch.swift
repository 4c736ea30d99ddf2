// Finds records by their time, exactly, inside batches too: what ListOffsets asks once the time index has
// found the place to begin.
package import Base

/// A record found by its time.
package struct TimestampedOffset: Hashable, Sendable {
    package let offset: Offset
    package let timestamp: Timestamp
    package let leaderEpoch: LeaderEpoch
}

/// Looks for times in batches that lie one behind the other.
package enum TimestampSearch {
    /// The first record of `batches`, from offset `start` on, whose time is `time` or later; nil if there is
    /// none.
    ///
    /// Only batches whose header admits such a record are decompressed.
    package static func first(
        atOrAfter time: Timestamp, from start: Offset = .zero, in batches: RawSpan, limitBytes: Int
    ) throws(RecordError) -> TimestampedOffset? {
        var cursor = BatchCursor(batches)
        while let batch = try cursor.next() {
            guard batch.header.maxTimestamp >= time, batch.header.lastOffset >= start else { continue }
            var found: TimestampedOffset?
            try batch.forEachRecord(limitBytes: limitBytes) { (record, _) in
                guard record.timestamp >= time, record.offset >= start else { return true }
                found = TimestampedOffset(
                    offset: record.offset, timestamp: record.timestamp, leaderEpoch: batch.header.leaderEpoch)
                return false
            }
            if let found { return found }
        }
        return nil
    }

    /// The first record with the greatest time of all `batches`; nil if they have no record.
    package static func latest(in batches: RawSpan, limitBytes: Int) throws(RecordError) -> TimestampedOffset?
    {
        var greatest: (time: Timestamp, position: Int)?
        var cursor = BatchCursor(batches)
        var position = 0
        while let batch = try cursor.next() {
            if batch.header.recordCount > 0, greatest.map({ batch.header.maxTimestamp > $0.time }) ?? true {
                greatest = (batch.header.maxTimestamp, position)
            }
            position = cursor.position
        }
        guard let greatest else { return nil }
        return try first(
            atOrAfter: greatest.time, in: batches.extracting(greatest.position...), limitBytes: limitBytes)
    }
}
