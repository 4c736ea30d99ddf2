// A value that comes later: when data arrives, a record is on the disk, or a deadline passes. Those may race;
// the first one counts.
internal import Base
package import Network

/// A value that is completed exactly once, from any thread, and consumed once, on an event loop.
package final class Deferred<Value: Sendable>: Sendable {
    private enum State: ~Copyable {
        case pending
        case awaited(loop: EventLoop, consumer: @Sendable (Value) -> Void)
        case completed(Value)
        case consumed
    }

    private let state = Lock<State>(.pending)

    /// A value that is not there yet.
    package init() {}

    /// Completes the value and hands it to its consumer on the consumer's loop.
    ///
    /// Returns false if it was completed before.
    @discardableResult
    package func complete(_ value: Value) -> Bool {
        typealias Delivery = (loop: EventLoop, consumer: @Sendable (Value) -> Void)
        let (isFirst, delivery): (Bool, Delivery?) = state.withLock { state in
            switch consume state {
            case .pending:
                state = .completed(value)
                return (true, nil)
            case .awaited(let loop, let consumer):
                state = .consumed
                return (true, (loop, consumer))
            case .completed(let first):
                state = .completed(first)
                return (false, nil)
            case .consumed:
                state = .consumed
                return (false, nil)
            }
        }
        if let delivery { delivery.loop.post { delivery.consumer(value) } }
        return isFirst
    }

    /// Sets the one consumer, which runs on `loop`; at once if the value is there already and this is that
    /// loop's thread.
    package func whenCompleted(on loop: EventLoop, _ consumer: @escaping @Sendable (Value) -> Void) {
        let value: Value? = state.withLock { state in
            switch consume state {
            case .completed(let value):
                state = .consumed
                return value
            case .pending:
                state = .awaited(loop: loop, consumer: consumer)
                return nil
            case .awaited:
                preconditionFailure("a deferred value has one consumer")
            case .consumed:
                preconditionFailure("a deferred value has one consumer")
            }
        }
        if let value { consumer(value) }
    }
}
