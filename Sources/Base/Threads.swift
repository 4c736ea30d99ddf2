// Threads of the operating system. Their stacks are smaller than the system's default of 8 MiB: under a limit
// on address space a dozen of those leave no room for anything else.
internal import CSystem
import Glibc

/// A thread could not be started.
package struct ThreadError: Error, Equatable, CustomStringConvertible {
    /// What the system said.
    package let errno: Int32

    /// One sentence, with the limits that are the cause.
    package var description: String {
        let reason = unsafe String(cString: strerror(errno))
        return "a thread could not be started: \(reason); limits on processes (ulimit -u, pids of a control "
            + "group) or memory (ulimit -v) are too low"
    }
}

/// How threads are started.
package enum Threads {
    /// The stack of each thread; no code here recurses deeply.
    package static let stackBytes = 1 << 20
    /// How often the start of a thread is tried: others may be about to end.
    private static let attempts = 5

    private final class Body: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread, to be joined or detached by what is returned.
    ///
    /// At most 15 bytes of `name` show in tools; with a `niceness` (nice(2), up to 19) it yields to others.
    package static func start(
        named name: String? = nil, niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) -> UInt {
        let start = Body {
            if let name { unsafe apus_name_thread(name) }
            if niceness > 0 { apus_nice_thread(niceness) }
            body()
        }
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        let context = unsafe Unmanaged.passRetained(start)
        var thread = pthread_t()
        var code: Int32 = 0
        for attempt in 1...attempts {
            code = unsafe pthread_create(
                &thread, &attributes,
                { raw in
                    // The one reference was passed on by the creator.
                    guard let raw = unsafe raw else { return nil }
                    unsafe Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().body()
                    return nil
                }, unsafe context.toOpaque())
            guard code == EAGAIN, attempt < attempts else { break }
            usleep(useconds_t(attempt * 1000))
        }
        guard code == 0 else {
            unsafe context.release()
            throw ThreadError(errno: code)
        }
        return thread
    }

    /// Starts a thread that nobody joins.
    package static func startDetached(
        named name: String? = nil, niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) {
        if let threads = Stepping.threads { return threads.start(named: name, body) }
        pthread_detach(try start(named: name, niceness: niceness, body))
    }
}

/// Runs `body` on a new thread that nobody joins; see `Threads.start`.
///
/// Without the thread the broker cannot go on, so where there is none the process ends with a sentence.
package func startDetachedThread(
    named name: String? = nil, niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void
) {
    do throws(ThreadError) {
        try Threads.startDetached(named: name, niceness: niceness, body)
    } catch {
        endProcess("\(error)")
    }
}

/// Ends the process because the system denies what it cannot do without; `sentence` goes to standard error.
///
/// For the data it is a crash, which the next start recovers from.
package func endProcess(_ sentence: String) -> Never {
    let bytes = Array("apus: the broker cannot go on: \(sentence)\n".utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    _exit(1)
}
