// What a simulator puts in the place of threads and chance, so that a seed decides who runs when and what is
// drawn. Everything that sleeps does so on a `Signal`, and every thread is started by `Threads`, so that both
// need to look in one place only; a thread that nobody steps finds nothing there.
import Glibc

/// Runs what would be threads of the system one at a time, in an order of its own.
package protocol SteppedThreads: AnyObject, Sendable {
    /// Takes in a thread, whose turn comes later.
    func start(named name: String?, _ body: @escaping @Sendable () -> Void)
    /// Lets others run until `isOver` holds, or so many nanoseconds have passed; nil for no limit.
    func rest(until isOver: @escaping @Sendable () -> Bool, nanoseconds: Int64?)
    /// The next random number.
    func nextRandom() -> UInt64
}

/// Tells who steps the calling thread.
package enum Stepping {
    private final class Holder {
        let threads: any SteppedThreads
        init(_ threads: any SteppedThreads) { self.threads = threads }
    }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let code = unsafe pthread_key_create(&key, nil)
        precondition(code == 0, "a process has room for one key of its threads")
        return key
    }()

    /// What runs the calling thread step by step; nil for a thread of the system, which is every thread of a
    /// broker that serves.
    package static var threads: (any SteppedThreads)? {
        guard let raw = unsafe pthread_getspecific(key) else { return nil }
        return unsafe Unmanaged<Holder>.fromOpaque(raw).takeUnretainedValue().threads
    }

    /// Runs `body` on this thread as one that `threads` steps.
    package static func run<Result>(by threads: any SteppedThreads, _ body: () throws -> Result) rethrows
        -> Result
    {
        let holder = Holder(threads)
        let outer = unsafe pthread_getspecific(key)
        unsafe pthread_setspecific(key, Unmanaged.passUnretained(holder).toOpaque())
        defer { unsafe pthread_setspecific(key, outer) }
        return try withExtendedLifetime(holder) { try body() }
    }
}

/// Random numbers: those of the system, or of the seed that the calling thread is stepped by.
package struct BrokerRandom: RandomNumberGenerator, Sendable {
    /// The one sequence there is.
    package init() {}

    /// The next 64 bits.
    package mutating func next() -> UInt64 {
        if let threads = Stepping.threads { return threads.nextRandom() }
        var system = SystemRandomNumberGenerator()
        return system.next()
    }
}
