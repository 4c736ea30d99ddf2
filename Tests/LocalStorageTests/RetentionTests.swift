// Deletion by age and by size, and of what lies before the start of a log.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

private let day: Int64 = 86_400_000

@Suite("retention")
struct RetentionTests {
    private func rig(_ change: (inout LogConfig) -> Void = { _ in }) throws -> (Rig, PartitionLog) {
        var config = LogConfig.tiny
        config.segmentBytes = 1000
        change(&config)
        let rig = try Rig(config: config)
        return (rig, try rig.create())
    }

    /// One segment after another, each of three records a day younger than those before.
    private func fill(_ rig: Rig, _ log: PartitionLog, segments: Int) throws {
        for tag in 0..<segments {
            var spec = BatchSpec(count: 3, bytes: 200, tag: tag)
            spec.timestamps = Array(repeating: rig.clock.wallTime().milliseconds, count: 3)
            try log.append(spec)
            rig.clock.advance(milliseconds: day)
        }
        rig.flush()
    }

    private func logs(_ rig: Rig, _ suffix: String = ".log") throws -> [String] {
        try rig.disk.list("/data/t-0").map(\.name).filter { $0.hasSuffix(suffix) }
    }

    @Test("segments older than retention.ms go, oldest first, and the next one's day is known")
    func byAge() throws {
        let (rig, log) = try rig { $0.retentionAge = .milliseconds(7 * day) }
        try fill(rig, log, segments: 9)
        let now = rig.clock.wallTime()
        let due = try #require(rig.directory.expireSegments(at: now))
        // Written 9, 8, … 1 days ago: those of 9 and 8 days are too old.
        #expect(log.bounds.logStart == Offset(6))
        #expect(due.milliseconds == now.milliseconds + 1)
        #expect(rig.directory.expireSegments(at: due) == Timestamp(milliseconds: due.milliseconds + day))
        #expect(log.bounds.logStart == Offset(9))
        #expect(try log.allBatches().count == 6)
        #expect(throws: StorageError.self) { try log.bytes(from: Offset(8)) }
    }

    @Test("a time index whose last entry is damaged does not mislead retention", arguments: 0..<12)
    func damagedTimes(byte: Int) throws {
        let (rig, log) = try rig { $0.retentionAge = .milliseconds(7 * day) }
        try fill(rig, log, segments: 5)
        try rig.directory.stop(brokerEpoch: 1)
        for name in try logs(rig, ".timeindex") {
            let path = "/data/t-0/" + name
            let size = Int(try rig.disk.entry(at: path)?.sizeBytes ?? 0)
            guard size > 0 else { continue }
            // The records of the segment seem older or younger than they are, or another batch has the time.
            rig.disk.damage(path, at: size - 12 + byte, mask: 0x80)
        }
        let next = try rig.reopened()
        let again = try next.openLog()
        _ = next.directory.expireSegments(at: rig.clock.wallTime())
        #expect(again.bounds.logStart == .zero)
        rig.clock.advance(milliseconds: 4 * day)
        _ = next.directory.expireSegments(at: rig.clock.wallTime())
        #expect(again.bounds.logStart == Offset(6))
    }

    @Test("a log whose last record is too old is emptied, keeps its offsets, and its producers")
    func everything() throws {
        let (rig, log) = try rig { $0.retentionAge = .milliseconds(day) }
        var spec = BatchSpec(count: 4, bytes: 100, tag: 1)
        spec.producer = (id: 9, epoch: 0, sequence: 0)
        try log.append(spec)
        rig.flush()
        rig.clock.advance(milliseconds: day + 10_000_000_000)
        #expect(rig.directory.expireSegments(at: rig.clock.wallTime()) == nil)
        #expect(log.bounds.logStart == Offset(4) && log.bounds.logEnd == Offset(4))
        #expect(try logs(rig) == ["00000000000000000004.log"])
        for disk in [rig.disk.afterPowerCut(), rig.disk.afterKill()] {
            let next = try rig.reopened(on: disk)
            let again = try next.openLog()
            #expect(again.bounds.logStart == Offset(4) && again.bounds.logEnd == Offset(4))
            try again.append(BatchSpec(count: 1, bytes: 9, tag: 2))
            #expect(again.bounds.logEnd == Offset(5))
        }
    }

    @Test("what exceeds retention.bytes goes in whole segments, and never more")
    func bySize() throws {
        let (rig, log) = try rig {
            $0.retentionAge = nil; $0.retentionBytes = 2500
        }
        try fill(rig, log, segments: 6)
        let sizes = try logs(rig).compactMap { try rig.disk.entry(at: "/data/t-0/\($0)")?.sizeBytes }
        #expect(rig.directory.expireSegments(at: rig.clock.wallTime()) == nil)
        let kept = try logs(rig).count
        #expect(sizes.suffix(kept).reduce(0, +) >= 2500)
        #expect(sizes.suffix(kept - 1).reduce(0, +) < 2500)
        #expect(log.bounds.logStart == Offset(Int64(6 - kept) * 3))
    }

