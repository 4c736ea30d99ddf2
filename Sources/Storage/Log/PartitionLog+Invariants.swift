// What holds of a log whenever no append is under way.
package import Base

extension PartitionLog {
    /// Compares what the log knows with itself and with its store.
    package func checkInvariants() throws(InvariantViolation) {
        let (bounds, first, hasFailed) = state.withLock { state in
            (state.bounds, state.producers.firstUnstable, state.hasFailed)
        }
        let kept = store.bounds
        let ends = [bounds.logStart, bounds.highWatermark, bounds.logEnd].map(\.value)
        try invariant(
            bounds.logStart <= bounds.highWatermark && bounds.highWatermark <= bounds.logEnd,
            "start, high watermark and end are \(ends)")
        try invariant(
            bounds.lastStable <= bounds.highWatermark,
            "\(bounds.lastStable.value) is stable beyond the high watermark \(bounds.highWatermark.value)")
        if let first {
            try invariant(
                bounds.lastStable <= max(first, bounds.logStart),
                "an open transaction at \(first.value) is passed for stable")
        }
        try invariant(
            bounds.logEnd == kept.end,
            "the log ends at \(bounds.logEnd.value), and its store at \(kept.end.value)")
        try invariant(
            bounds.logStart >= kept.start || hasFailed,
            "the log starts at \(bounds.logStart.value), and its store at \(kept.start.value)")
        try invariant(
            bounds.highWatermark <= max(kept.durableEnd, bounds.logStart),
            "readers see up to \(bounds.highWatermark.value), and \(kept.durableEnd.value) is durable")
    }
}
