// The thin shell around step functions: a named thread that runs one closure.
internal import CSystem
import Glibc

/// A thread of the operating system, to be joined or detached.
struct LoopThread: Sendable {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let thread: pthread_t

    /// Starts a thread; at most 15 bytes of `name` show in tools.
    init(name: String, body: @escaping @Sendable () -> Void) throws(NetworkError) {
        var thread = pthread_t()
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
        let failure = unsafe pthread_create(
            &thread, nil,
            { argument in
                // The one reference was passed on by the creator.
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                unsafe apus_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard failure == 0 else {
            unsafe start.release()
            throw .system(call: "pthread_create", errno: failure)
        }
        self.thread = thread
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
