// The power goes at every operation of a compaction: whatever is found afterwards is the log as it was or as
// it was to become, never a part of either.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

@Suite("compaction and crashes")
struct CompactionCrashTests {
    /// A log of several segments with every key many times; all of it is closed and durable.
    private func history(on disk: SimulatedDisk, seed: UInt64, batches: Int = 24) throws -> (
        Rig, PartitionLog, [FoundRecord]
    ) {
        var random = SeededRandom(seed: seed)
        var config = LogConfig.compacting
        config.fileDeleteDelay = .zero
        let rig = try Rig(config: config, disk: disk)
        let log = try rig.create()
        var sequence: Int32 = 0
        for tag in 0..<batches {
            let records = (0..<Int.random(in: 1...3, using: &random)).map { index in
                Keyed("k\(Int.random(in: 0..<9, using: &random))", "\(tag).\(index)")
            }
            try log.append(try keyed(records, producer: TestProducer(id: 3, sequence: sequence)))
            sequence += Int32(records.count)
        }
        try rig.seal(log)
        return (rig, log, try log.records())
    }

    @Test(
        "a power cut or a kill at any operation loses no key, brings nothing back, and compaction goes on",
        arguments: [1, 2] as [UInt64])
    func everywhere(seed: UInt64) throws {
        var step = 1
        while true {
            let disk = SimulatedDisk(seed: seed &* 1000 &+ UInt64(step))
            let (rig, log, written) = try history(on: disk, seed: seed)
            disk.crash(after: step)
            rig.compact(mapBytes: seed == 2 ? 8 * CompactionMap.slotBytes : 1 << 20)
            _ = rig.directory.removeDeletedSegments(at: .max)
            let isDead = disk.isDead
            let end = log.bounds.logEnd
            for next in [disk.afterPowerCut(), disk.afterKill()] {
                try check(try rig.reopened(on: next), written, end, "seed \(seed), operation \(step)")
            }
            if !isDead { break }
            step += 1
        }
        #expect(step > 20)
    }

    private func check(_ rig: Rig, _ written: [FoundRecord], _ end: Offset, _ note: String) throws {
        let log = try rig.openLog()
        #expect(log.bounds.logEnd == end && log.bounds.logStart == .zero, "\(note)")
        let found = try log.records()
        #expect(found.allSatisfy { record in written.contains(record) }, "\(note): not what was written")
        try expectLast(found, written, note)
        let names = try rig.disk.list("/data/t-0").map(\.name)
        for ending in [".cleaned", ".swap", ".deleted"] {
            #expect(!names.contains { $0.hasSuffix(ending) }, "\(note): \(ending)")
        }
        // It goes on, and ends where it would have ended.
        let producer = TestProducer(id: 3, sequence: Int32(written.count))
        let fresh = Keyed("fresh", "1")
        try log.append(try keyed([fresh], producer: producer))
        try rig.seal(log)
        rig.compact()
        let settled = try log.records()
        try expectLast(settled, written + [FoundRecord(offset: end.value, record: fresh)], note)
        #expect(settled.count == Set(written.map(\.record.key)).count + 1, "\(note): not compacted")
    }

    /// The last record of each key is there.
    private func expectLast(_ found: [FoundRecord], _ written: [FoundRecord], _ note: String) throws {
        var last: [String: FoundRecord] = [:]
        for record in written { last[record.record.key] = record }
        for record in last.values { #expect(found.contains(record), "\(note): \(record) is gone") }
    }

    @Test("without any checkpoint a compacted log is whole, holes and all")
    func noCheckpoints() throws {
        let disk = SimulatedDisk(seed: 9)
        let (rig, log, written) = try history(on: disk, seed: 9)
        rig.compact()
        let next = disk.afterKill()
        for entry in try next.list("/data") where entry.name.hasSuffix("checkpoint") {
            try next.remove("/data/" + entry.name)
        }
        try check(try rig.reopened(on: next), written, log.bounds.logEnd, "without checkpoints")
    }

    @Test("a planted mistake is found: segments are replaced before the recovery point is written down")
    func planted() throws {
        // What compaction takes away at the end of a segment leaves a hole before the next one, which beyond
        // the recovery point passes for a lost write.
        let disk = SimulatedDisk(seed: 9)
        let (rig, log, _) = try history(on: disk, seed: 9, batches: 40)
        let stale = Array("0\n1\nt 0 1\n".utf8)
        let checkpoint = "/data/recovery-point-offset-checkpoint"
        try disk.replace(checkpoint, with: stale, isDurable: true)
        let candidate = try #require(
            try rig.open(log).compactionCandidate(from: nil, at: rig.clock.wallTime()))
        let pace = CompactionPace(
            bytesPerSecond: .infinity, clock: rig.clock, pause: { _ in }, isStopping: { false })
        _ = try rig.open(log).compact(candidate, at: rig.clock.wallTime(), CompactionSettings(), pace) {}
        let again = try rig.reopened(on: disk.afterKill())
        do throws(StorageError) {
            _ = try again.openLog()
            Issue.record("it is served")
        } catch {
            // The snapshot of its producers tells that there was more.
            #expect(error.description.contains("was durable up to"), "\(error)")
        }
    }
}
