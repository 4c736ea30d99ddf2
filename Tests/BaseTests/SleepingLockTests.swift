// A lock that is held for long.
import Base
import Testing

@Test("a sleeping lock lets one in at a time, and loses nothing that was done inside", arguments: [1, 2, 8])
func sleepingLockIsExclusive(threads: Int) {
    let inside = Lock(0)
    let lock = SleepingLock(0)
    runInParallel(1_000, threads: threads) { _ in
        lock.withLock { count in
            inside.withLock { inside in
                inside += 1
                #expect(inside == 1)
            }
            count += 1
            inside.withLock { $0 -= 1 }
        }
    }
    #expect(lock.withLock { $0 } == 1_000)
}
