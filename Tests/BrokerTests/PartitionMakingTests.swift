// The thread that makes and deletes partitions.
import Base
import Glibc
import TestSupport
import Testing

@testable import Broker

@Suite struct PartitionMakingTests {
    @Test("a stop waits for what is being made or deleted, and begins nothing more", .endsHangs)
    func stopWaits() {
        let making = PartitionMaking()
        let hasBegun = Signal()
        let done = Lock<[Int]>([])
        for number in 0..<3 {
            making.add(
                PartitionMaking.Job(
                    work: { _ in
                        hasBegun.raise()
                        usleep(20_000)
                        done.withLock { $0.append(number) }
                    }, partitions: [], done: {}))
        }
        hasBegun.wait()
        making.stop()
        let before = done.withLock { $0 }
        #expect(before.first == 0)
        usleep(50_000)
        #expect(done.withLock { $0 } == before)
        making.stop()
    }
}
