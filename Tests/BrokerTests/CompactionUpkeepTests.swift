// When compaction is run by a broker: after something was written, and then no more.
import Base
import Records
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("compaction by itself")
struct CompactionUpkeepTests {
    @Test("a log is compacted soon after it was written, and then nothing is armed")
    func once() throws {
        let rig = try DirectoryRig()
        let scheduler = UpkeepScheduler(clock: rig.clock)
        let announced = Lock(0)
        let begin = CompactionUpkeep.begin(
            rig.directory, on: scheduler, { CompactionSettings(BrokerSettings()) }, clock: rig.clock
        ) { announced.withLock { $0 += 1 } }
        begin()
        rig.clock.advance(milliseconds: 15_000)
        #expect(scheduler.runDue() == nil)
        var config = LogConfig()
        config.compacts = true
        config.segmentBytes = 500
        let id = TopicPartition(topic: "t", partition: PartitionIndex(0))
        let log = try rig.directory.createPartition(id, id: UUID(high: 3, low: 4), config: config)
        for number in 0..<20 {
            var builder = BatchBuilder(BatchOptions())
            builder.append(
                timestamp: Timestamp(milliseconds: 1_700_000_000_000), key: [1], value: [UInt8(number)])
            var batch = try builder.finish()
            let header = try BatchHeader(reading: batch.span.bytes)
            var span = batch.mutableSpan
            var bytes = span.mutableBytes
            _ = try log.append(&bytes, header: header)
        }
        while rig.directory.flusher.flushOnce() {}
        rig.clock.advance(milliseconds: 14_999)
        #expect(scheduler.runDue() == 1_000_000)
        #expect(announced.withLock { $0 } == 0)
        rig.clock.advance(milliseconds: 1)
        #expect(scheduler.runDue() == nil)
        #expect(announced.withLock { $0 } == 1)
        #expect(rig.lines.all.contains { $0.contains("log.compacted") })
    }

    @Test("compaction can be turned off", arguments: ["log.cleaner.enable", "log.cleaner.threads"])
    func off(key: String) throws {
        var settings = BrokerSettings()
        if key == "log.cleaner.enable" {
            settings.cleanerEnabled = false
        } else {
            settings.cleanerThreads = 0
        }
        #expect(UpkeepSettings(settings).compaction == nil)
    }

    @Test("a rest in the middle of a job ends when the scheduler stops")
    func rest() {
        let scheduler = UpkeepScheduler(clock: SystemClock())
        let begun = Signal()
        let job = scheduler.add {
            begun.raise()
            scheduler.rest(nanoseconds: 3_600_000_000_000)
            return nil
        }
        scheduler.start()
        scheduler.request(job, within: .zero)
        begun.wait()
        scheduler.stop()
        #expect(scheduler.isStopping)
    }
}
