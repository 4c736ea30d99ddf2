// Segments that come of age. While records arrive, their timestamps decide (`mustRoll`, Kafka's rule); the
// active segment of a log that fell silent is closed by the clock, so that retention and compaction, which
// take closed segments only, get hold of its records too.
internal import Base
internal import Storage

extension SegmentStore {
    /// Does what is due at once; see `LogStore.maintain`.
    func maintain(
        _ duty: MaintenanceDuty, at now: Timestamp, below limit: Offset
    ) throws(StorageError) -> Maintenance {
        switch duty {
        case .age: return try rollIfAged(at: now)
        case .retention:
            let opened = try rollIfExpired(at: now, below: limit)
            return Maintenance(
                sealed: opened,
                deletion: Deletion { [self] () throws(StorageError) in try expire(at: now, below: limit) })
        }
    }

    /// Closes the active segment if it has come of age at `now`; the flusher seals it in its next turn.
    private func rollIfAged(at now: Timestamp) throws(StorageError) -> Maintenance {
        let (done, isNewlyDirty) = try state.withLock { (state) throws(StorageError) -> (Maintenance, Bool) in
            guard !state.isClosed, state.failure == nil, let due = state.rollDue else {
                return (Maintenance(), false)
            }
            guard due <= now else { return (Maintenance(due: due), false) }
            let base = state.end
            try roll(&state, at: base, now)
            return (Maintenance(sealed: base), state.ends.mustQueue())
        }
        if isNewlyDirty { services.flusher.enqueue(self) }
        return done
    }
}

extension SegmentStore.State {
    /// How long nothing may have been appended before the clock decides.
    ///
    /// Old records that are copied in now would otherwise get a segment of their own at each look.
    private static let quietMilliseconds: Int64 = 600_000

    /// When the active segment is closed if nothing more is appended; nil if it is empty.
    var rollDue: Timestamp? {
        let active = segments[segments.count - 1]
        guard active.sizeBytes > 0 else { return nil }
        let age = ageMaxMilliseconds(of: active.segment)
        var begun = active.openedAt.milliseconds
        if let first = active.firstTimestamp, first.milliseconds >= 0 { begun = first.milliseconds }
        let (due, overflows) = begun.addingReportingOverflow(age + 1)
        guard !overflows else { return nil }
        let quietUntil = lastAppend.milliseconds + min(age, Self.quietMilliseconds)
        return Timestamp(milliseconds: max(due, quietUntil))
    }

    /// `segment.ms` less the segment's part of the jitter.
    func ageMaxMilliseconds(of segment: Segment) -> Int64 {
        // One less than the greatest number, for the sum in `rollDue`.
        min(max(0, shared.segmentAgeMaxMilliseconds - jitter(of: segment)), Int64.max - 1)
    }

    /// A fixed part of the jitter for each segment, spread by its base offset and its log's name.
    private func jitter(of segment: Segment) -> Int64 {
        let range = shared.segmentJitterMilliseconds
        guard range > 0 else { return 0 }
        // FNV-1a over the path, as all logs begin with the same base offset.
        var mixed: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in segment.directory.utf8 { mixed = (mixed ^ UInt64(byte)) &* 0x100_0000_01b3 }
        mixed ^= UInt64(bitPattern: segment.base.value)
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int64(mixed % UInt64(range))
    }
}
