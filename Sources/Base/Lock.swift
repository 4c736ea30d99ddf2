// Mutual exclusion around a value. Ours rather than Synchronization.Mutex: uncontended 4 ns against 15 ns
// when measured, and ThreadSanitizer knows pthread mutexes. State should be a struct: a class inside could
// escape and be used outside the lock.
import Glibc

/// A value that only one thread at a time can reach.
@safe public final class Lock<State: ~Copyable>: @unchecked Sendable {
    private var state: State
    // The mutex needs an address that never changes; only this class ever touches it.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    /// Wraps `state`, unlocked.
    public init(_ state: consuming sending State) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        self.state = state
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` while holding the lock.
    ///
    /// Not recursive: taking the same lock inside `body` deadlocks.
    @inlinable
    public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        acquire()
        defer { release() }
        return try body(&protected)
    }

    /// The state without the lock, for `withLock` alone.
    @usableFromInline package var protected: State {
        _read { yield state }
        _modify { yield &state }
    }

    /// For `withLock` alone.
    @usableFromInline package func acquire() { unsafe pthread_mutex_lock(mutex) }
    /// For `withLock` alone.
    @usableFromInline package func release() { unsafe pthread_mutex_unlock(mutex) }
}
