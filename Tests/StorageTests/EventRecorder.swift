// Listens to a store as the log above would, and says where it hears what it must not.
import Base
import Storage

/// What a store told, and what was wrong with that.
final class EventRecorder: LogStoreEvents {
    private struct State {
        /// Calls into the store that are under way: the log above holds its lock meanwhile.
        var call: String?
        var durableEnd: Offset
        var settledEnd: Offset?
        var failure: StorageError?
        var breaches: [String] = []
    }

    private let state: Lock<State>
    private let store: any LogStore

    init(_ store: any LogStore) {
        self.store = store
        state = Lock(State(durableEnd: store.bounds.durableEnd))
    }

    var durableEnd: Offset { state.withLock { $0.durableEnd } }
    var failure: StorageError? { state.withLock { $0.failure } }

    /// What was heard since the last time that must not have been.
    func takeBreaches() -> [String] {
        state.withLock { state in
            defer { state.breaches = [] }
            return state.breaches
        }
    }

    /// Does a call in which nothing may be told.
    func during<Result>(_ call: String, _ body: () throws(StorageError) -> Result) throws(StorageError)
        -> Result
    {
        state.withLock { $0.call = call }
        defer { state.withLock { $0.call = nil } }
        return try body()
    }

    private func hear(_ event: String, _ body: (inout State, StoreBounds) -> Void) {
        // Whoever tells under a lock waits for it here for ever.
        let now = store.bounds
        state.withLock { state in
            if let call = state.call { state.breaches.append("\(event) was told within \(call)") }
            body(&state, now)
        }
    }

    func storeAdvanced(_ bounds: StoreBounds) {
        hear("an advance") { state, now in
            if state.failure != nil { state.breaches.append("an advance was told after the failure") }
            if bounds.durableEnd <= state.durableEnd {
                state.breaches.append(
                    "\(bounds.durableEnd.value) was told after \(state.durableEnd.value)")
            }
            if bounds.durableEnd > now.durableEnd || bounds.end > now.end {
                state.breaches.append("\(bounds.durableEnd.value) was told before it was durable")
            }
            state.durableEnd = max(state.durableEnd, bounds.durableEnd)
        }
    }

    func storeFailed(_ error: StorageError) {
        hear("the failure") { state, _ in
            if state.failure != nil { state.breaches.append("the failure was told twice") }
            state.failure = error
        }
    }

    func storeSettled(_ syncedEnd: Offset) {
        hear("bookkeeping") { state, now in
            if syncedEnd > now.syncedEnd { state.breaches.append("bookkeeping beyond what is synced") }
            if let settled = state.settledEnd, syncedEnd < settled {
                state.breaches.append("bookkeeping went back to \(syncedEnd.value)")
            }
            state.settledEnd = syncedEnd
        }
    }
}
