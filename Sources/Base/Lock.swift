// Mutual exclusion around a value. It lies where it is declared, with one word beside the value: each of many
// thousand partitions has half a dozen, and a pthread mutex takes 40 bytes and a piece of memory of its own.
// Nor is it Synchronization.Mutex, which inherits priorities and pays for that: uncontended 15 ns instead of
// 4. State should be a struct: a class inside could escape and be used outside the lock.
import Builtin
internal import CSystem
internal import Synchronization

/// A value that only one thread at a time can reach.
///
/// A thread that finds it taken sleeps in the kernel (futex(2)).
@safe
@_rawLayout(like: Guarded<State>, movesAsLike)
public struct Lock<State: ~Copyable>: ~Copyable, @unchecked Sendable {
    /// Wraps `state`, unlocked.
    public init(_ state: consuming sending State) {
        unsafe guarded.initialize(to: Guarded(state: state))
    }

    deinit { unsafe guarded.deinitialize(count: 1) }

    /// Runs `body` while holding the lock.
    ///
    /// Not recursive: taking the same lock inside `body` deadlocks.
    @inlinable
    public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        acquire()
        defer { release() }
        // A variable of its own: ThreadSanitizer would take the word for changed by who changes the state.
        let state = unsafe state
        return try unsafe body(&state.pointee)
    }

    // Of raw layout, so that it never moves while anybody can reach it.
    @inline(__always)
    private var guarded: UnsafeMutablePointer<Guarded<State>> {
        unsafe UnsafeMutablePointer(Builtin.addressOfRawLayout(self))
    }

    /// For `withLock` alone.
    @usableFromInline @inline(__always)
    var state: UnsafeMutablePointer<State> {
        // The second field of a struct lies behind the first as its alignment wants it, a power of two.
        let offset = max(MemoryLayout<UInt32>.size, MemoryLayout<State>.alignment)
        return unsafe (UnsafeMutableRawPointer(guarded) + offset).assumingMemoryBound(to: State.self)
    }

    /// For `withLock` alone.
    @usableFromInline @inline(__always)
    func acquire() {
        let isFree = unsafe guarded.pointee.word.compareExchange(
            expected: Word.free, desired: Word.taken, successOrdering: .acquiring, failureOrdering: .relaxed
        ).exchanged
        if !isFree { waitForTurn() }
    }

    /// For `withLock` alone.
    @usableFromInline @inline(__always)
    func release() {
        if unsafe guarded.pointee.word.exchange(Word.free, ordering: .releasing) == Word.awaited {
            unsafe apus_futex_wake(rawWord)
        }
    }

    @inline(never)
    private func waitForTurn() {
        // Whoever has waited leaves the word at `awaited`, as there may be others who sleep.
        while unsafe guarded.pointee.word.exchange(Word.awaited, ordering: .acquiring) != Word.free {
            unsafe apus_futex_wait(rawWord, Word.awaited)
        }
    }

    private var rawWord: UnsafePointer<UInt32> {
        unsafe UnsafeRawPointer(guarded).assumingMemoryBound(to: UInt32.self)
    }
}

/// What the word of a lock says.
private enum Word {
    static let free: UInt32 = 0
    static let taken: UInt32 = 1
    /// Taken, and whoever gives it up has to wake somebody.
    static let awaited: UInt32 = 2
}

/// A value and the word that guards it.
@unsafe
@usableFromInline
struct Guarded<State: ~Copyable>: ~Copyable {
    // First, so that it is found whatever the state is.
    let word = Atomic<UInt32>(Word.free)
    var state: State

    init(state: consuming State) { unsafe self.state = state }
}
