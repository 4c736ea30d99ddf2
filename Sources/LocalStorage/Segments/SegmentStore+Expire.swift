// Retention: segments are deleted whole, the oldest first, once they lie before the log's start, are too many
// bytes, or are too old (the rules of Kafka's UnifiedLog.deleteOldSegments).
internal import Base
internal import Storage

extension SegmentStore {
    /// Makes `offset` the first that can be read.
    func trim(to offset: Offset) {
        state.withLock { $0.ends.trimmed(to: offset) }
    }

    /// Closes the active segment if retention takes it too, as there must be one after it; the base of that.
    func rollIfExpired(at now: Timestamp, below limit: Offset) throws(StorageError) -> Offset? {
        let opened = try state.withLock { (state) throws(StorageError) -> Offset? in
            guard !state.isClosed, state.failure == nil,
                state.expired(at: now, below: limit).count == state.segments.count
            else { return nil }
            try roll(&state, at: state.end, now)
            return state.end
        }
        guard let opened else { return nil }
        // It is synced already, or `limit` would lie before its end; with `apus.durability=os` the flusher
        // sees to that.
        if state.withLock({ $0.ends.mustQueue() }) { services.flusher.enqueue(self) }
        return opened
    }

    /// Deletes what retention takes of the closed segments.
    func expire(at now: Timestamp, below limit: Offset) throws(StorageError) -> Expiry {
        let mustSync = state.withLock { state in
            let count = state.expired(at: now, below: limit).count
            return state.ends.unsealed > 0 && count >= state.segments.count - state.ends.unsealed
        }
        // What was closed just now is sealed only when it is synced.
        if mustSync { syncUnsealed() }
        settleNow()
        return try structureLock.withLock { _ throws(StorageError) in
            let (expiry, segments, delay, serial) = takeExpired(at: now, below: limit)
            guard let last = segments.last else { return expiry }
            try leaveJournal(below: last.base.next)
            var paths: [String] = []
            for (number, segment) in segments.enumerated() {
                paths += try segment.retire(serial + number)
            }
            try services.disk.syncDirectory(directory)
            state.withLock { $0.oldest = nil }
            deleteLater(paths, after: delay)
            return expiry
        }
    }

    private func takeExpired(
        at now: Timestamp, below limit: Offset
    ) -> (Expiry, [Segment], delay: Duration, serial: Int) {
        upkeep.withLock { _ in
            state.withLock { state in
                let delay = state.config.fileDeleteDelay
                var expiry = Expiry(start: state.start)
                guard !state.isClosed, state.failure == nil else { return (expiry, [], delay, 0) }
                let expired = state.expired(at: now, below: limit)
                expiry.due = expired.due
                // Segments that the flusher still has to seal stay for now, and the active one in any case.
                let count = min(expired.count, state.segments.count - 1 - state.ends.unsealed)
                if count > 0 { state.oldest = state.oldest ?? state.segments[0].segment.base }
                let removed = state.segments.prefix(count).map(\.segment)
                state.segments.removeFirst(count)
                state.ends.trimmed(to: state.segments[0].segment.base)
                expiry.start = state.start
                expiry.removed = removed.map(\.base)
                defer { state.retired += count }
                return (expiry, removed, delay, state.retired)
            }
        }
    }
}

extension SegmentStore.State {
    /// How many segments retention takes at `now`, perhaps all, and when it takes the next one.
    func expired(at now: Timestamp, below limit: Offset) -> (count: Int, due: Timestamp?) {
        var count = 0
        while count + 1 < segments.count, segments[count + 1].segment.base <= start { count += 1 }
        guard config.deletes else { return (count, nil) }
        if let bytesMax = config.retentionBytes {
            var surplus = segments[count...].reduce(0) { $0 + $1.sizeBytes } - bytesMax
            while mayExpire(count, below: limit), surplus >= segments[count].sizeBytes {
                surplus -= segments[count].sizeBytes
                count += 1
            }
        }
        guard let ageMax = config.retentionAge?.wholeMilliseconds else { return (count, nil) }
        while mayExpire(count, below: limit) {
            let (due, overflows) = newest(in: count).milliseconds.addingReportingOverflow(ageMax)
            guard !overflows, due < .max else { return (count, nil) }
            if due >= now.milliseconds { return (count, Timestamp(milliseconds: due + 1)) }
            count += 1
        }
        return (count, nil)
    }

    /// Whether segment `number` holds anything, and lies below `limit`: the start of a log may not pass its
    /// high watermark.
    private func mayExpire(_ number: Int, below limit: Offset) -> Bool {
        guard number < segments.count else { return false }
        guard number + 1 < segments.count else { return segments[number].sizeBytes > 0 && end <= limit }
        return segments[number + 1].segment.base <= limit
    }

    /// The greatest timestamp of a segment, or where it has none the time of its last append.
    func newest(in number: Int) -> Timestamp {
        if let greatest = segments[number].greatest, greatest.timestamp.milliseconds >= 0 {
            return greatest.timestamp
        }
        return number == segments.count - 1 ? lastAppend : segments[number].openedAt
    }
}
