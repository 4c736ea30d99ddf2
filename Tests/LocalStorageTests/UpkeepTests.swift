// What happens to logs now and then, without traffic.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

private let hour: Int64 = 3_600_000

@Suite("upkeep of logs")
struct UpkeepTests {
    private var config: LogConfig {
        var config = LogConfig()
        config.segmentAgeMax = .milliseconds(hour)
        return config
    }

    private func bases(_ rig: Rig) throws -> [Offset] {
        try rig.disk.list("/data/t-0").compactMap { Segment.offset(in: $0.name, suffix: ".log") }
    }

    @Test("a segment that came of age is closed without traffic, sealed, and known at the next start")
    func rollsByAge() throws {
        let rig = try Rig(config: config)
        let log = try rig.create()
        var spec = BatchSpec(count: 3, bytes: 100, tag: 1)
        spec.producer = (id: 9, epoch: 0, sequence: 0)
        try log.append(spec)
        rig.flush()
        let begun = rig.clock.wallTime()
        let due = rig.directory.rollAgedSegments(at: begun)
        #expect(due == Timestamp(milliseconds: begun.milliseconds + hour + 1))
        rig.clock.advance(milliseconds: hour)
        #expect(rig.directory.rollAgedSegments(at: rig.clock.wallTime()) == due)
        #expect(try bases(rig) == [.zero])
        rig.clock.advance(milliseconds: 1)
        #expect(rig.directory.rollAgedSegments(at: rig.clock.wallTime()) == nil)
        #expect(try bases(rig) == [.zero, Offset(3)])
        rig.flush()
        let names = try rig.disk.list("/data/t-0").map(\.name)
        #expect(names.contains("00000000000000000000.timeindex"))
        #expect(names.contains("00000000000000000003.snapshot"))
        let next = try rig.reopened(on: rig.disk.afterPowerCut()).openLog()
        #expect(next.bounds.logEnd == Offset(3))
        #expect(try next.allBatches().count == 1)
        try next.append(BatchSpec(count: 1, bytes: 10, tag: 2))
    }

    @Test("an empty segment is never closed, and one without an end to its age neither")
    func nothingToClose() throws {
        var config = config
        let empty = try Rig(config: config)
        _ = try empty.create()
        empty.clock.advance(milliseconds: 100 * hour)
        #expect(empty.directory.rollAgedSegments(at: empty.clock.wallTime()) == nil)
        config.segmentAgeMax = .milliseconds(Int64.max)
        let endless = try Rig(config: config)
        try endless.create().append(BatchSpec(count: 1, bytes: 10, tag: 1))
        #expect(endless.directory.rollAgedSegments(at: endless.clock.wallTime()) == nil)
    }

    @Test("old records that are copied in now share a segment until their log has been silent for a while")
    func oldRecords() throws {
        let rig = try Rig(config: config)
        let log = try rig.create()
        for tag in 0..<3 {
            var spec = BatchSpec(count: 1, bytes: 10, tag: tag)
            spec.timestamps = [1_000_000_000_000]
            try log.append(spec)
            #expect(rig.directory.rollAgedSegments(at: rig.clock.wallTime()) != nil)
            rig.clock.advance(milliseconds: 60_000)
        }
        #expect(try bases(rig) == [.zero])
        rig.clock.advance(milliseconds: 600_000)
        #expect(rig.directory.rollAgedSegments(at: rig.clock.wallTime()) == nil)
        #expect(try bases(rig) == [.zero, Offset(3)])
    }

    @Test("with jitter each log closes its segment at a time of its own, never later than segment.ms")
    func jitter() throws {
        var config = config
        config.segmentJitter = .milliseconds(hour / 2)
        let rig = try Rig(config: config)
        let begun = rig.clock.wallTime().milliseconds
        var due: Set<Int64> = []
        for index in 0..<20 {
            let log = try rig.create("t\(index)")
            try log.append(BatchSpec(count: 1, bytes: 10, tag: index))
            due.insert(try #require(try log.rollIfAged(at: rig.clock.wallTime())).milliseconds - begun)
        }
        #expect(due.count > 10)
        #expect(due.allSatisfy { $0 > hour / 2 && $0 <= hour + 1 })
    }

    @Test("a segment that cannot be opened is tried again, and the log goes on")
    func failingRoll() throws {
        let rig = try Rig(config: config)
        let log = try rig.create()
        try log.append(BatchSpec(count: 1, bytes: 10, tag: 1))
        rig.clock.advance(milliseconds: 2 * hour)
        rig.disk.fail(.open, suffix: "01.log", errno: 28)
        let now = rig.clock.wallTime()
        #expect(rig.directory.rollAgedSegments(at: now)?.milliseconds == now.milliseconds + 60_000)
        #expect(rig.lines.all.contains { $0.contains("segment_roll.failed") })
        #expect(rig.directory.rollAgedSegments(at: now) == nil)
        try log.append(BatchSpec(count: 1, bytes: 10, tag: 2))
        rig.flush()
        #expect(try log.allBatches().count == 2)
    }

    @Test("producers that fell silent are forgotten while the log is open")
    func producers() throws {
        let rig = try Rig(config: config)
        let log = try rig.create()
        var spec = BatchSpec(count: 1, bytes: 10, tag: 1)
        spec.producer = (id: 9, epoch: 0, sequence: 0)
        try log.append(spec)
        #expect(rig.directory.expireProducers(at: rig.clock.wallTime()))
        rig.clock.advance(milliseconds: 25 * hour)
        #expect(!rig.directory.expireProducers(at: rig.clock.wallTime()))
        #expect(log.producerCount == 0)
    }
}
