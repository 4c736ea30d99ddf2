// Work in pieces on several threads.
import Base
import Testing

@Test("every piece is done once, whatever the number of threads", arguments: [0, 1, 2, 1000], [1, 2, 7])
func runsEachOnce(count: Int, threads: Int) {
    let counts = Lock([Int](repeating: 0, count: count))
    runInParallel(count, threads: threads) { number in counts.withLock { $0[number] += 1 } }
    #expect(counts.withLock { $0 } == [Int](repeating: 1, count: count))
}
