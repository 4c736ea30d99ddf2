// Locks that lie within what they guard.
import Base
import Glibc
import Testing

@Suite("locks")
struct LockTests {
    @Test("one thread at a time is inside, and what it did is there for the next", arguments: [1, 2, 8])
    func isExclusive(threads: Int) {
        let lock = Lock((count: 0, inside: 0))
        runInParallel(20_000, threads: threads) { number in
            lock.withLock { state in
                state.inside += 1
                #expect(state.inside == 1)
                state.count += 1
                // Now and then the holder loses its processor, so that others find the lock taken.
                if number % 100 == 0 { sched_yield() }
                state.inside -= 1
            }
        }
        #expect(lock.withLock { $0.count } == 20_000)
    }

    @Test("who finds a lock taken sleeps, and is woken when it is free")
    func sleeps() {
        let lock = Lock(0)
        let isInside = Signal()
        let mayLeave = Signal()
        startDetachedThread {
            lock.withLock { count in
                count = 1
                isInside.raise()
                mayLeave.wait()
                count = 2
            }
        }
        isInside.wait()
        let seen = Lock([Int]())
        let isSeen = (0..<3).map { _ in Signal() }
        for signal in isSeen {
            startDetachedThread {
                let count = lock.withLock { $0 }
                seen.withLock { $0.append(count) }
                signal.raise()
            }
        }
        #expect(!isSeen[0].wait(nanoseconds: 20_000_000))
        #expect(seen.withLock { $0 } == [])
        mayLeave.raise()
        for signal in isSeen { signal.wait() }
        #expect(seen.withLock { $0 } == [2, 2, 2])
    }

    @Test("the state of a lock is as it was given, whatever its size and alignment, and ends with the lock")
    func keepsState() {
        final class Ending: Sendable {
            let count: Endings
            init(_ count: Endings) { self.count = count }
            deinit { count.lock.withLock { $0 += 1 } }
        }
        final class Holder: Sendable {
            let byte = Lock(UInt8(7))
            let wide = Lock(SIMD4<Double>(1, 2, 3, 4))
            let nothing = Lock(())
            let object: Lock<(Ending, UInt16)>
            init(_ ending: Ending) { object = Lock((ending, 9)) }
        }
        let ended = Endings()
        var holder: Holder? = Holder(Ending(ended))
        holder?.byte.withLock { $0 += 1 }
        holder?.wide.withLock { $0 += 1 }
        holder?.nothing.withLock { _ in }
        #expect(holder?.byte.withLock { $0 } == 8)
        #expect(holder?.wide.withLock { $0 } == SIMD4(2, 3, 4, 5))
        #expect(holder?.object.withLock { $0.1 } == 9)
        #expect(ended.lock.withLock { $0 } == 0)
        holder = nil
        #expect(ended.lock.withLock { $0 } == 1)
    }

    @Test("a lock takes one word beside its state")
    func isSmall() {
        #expect(MemoryLayout<Lock<Void>>.size == 4)
        #expect(MemoryLayout<Lock<Int>>.size == 16)
    }
}

/// Counts what has ended.
private final class Endings: Sendable {
    let lock = Lock(0)
}
