// What happens to a store in memory from outside, step by step: batches are kept for good, storing fails,
// another owner takes over, the process ends. The steps of one store are taken one at a time.
import Base
import Records
import Storage

extension MemoryStore {
    /// Stores one batch, whichever chance picks, and tells what follows; false if there was nothing to do.
    package func step() -> Bool {
        let (events, step) = state.withLock { ($0.events, $0.storeOne(behaviour)) }
        if let news = step.news { events?.storeAdvanced(news) }
        if let failure = step.failure { events?.storeFailed(failure) }
        return step.news != nil || step.didStore
    }

    /// Stores all that is left, and says that it is time for bookkeeping.
    package func flush() {
        while step() {}
        let (events, end) = state.withLock { ($0.events, $0.syncedEnd) }
        events?.storeSettled(end)
    }

    /// Stores all that is left, and closes the store, as a clean stop does; or it fails, and is not closed.
    package func stop() throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            try state.requireWritable(place)
            if let loss = state.loss.take() {
                state.failure = loss
                throw loss
            }
            for index in state.batches.indices { state.batches[index].isStored = true }
            state.savedStart = state.start
            state.isClosed = true
        }
    }

    /// Makes the start durable.
    func saveStart() { state.withLock { $0.savedStart = $0.start } }

    /// Has the next append refused, once.
    package func refuseNextAppend(_ error: StorageError) { state.withLock { $0.refusal = error } }

    /// Has the next step fail, which is the end of the store.
    package func failNextStep(_ error: StorageError) { state.withLock { $0.loss = error } }

    /// Another owner begins `epoch`: what comes in an earlier one is refused, and what is not stored never
    /// will be.
    package func fence(_ epoch: LeaderEpoch) {
        state.withLock { state in
            guard epoch > state.epoch else { return }
            let old = state.epoch
            state.epoch = epoch
            if state.syncedEnd < state.end { state.loss = .staleLeaderEpoch(current: epoch, found: old) }
        }
    }

    /// The store as it is found again after a clean stop.
    package func afterStop(_ memory: MemoryServices) -> MemoryStore {
        var next = state.withLock { $0 }
        precondition(next.syncedEnd == next.end, "the stop was not clean")
        next.reopen()
        return MemoryStore(place, memory, next)
    }

    /// The store as it is found again after a crash: all that was durable, and as chance wants it more.
    package func afterCrash(_ memory: MemoryServices) -> MemoryStore {
        var next = state.withLock { $0 }
        let durable = next.batches.prefix { $0.isStored }.count
        let more = behaviour.chance(50) ? 0 : behaviour.pick(0..<(next.batches.count - durable + 1))
        next.batches.removeSubrange((durable + more)...)
        next.end = next.batches.last?.header.nextOffset ?? next.pieces[0].base
        // What was found is kept for good by now, or later by the first steps.
        if behaviour.chance(50) { for index in next.batches.indices { next.batches[index].isStored = true } }
        while next.pieces.count > 1, let last = next.pieces.last, last.base >= next.end {
            next.pieces.removeLast()
        }
        // A start that was moved is durable with the next clean stop.
        let kept = max(next.savedStart, next.pieces[0].base)
        next.start = behaviour.chance(50) ? kept : max(kept, min(next.start, next.end))
        next.reopen()
        return MemoryStore(place, memory, next)
    }
}

extension MemoryStore.State {
    /// What came of a step.
    fileprivate struct Step {
        var didStore = false
        /// The bounds, if more is durable than the log above has heard of.
        var news: StoreBounds?
        var failure: StorageError?
    }

    fileprivate mutating func storeOne(_ behaviour: MemoryBehaviour) -> Step {
        var step = Step()
        if failure != nil, !hasToldFailure {
            hasToldFailure = true
            step.failure = failure
        }
        guard !isClosed, failure == nil else { return step }
        let waiting = batches.indices.filter { !batches[$0].isStored }
        if !waiting.isEmpty, let loss = loss.take() {
            failure = loss
            return storeOne(behaviour)
        }
        if !waiting.isEmpty {
            batches[waiting[behaviour.pick(0..<waiting.count)]].isStored = true
            step.didStore = true
        }
        if durableEnd > told {
            told = durableEnd
            step.news = bounds
        }
        return step
    }

    fileprivate mutating func reopen() {
        isClosed = false
        failure = nil
        refusal = nil
        loss = nil
        events = nil
        told = durableEnd
    }
}
