// What a start found beyond the durable bound is synced while the logs are in use already: thousands of syncs
// would keep everybody waiting. Readers see it afterwards.
internal import Base
internal import Storage

extension DirectoryOpening {
    /// So many are synced at once: others need the pool and the disk too.
    static let recoverersMax = 2

    /// Has a store synced that was opened just now; `then` is called if it was the last of the start.
    func syncLater(_ store: SegmentStore, then: @escaping @Sendable () -> Void) {
        let isNeeded = state.withLock { state in
            state.recovered.append(store)
            guard state.recoverers < Self.recoverersMax else { return false }
            state.recoverers += 1
            return true
        }
        if isNeeded { services.background { self.syncNextRecovered(then) } }
    }

    /// Syncs one of them, and leaves the pool to others before the next.
    private func syncNextRecovered(_ then: @escaping @Sendable () -> Void) {
        let (next, left, isLast) = state.withLock { state in
            let next = state.isEnding ? nil : state.recovered.popLast()
            if next == nil { state.recoverers -= 1 }
            return (next, state.recovered.count, state.isRecovered)
        }
        guard let next else {
            if isLast { then() }
            return
        }
        next.syncUnsealed()
        if left > 0, left % 1000 == 0 {
            services.logger.log(.info, "recovery.syncing", ["path": path, "partitions_left": "\(left)"])
        }
        services.background { self.syncNextRecovered(then) }
    }
}
