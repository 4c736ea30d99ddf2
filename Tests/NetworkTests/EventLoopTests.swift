import Base
import Glibc
import Network
import Synchronization
import Testing

@Test("posts of one thread run in their order, each once, whichever thread they come from")
func postsInOrder() throws {
    let loop = try EventLoop()
    try loop.start()
    let seen = Lock<[[Int]]>(Array(repeating: [], count: 4))
    let done = try Latch()
    for source in 0..<4 {
        Thread.detach {
            for number in 0..<5000 { loop.post { seen.withLock { $0[source].append(number) } } }
            loop.post { done.signal() }
        }
    }
    for _ in 0..<4 { #expect(done.wait(atMost: .seconds(20))) }
    loop.stop()
    #expect(seen.withLock { $0 } == Array(repeating: Array(0..<5000), count: 4))
}

@Test("an idle loop does not wake up, and a post wakes it")
func idleLoopSleeps() throws {
    let server = try TestServer(.echo())
    let client = try TestClient(port: server.port)
    try client.send(sized(pattern(20)))
    _ = try client.receiveFrame()
    #expect(hasQuietWindow(server.group))
    let woken = try Latch()
    server.group.loops[0].post { woken.signal() }
    #expect(woken.wait(atMost: .seconds(5)))
}

/// Whether the loops sleep through 300 ms in a row: a tick of any shorter period never lets them, while the
/// turn that still follows the last reply, late on a busy machine, only costs one more window.
private func hasQuietWindow(_ group: EventLoopGroup) -> Bool {
    (0..<20).contains { _ in
        let before = group.loops.map(\.stepCount)
        usleep(300_000)
        return group.loops.map(\.stepCount) == before
    }
}

@Test("timers follow the clock that the loop was given, never early, and cancelled ones not at all")
func timersFollowTheClock() throws {
    let clock = ManualClock()
    let loop = try EventLoop(clock: clock)
    let fired = Lock<[Int]>([])
    loop.post {
        for delay in [5, 1, 3] {
            loop.schedule(after: .milliseconds(delay)) { fired.withLock { $0.append(delay) } }
        }
        let never = loop.schedule(after: .milliseconds(2)) { fired.withLock { $0.append(2) } }
        loop.cancel(never)
    }
    loop.step(mayWait: false)
    loop.step(mayWait: false)
    #expect(fired.withLock { $0 } == [])
    clock.advance(by: .microseconds(2999))
    loop.step(mayWait: false)
    #expect(fired.withLock { $0 } == [1])
    clock.advance(by: .milliseconds(10))
    loop.step(mayWait: false)
    #expect(fired.withLock { $0 } == [1, 3, 5])
}

@Test("a sleeping loop wakes up for its timers by itself")
func sleepingLoopKeepsTime() throws {
    let loop = try EventLoop()
    try loop.start()
    let done = try Latch()
    let start = ContinuousClock.now
    loop.post { loop.schedule(after: .milliseconds(30)) { done.signal() } }
    #expect(done.wait(atMost: .seconds(5)))
    #expect(ContinuousClock.now - start >= .milliseconds(29))
    #expect(loop.stepCount < 20)
    loop.stop()
}

@Test("a loop that sleeps towards one timer wakes up for an earlier one, and for one behind a cancelled one")
func sleepingLoopIsGivenTimers() throws {
    let loop = try EventLoop()
    try loop.start()
    let (first, second) = (try Latch(), try Latch())
    loop.post {
        loop.schedule(after: .seconds(3600)) {}
        loop.schedule(after: .milliseconds(1)) { first.signal() }
    }
    #expect(first.wait(atMost: .seconds(5)))
    loop.post {
        let cancelled = loop.schedule(after: .milliseconds(10)) {}
        loop.schedule(after: .milliseconds(20)) { second.signal() }
        loop.post { loop.cancel(cancelled) }
    }
    #expect(second.wait(atMost: .seconds(5)))
    #expect(loop.stepCount < 20)
    loop.stop()
}

@Test("work of the pool runs off the loop and its result arrives on it")
func poolResults() throws {
    let loop = try EventLoop()
    try loop.start()
    let pool = try WorkPool(threadLimit: 3)
    let sum = Atomic<Int>(0)
    let done = try Latch()
    for number in 0..<500 {
        pool.run(for: loop) {
            loop.isCurrent ? -1_000_000 : number
        } then: { result in
            sum.wrappingAdd(loop.isCurrent ? result : -1_000_000, ordering: .relaxed)
            done.signal()
        }
    }
    for _ in 0..<500 { #expect(done.wait(atMost: .seconds(20))) }
    pool.stop()
    loop.stop()
    #expect(sum.load(ordering: .relaxed) == 499 * 500 / 2)
}

@Test("a pool without threads runs step by step")
func steppedPool() throws {
    let pool = try WorkPool(threadLimit: 0)
    let ran = Lock<[Int]>([])
    for number in 0..<3 { pool.run { ran.withLock { $0.append(number) } } }
    #expect(pool.waitingCount == 3)
    while pool.step() {}
    #expect(ran.withLock { $0 } == [0, 1, 2])
    pool.stop()
}

@Test("a latch passes as many waiters as it had signals")
func latch() throws {
    let latch = try Latch()
    latch.signal()
    latch.signal()
    #expect(latch.wait(atMost: .zero))
    #expect(latch.wait(atMost: .zero))
    #expect(!latch.wait(atMost: .milliseconds(1)))
}

/// Threads for tests, which must not use the loops' own.
enum Thread {
    static func detach(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        pthread_detach(thread)
    }
}
