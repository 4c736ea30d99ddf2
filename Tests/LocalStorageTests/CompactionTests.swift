// What compaction leaves of a log, record for record.
import Base
import Compression
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

@Suite("compaction")
struct CompactionTests {
    private func rig(_ change: (inout LogConfig) -> Void = { _ in }) throws -> (Rig, PartitionLog) {
        var config = LogConfig.compacting
        change(&config)
        let rig = try Rig(config: config)
        return (rig, try rig.create())
    }

    @Test(
        "each key keeps its last record at its offset, in every codec and with maps of any size",
        arguments: Array(1...6) as [UInt64])
    func lastOfEachKey(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let (rig, log) = try rig()
        var written: [FoundRecord] = []
        for round in 0..<3 {
            for tag in 0..<60 {
                let records = (0..<Int.random(in: 1...5, using: &random)).map { index in
                    let key = "k\(Int.random(in: 0..<40, using: &random))"
                    let value = random.chance(15) ? nil : "\(round).\(tag).\(index)"
                    return Keyed(key, value)
                }
                let start = log.bounds.logEnd.value
                let codec = CompressionCodec.allCases[tag % CompressionCodec.allCases.count]
                try log.append(try keyed(records, codec: codec))
                written += records.enumerated().map { FoundRecord(offset: start + Int64($0), record: $1) }
            }
            try rig.seal(log)
            // Room for about ten keys at a time makes many passes.
            let passes = rig.compact(mapBytes: seed % 2 == 0 ? 12 * CompactionMap.slotBytes : 1 << 20)
            #expect(seed % 2 == 0 ? passes > 2 : passes == 1)
            try check(log, written)
            rig.clock.advance(milliseconds: 400)
        }
        for disk in [rig.disk.afterPowerCut(), rig.disk.afterKill()] {
            let next = try rig.reopened(on: disk)
            try check(try next.openLog(), written)
        }
        try rig.directory.stop()
        try check(try rig.reopened().openLog(), written)
    }

    /// Compares the log with a map over all that was written.
    private func check(_ log: PartitionLog, _ written: [FoundRecord]) throws {
        var last: [String: FoundRecord] = [:]
        for found in written { last[found.record.key] = found }
        let kept = try log.records()
        // Order and offsets are as they were, and each record is one that was written there.
        #expect(zip(kept, kept.dropFirst()).allSatisfy { $0.offset < $1.offset })
        #expect(kept.allSatisfy { written[Int($0.offset)] == $0 })
        // Only tombstones may be missing, and nothing is there twice.
        #expect(Set(kept.map(\.record.key)).count == kept.count)
        for (key, found) in last where found.record.value != nil {
            #expect(kept.contains(found), "the last record of \(key)")
        }
        for record in kept { #expect(last[record.record.key] == record) }
        try lookups(log, kept)
    }

    /// Each record is found by its offset and from every offset before it; so is the end.
    private func lookups(_ log: PartitionLog, _ kept: [FoundRecord]) throws {
        var next = kept[...]
        for offset in stride(from: Int64(0), to: log.bounds.logEnd.value, by: 7) {
            while let first = next.first, first.offset < offset { next = next.dropFirst() }
            let bytes = try log.bytes(from: Offset(offset), maxBytes: 1)
            guard let due = next.first else { continue }
            let head = try header(of: bytes)
            #expect(head.lastOffset.value >= offset && head.baseOffset.value <= due.offset)
        }
    }

    @Test("a tombstone stays for delete.retention.ms after its first compaction, and then goes")
    func tombstones() throws {
        let (rig, log) = try rig()
        try log.append(try keyed([Keyed("a", "1"), Keyed("b", "1")]))
        try log.append(try keyed([Keyed("a", nil), Keyed("c", "1")]))
        try rig.seal(log)
        #expect(rig.compact() == 1)
        #expect(try log.records().map(\.record) == [Keyed("b", "1"), Keyed("a", nil), Keyed("c", "1")])
        let stamped = try log.allBatches().map { try header(of: $0) }.filter(\.attributes.hasDeleteHorizon)
        #expect(stamped.count == 1)
        #expect(
            stamped.first?.baseTimestamp.milliseconds == rig.clock.wallTime().milliseconds + 1000)
        rig.clock.advance(milliseconds: 999)
        try again(rig, log)
        #expect(try log.records().contains { $0.record.value == nil })
        rig.clock.advance(milliseconds: 1)
        try again(rig, log)
        #expect(try !log.records().contains { $0.record.value == nil })
        #expect(try log.records().first?.record == Keyed("b", "1"))
        let times = try log.allBatches().flatMap { bytes in
            try RecordBatch(reading: bytes.rawSpan).records(limitBytes: 1 << 20).map(\.timestamp)
        }
        #expect(Set(times) == [Timestamp(milliseconds: 1_700_000_000_000)])
    }

    /// Compacts once more, over something new.
    private func again(_ rig: Rig, _ log: PartitionLog) throws {
        try log.append(try keyed([Keyed("z", "\(log.bounds.logEnd)")]))
        try rig.seal(log)
        #expect(rig.compact() == 1)
    }

