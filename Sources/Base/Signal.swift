// A thread sleeps here until another one has work for it; unlike a Gate it closes again behind whoever went
// through.
import Glibc

/// Something to sleep on until another thread says that there is work; a wake-up that comes first is kept.
@safe package final class Signal: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var isRaised = false

    /// A signal that is not raised.
    package init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        // Timed waits count on a clock that nobody sets.
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Wakes the thread that waits, or the next one to wait.
    package func raise() {
        unsafe pthread_mutex_lock(mutex)
        let wasRaised = isRaised
        isRaised = true
        unsafe pthread_mutex_unlock(mutex)
        if !wasRaised { unsafe pthread_cond_signal(condition) }
    }

    /// Sleeps until the signal is raised, and lowers it.
    package func wait() {
        if let threads = Stepping.threads { threads.rest(until: { self.isUp }, nanoseconds: nil) }
        unsafe pthread_mutex_lock(mutex)
        while !isRaised { unsafe pthread_cond_wait(condition, mutex) }
        isRaised = false
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Sleeps until the signal is raised, and lowers it; at most for `nanoseconds`, and then false.
    @discardableResult
    package func wait(nanoseconds: Int64) -> Bool {
        if let threads = Stepping.threads {
            threads.rest(until: { self.isUp }, nanoseconds: nanoseconds)
            return lower()
        }
        var end = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &end)
        let total = Int64(end.tv_nsec) + max(0, nanoseconds)
        end.tv_sec += Int(total / 1_000_000_000)
        end.tv_nsec = Int(total % 1_000_000_000)
        unsafe pthread_mutex_lock(mutex)
        var code: Int32 = 0
        while !isRaised, code == 0 {
            code = unsafe pthread_cond_timedwait(condition, mutex, &end)
        }
        let wasRaised = isRaised
        isRaised = false
        unsafe pthread_mutex_unlock(mutex)
        return wasRaised
    }

    /// Whether it is raised.
    private var isUp: Bool {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return isRaised
    }

    /// Lowers the signal; whether it was raised.
    private func lower() -> Bool {
        unsafe pthread_mutex_lock(mutex)
        defer {
            isRaised = false
            unsafe pthread_mutex_unlock(mutex)
        }
        return isRaised
    }
}
