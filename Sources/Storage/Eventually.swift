// An answer that is mostly there at once. Signatures that return one let a slower engine, or a cold disk,
// answer later without changing anything above.
internal import Base

/// A value now, or a promise of one.
package enum Eventually<Value: Sendable>: Sendable {
    /// The value itself.
    case now(Value)
    /// It comes later, on some other thread.
    case later(Pending<Value>)
}

/// A value that some other thread will deliver, or the error in its place.
package final class Pending<Value: Sendable>: Sendable {
    private struct State: Sendable {
        var result: Result<Value, StorageError>?
        var waiters: [@Sendable (Result<Value, StorageError>) -> Void] = []
    }

    private let state = Lock(State())

    /// A promise that is not kept yet.
    package init() {}

    /// Keeps the promise; only the first call counts.
    package func complete(_ result: Result<Value, StorageError>) {
        let waiters = state.withLock { state in
            guard state.result == nil else { return [] as [@Sendable (Result<Value, StorageError>) -> Void] }
            state.result = result
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter(result) }
    }

    /// Calls `body` once with the result: on the completing thread, or at once on this one if it is there.
    package func whenDone(_ body: @escaping @Sendable (Result<Value, StorageError>) -> Void) {
        let result = state.withLock { state in
            if state.result == nil { state.waiters.append(body) }
            return state.result
        }
        if let result { body(result) }
    }
}

extension Eventually {
    /// Runs `work` in the background and promises its result.
    package static func later(
        on background: @escaping BackgroundRunner,
        _ work: @escaping @Sendable () throws(StorageError) -> Value
    ) -> Eventually {
        let pending = Pending<Value>()
        background {
            do throws(StorageError) {
                pending.complete(.success(try work()))
            } catch { pending.complete(.failure(error)) }
        }
        return .later(pending)
    }

    /// The value with `change` applied, whenever it comes.
    package func map<Other: Sendable>(_ change: @escaping @Sendable (Value) -> Other) -> Eventually<Other> {
        switch self {
        case .now(let value): return .now(change(value))
        case .later(let pending):
            let other = Pending<Other>()
            pending.whenDone { other.complete($0.map(change)) }
            return .later(other)
        }
    }

    /// The value, waiting for it on this thread: for the pool, start-up and tests, never for an event loop.
    package func wait() throws(StorageError) -> Value {
        switch self {
        case .now(let value): return value
        case .later(let pending):
            let signal = Signal()
            let answer = Lock<Result<Value, StorageError>?>(nil)
            pending.whenDone { result in
                answer.withLock { $0 = result }
                signal.raise()
            }
            signal.wait()
            guard let result = answer.withLock({ $0 }) else {
                preconditionFailure("Pending raised its waiter without a result")
            }
            return try result.get()
        }
    }
}