    @Test("a producer's last batch stays, though empty, so that its sequence goes on after a restart")
    func sequences() throws {
        let (rig, log) = try rig()
        try log.append(
            try keyed([Keyed("a", "1"), Keyed("a", "2")], producer: TestProducer(id: 5, sequence: 0)))
        let second = try keyed([Keyed("a", "3")], producer: TestProducer(id: 5, sequence: 2))
        try log.append(second)
        try log.append(try keyed([Keyed("a", "4")]))
        try rig.seal(log)
        #expect(rig.compact() == 1)
        let headers = try log.allBatches().map { try header(of: $0) }
        #expect(headers.map(\.recordCount) == [0, 1] && headers.map(\.baseSequence) == [2, -1])
        #expect(try log.records() == [FoundRecord(offset: 3, record: Keyed("a", "4"))])
        // Without any note the log itself must tell.
        let disk = rig.disk.afterKill()
        for entry in try disk.list("/data/t-0") where entry.name.hasSuffix(".snapshot") {
            try disk.remove("/data/t-0/" + entry.name)
        }
        let next = try rig.reopened(on: disk)
        let again = try next.openLog()
        guard case .duplicate(let range, _, _) = try again.append(second) else {
            Issue.record("the duplicate was appended")
            return
        }
        #expect(range.first == Offset(2))
        try again.append(try keyed([Keyed("a", "5")], producer: TestProducer(id: 5, sequence: 3)))
    }

    @Test("aborted records go at once, committed ones stay, and markers go when nothing of theirs is left")
    func transactions() throws {
        let (rig, log) = try rig()
        func write(_ producer: Int64, _ sequence: Int32, _ records: [Keyed]) throws {
            let producer = TestProducer(id: producer, sequence: sequence, isTransactional: true)
            try log.append(try keyed(records, producer: producer))
        }
        try log.append(try keyed([Keyed("a", "0"), Keyed("b", "0")]))
        try write(1, 0, [Keyed("a", "aborted")])
        try write(2, 0, [Keyed("b", "committed")])
        try log.append(try marker(producer: 1, epoch: 0, commits: false))
        try log.append(try marker(producer: 2, epoch: 0, commits: true))
        try write(1, 1, [Keyed("c", "committed")])
        try rig.seal(log)
        // The last one is open: its segment may not be compacted.
        #expect(rig.compact() == 0)
        try log.append(try marker(producer: 1, epoch: 0, commits: true))
        try rig.seal(log)
        #expect(rig.compact() == 1)
        let kept = [Keyed("a", "0"), Keyed("b", "committed"), Keyed("c", "committed")]
        #expect(try log.records().map(\.record) == kept)
        #expect(try markers(log) == 3)
        // Nothing is left of the aborted one: its marker gets a time to go.
        rig.clock.advance(milliseconds: 10)
        try again(rig, log)
        #expect(try markers(log) == 3)
        rig.clock.advance(milliseconds: 1000)
        try again(rig, log)
        #expect(try markers(log) == 2)
        #expect(try log.records().map(\.record).prefix(3) == kept[...])
    }

    private func markers(_ log: PartitionLog) throws -> Int {
        try log.allBatches().filter { try header(of: $0).attributes.isControl }.count
    }

    @Test("what aborts a transaction may lie behind the part that is compacted")
    func abortedLater() throws {
        let (rig, log) = try rig { $0.compactionLagMin = .milliseconds(5000) }
        let old = rig.clock.wallTime().milliseconds - 10_000
        let producer = TestProducer(id: 1, sequence: 0, isTransactional: true)
        try log.append(try keyed([Keyed("a", "0")], at: old))
        try log.append(try keyed([Keyed("a", "aborted")], at: old, producer: producer))
        try rig.seal(log)
        try log.append(try keyed([Keyed("x", "young")], at: rig.clock.wallTime().milliseconds))
        try log.append(try marker(producer: 1, epoch: 0, commits: false))
        try rig.seal(log)
        #expect(rig.compact() == 1)
        #expect(try log.records().map(\.record) == [Keyed("a", "0"), Keyed("x", "young")])
    }

    @Test("nothing younger than min.compaction.lag.ms is compacted, and what is due is known")
    func lag() throws {
        let (rig, log) = try rig { $0.compactionLagMin = .milliseconds(5000) }
        let now = rig.clock.wallTime().milliseconds
        for number in 0..<3 { try log.append(try keyed([Keyed("a", "\(number)")], at: now)) }
        try rig.seal(log)
        #expect(rig.compact() == 0)
        let candidate = try rig.open(log).compactionCandidate(from: nil, at: rig.clock.wallTime())
        #expect(candidate?.due == Timestamp(milliseconds: now + 5000) && candidate?.dirtyBytes == 0)
        rig.clock.advance(milliseconds: 5000)
        #expect(rig.compact() == 1)
        #expect(try log.records().count == 1)
    }