    @Test("a record from the future keeps its segment, and all behind it")
    func future() throws {
        let (rig, log) = try rig { $0.retentionAge = .milliseconds(day) }
        for (tag, ahead) in [(0, Int64(0)), (1, 100 * day), (2, 0)] {
            var spec = BatchSpec(count: 3, bytes: 200, tag: tag)
            spec.timestamps = Array(repeating: rig.clock.wallTime().milliseconds + ahead, count: 3)
            try log.append(spec)
        }
        rig.flush()
        rig.clock.advance(milliseconds: 10 * day)
        let due = try #require(rig.directory.expireSegments(at: rig.clock.wallTime()))
        #expect(log.bounds.logStart == Offset(3))
        #expect(due.milliseconds == rig.clock.wallTime().milliseconds + 91 * day + 1)
    }

    @Test("what is not durable is not deleted, however old it is")
    func notDurable() throws {
        let (rig, log) = try rig { $0.retentionAge = .zero }
        var spec = BatchSpec(count: 3, bytes: 200, tag: 1)
        spec.timestamps = [1, 1, 1]
        for _ in 0..<3 { try log.append(spec) }
        #expect(rig.directory.expireSegments(at: rig.clock.wallTime()) == nil)
        #expect(log.bounds.logStart == .zero)
        rig.flush()
        _ = rig.directory.expireSegments(at: rig.clock.wallTime())
        #expect(log.bounds.logStart == log.bounds.logEnd)
    }

    @Test("a compacted log is not deleted by age, but what lies before its start is")
    func compacted() throws {
        let (rig, log) = try rig {
            $0.deletes = false; $0.compacts = true; $0.retentionAge = .zero
        }
        try fill(rig, log, segments: 4)
        #expect(rig.directory.expireSegments(at: rig.clock.wallTime()) == nil)
        #expect(log.bounds.logStart == .zero)
        try log.trim(to: Offset(7))
        _ = rig.directory.expireSegments(at: rig.clock.wallTime())
        #expect(try logs(rig).first == "00000000000000000006.log")
        #expect(log.bounds.logStart == Offset(7))
    }

    @Test("who found a place in a segment reads it to the end, though it is deleted; its files go later")
    func readers() throws {
        let (rig, log) = try rig { $0.retentionAge = .milliseconds(day) }
        try fill(rig, log, segments: 3)
        let slice = try log.read(from: .zero, maxBytes: 1 << 20)
        rig.clock.advance(milliseconds: 30 * day)
        _ = rig.directory.expireSegments(at: rig.clock.wallTime())
        var bytes: [UInt8] = []
        try slice.copy(into: &bytes)
        #expect(try header(of: bytes).baseOffset == .zero)
        #expect(try logs(rig, ".log.deleted").count + logs(rig, ".1.deleted").count > 0)
        let due = try #require(
            rig.directory.removeDeletedSegments(at: rig.clock.monotonicNanoseconds()))
        #expect(due == rig.clock.monotonicNanoseconds() + 60_000_000_000)
        #expect(rig.directory.removeDeletedSegments(at: due) == nil)
        #expect(try logs(rig, ".deleted").isEmpty)
    }

    @Test("a start of the log that was written down survives a power cut at every step of what follows")
    func trimAndCut() throws {
        var step = 1
        while true {
            let disk = SimulatedDisk(seed: UInt64(step))
            let rig = try Rig(config: LogConfig.tiny, disk: disk)
            let log = try rig.create()
            for tag in 0..<30 { try log.append(BatchSpec(count: 3, bytes: 300, tag: tag)) }
            rig.flush()
            try log.trim(to: Offset(40))
            try rig.directory.writeCheckpoints()
            let last = try log.allBatches().last
            disk.crash(after: step)
            _ = rig.directory.expireSegments(at: rig.clock.wallTime())
            _ = rig.directory.removeDeletedSegments(at: .max)
            rig.directory.writeCheckpointsOrWarn()
            let next = try rig.reopened(on: disk.afterPowerCut()).openLog()
            #expect(next.bounds.logStart == Offset(40), "power cut at operation \(step)")
            #expect(next.bounds.logEnd == Offset(90), "power cut at operation \(step)")
            #expect(try next.allBatches().last == last)
            if !disk.isDead { break }
            step += 1
        }
        #expect(step > 10)
    }
}
