// What holds of a store whenever nobody is at work in it.
internal import Base
internal import Storage

extension SegmentStore {
    /// Compares what the store knows with itself.
    func checkInvariants() throws(InvariantViolation) {
        try state.withLock { (state) throws(InvariantViolation) in try state.checkInvariants() }
    }

    /// Bytes that the flusher's budget counts and no turn has taken.
    var countedBytes: Int { state.withLock { $0.ends.countedBytes } }
}

extension SegmentStore.State {
    func checkInvariants() throws(InvariantViolation) {
        try ends.checkInvariants()
        let bases = segments.map(\.segment.base)
        for (base, next) in zip(bases, bases.dropFirst()) {
            try invariant(base < next, "the segment at \(next.value) follows on the one at \(base.value)")
        }
        try invariant(
            ends.unsealed < bases.count,
            "\(ends.unsealed) of \(bases.count) segments are closed and not sealed")
        try invariant(
            active.segment.base <= end, "the log ends at \(end.value), before its last segment")
        try invariant(
            kept.oldest <= start, "the log starts at \(start.value), before its first segment")
        try invariant(
            kept.recoveryPoint <= ends.synced, "the recovery point lies beyond what is durable")
        if let place = ends.syncedPlace, place.segmentBase == active.segment.base {
            try invariant(
                place.position <= active.sizeBytes,
                "what is durable lies behind the end of the active segment")
        }
    }
}