    @Test("max.compaction.lag.ms compacts what the dirty ratio would leave")
    func overdue() throws {
        let (rig, log) = try rig {
            $0.dirtyRatioMin = 1
            $0.compactionLagMax = .milliseconds(3_600_000)
        }
        let now = rig.clock.wallTime().milliseconds
        for number in 0..<3 { try log.append(try keyed([Keyed("a", "\(number)")], at: now)) }
        try rig.seal(log)
        #expect(rig.compact() == 0)
        #expect(
            try rig.open(log).compactionCandidate(from: nil, at: rig.clock.wallTime())?.due
                == Timestamp(milliseconds: now + 3_600_001))
        rig.clock.advance(milliseconds: 3_600_001)
        #expect(rig.compact(rounds: 1) == 1)
        #expect(try log.records().count == 1)
    }

    @Test("small segments become one, readers of the old ones go on, and the time index is exact")
    func grouping() throws {
        let (rig, log) = try rig()
        for number in 0..<100 {
            try log.append(
                try keyed(
                    [Keyed("k\(number % 10)", String(repeating: "x", count: 100))],
                    at: 1_700_000_000_000 + Int64(number)))
        }
        try rig.seal(log)
        let slice = try log.read(from: Offset(40), maxBytes: 200)
        // The first time they become small, the second time one.
        #expect(rig.compact() == 1)
        try log.append(try keyed([Keyed("z", "")]))
        try rig.seal(log)
        #expect(rig.compact() == 1)
        let names = try rig.disk.list("/data/t-0").map(\.name)
        #expect(names.filter { $0.hasSuffix(".log") }.count <= 5)
        #expect(!names.contains { $0.hasSuffix(".cleaned") || $0.hasSuffix(".swap") })
        var bytes: [UInt8] = []
        try slice.copy(into: &bytes)
        #expect(try header(of: bytes).baseOffset == Offset(40))
        for time in [0, 50, 93, 99] as [Int64] {
            let hit = try log.offset(forTimestamp: Timestamp(milliseconds: 1_700_000_000_000 + time))
            #expect(hit?.offset == Offset(max(90, time)))
        }
        #expect(try log.offsetOfMaxTimestamp()?.offset == Offset(99))
        #expect(try log.bytes(from: Offset(17)) == log.bytes(from: Offset(90)))
    }

    @Test("compact,delete does both: what is too old goes whole, what is left is compacted")
    func both() throws {
        let (rig, log) = try rig {
            $0.deletes = true
            $0.retentionAge = .milliseconds(86_400_000)
        }
        try log.append(try keyed([Keyed("a", "1"), Keyed("b", "1")]))
        try rig.seal(log)
        let now = rig.clock.wallTime().milliseconds
        for number in 0..<3 { try log.append(try keyed([Keyed("a", "\(number)")], at: now + 200_000_000)) }
        try rig.seal(log)
        _ = rig.directory.expireSegments(at: Timestamp(milliseconds: now + 200_000_000))
        #expect(rig.compact() == 1)
        #expect(try log.records() == [FoundRecord(offset: 4, record: Keyed("a", "2"))])
        #expect(log.bounds.logStart == Offset(2))
    }

    @Test("a damaged log is left alone, a full disk is tried again, and neither harms the log")
    func failures() throws {
        let (rig, log) = try rig()
        for number in 0..<20 { try log.append(try keyed([Keyed("a", "\(number)")])) }
        try rig.seal(log)
        rig.disk.fail(.write, suffix: ".cleaned", errno: 28)
        let pace = CompactionPace(
            bytesPerSecond: .infinity, clock: rig.clock, pause: { _ in }, isStopping: { false })
        let now = rig.clock.wallTime()
        #expect(
            rig.directory.compactNext(at: now, CompactionSettings(), pace)
                == .idle(until: Timestamp(milliseconds: now.milliseconds + 60_000)))
        #expect(try !rig.disk.list("/data/t-0").contains { $0.name.hasSuffix(".cleaned") })
        #expect(try log.records().count == 20)
        rig.disk.fail(.read, suffix: ".log", errno: 5)
        #expect(rig.compact() == 1)
        #expect(rig.lines.all.contains { $0.contains("compaction.given_up") })
        #expect(rig.compact() == 0)
        #expect(try log.records().count == 20)
    }

    @Test("compaction reads and writes no faster than it may, and stops when it is told to")
    func pace() throws {
        let (rig, log) = try rig()
        for number in 0..<200 { try log.append(try keyed([Keyed("a", "\(number)")])) }
        try rig.seal(log)
        let rested = Lock(Int64(0))
        let stops = Lock(false)
        let pace = CompactionPace(
            bytesPerSecond: 1000, clock: rig.clock, pause: { time in rested.withLock { $0 += time } },
            isStopping: { stops.withLock { $0 } })
        #expect(rig.directory.compactNext(at: rig.clock.wallTime(), CompactionSettings(), pace) == .compacted)
        // The clock stands still, so each rest is the whole debt; the last one is twice the log's size.
        #expect(rested.withLock { $0 } > 2 * 14_000 * 1_000_000)
        try log.append(try keyed([Keyed("a", "new")]))
        try rig.seal(log)
        stops.withLock { $0 = true }
        #expect(
            rig.directory.compactNext(at: rig.clock.wallTime(), CompactionSettings(), pace)
                == .idle(until: nil)
        )
    }
}
