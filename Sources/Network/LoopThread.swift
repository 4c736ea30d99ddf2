// The thin shell around step functions: a named thread that runs one closure.
internal import Base
import Glibc

/// A thread of the operating system, to be joined or detached.
struct LoopThread: Sendable {
    private let thread: pthread_t

    /// Starts a thread; at most 15 bytes of `name` show in tools.
    init(name: String, body: @escaping @Sendable () -> Void) throws(NetworkError) {
        do throws(ThreadError) {
            thread = try Threads.start(named: name, body)
        } catch {
            throw .thread(error)
        }
    }

    /// Lets the thread end by itself.
    func detach() {
        pthread_detach(thread)
    }

    /// Waits until the thread has ended.
    func join() {
        pthread_join(thread, nil)
    }
}
