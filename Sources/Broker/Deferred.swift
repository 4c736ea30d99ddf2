// A value that comes later: when data arrives, a record is on the disk, or a deadline passes; or that nobody
// wants any more. Those may race; the first one counts.
internal import Base
package import Network

/// A value that is completed exactly once, from any thread, and consumed once, on an event loop.
///
///     let reply = Deferred<Response>()
///     pool.run { reply.complete(slowAnswer()) }
///     reply.whenCompleted(on: loop) { connection.send($0) }
package final class Deferred<Value: Sendable>: Sendable {
    private enum Stage {
        case pending
        case awaited(loop: EventLoop, consumer: @Sendable (Value) -> Void)
        case completed(Value)
        /// Consumed or abandoned.
        case over(isAbandoned: Bool)
    }

    private struct State {
        var stage = Stage.pending
        var whenAbandoned: (@Sendable () -> Void)?
    }

    private let state = Lock(State())

    /// A value that is not there yet.
    package init() {}

    /// Completes the value and hands it to its consumer on the consumer's loop.
    ///
    /// Returns false if it was completed or abandoned before.
    @discardableResult
    package func complete(_ value: Value) -> Bool {
        let (stage, cleanUp) = state.withLock { state in
            let before = state.stage
            switch before {
            case .pending: state.stage = .completed(value)
            case .awaited: state.stage = .over(isAbandoned: false)
            case .completed, .over: return (before, nil as (@Sendable () -> Void)?)
            }
            // What the closure holds is freed outside of the lock.
            defer { state.whenAbandoned = nil }
            return (before, state.whenAbandoned)
        }
        withExtendedLifetime(cleanUp) {}
        switch stage {
        case .pending: return true
        case .awaited(let loop, let consumer):
            loop.post { consumer(value) }
            return true
        case .completed, .over: return false
        }
    }

    /// Sets the one consumer, which runs on `loop`; at once if the value is there already and this is that
    /// loop's thread.
    package func whenCompleted(on loop: EventLoop, _ consumer: @escaping @Sendable (Value) -> Void) {
        let value: Value? = state.withLock { state in
            switch state.stage {
            case .completed(let value):
                state.stage = .over(isAbandoned: false)
                return value
            case .pending:
                state.stage = .awaited(loop: loop, consumer: consumer)
                return nil
            case .over(isAbandoned: true):
                return nil
            case .awaited, .over(isAbandoned: false):
                preconditionFailure("a deferred value has one consumer")
            }
        }
        if let value { consumer(value) }
    }

    /// Sets what ends the wait for a value that nobody wants any more; called once, on the loop of whoever
    /// wanted it, which may be at once.
    package func whenAbandoned(_ action: @escaping @Sendable () -> Void) {
        let isAbandoned = state.withLock { state in
            switch state.stage {
            case .pending, .awaited:
                state.whenAbandoned = action
                return false
            case .completed, .over(isAbandoned: false): return false
            case .over(isAbandoned: true): return true
            }
        }
        if isAbandoned { action() }
    }
}

extension Deferred: AwaitedReply {
    /// Forgets the consumer and ends the wait; a value that comes later is dropped.
    package func abandon() {
        let (dropped, action) = state.withLock { state in
            let dropped = state
            switch dropped.stage {
            case .pending, .awaited, .completed: state = State(stage: .over(isAbandoned: true))
            case .over: break
            }
            return (dropped, dropped.whenAbandoned)
        }
        // The consumer may be the last to hold much else, so it goes outside of the lock.
        withExtendedLifetime(dropped) {}
        action?()
    }
}
