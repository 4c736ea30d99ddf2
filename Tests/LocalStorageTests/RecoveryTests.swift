// Crashes: at every operation that changes the disk, in the middle of a tail, and below what was known to be
// durable.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

/// A batch as it stands in a log at `offset`, in leader epoch 0.
private func stamped(_ batch: [UInt8], at offset: Offset) -> [UInt8] {
    var writer = ByteWriter()
    writer.raw(batch)
    writer.replace(at: BatchLayout.baseOffset, with: offset.value)
    writer.replace(at: BatchLayout.leaderEpoch, with: Int32(0))
    return writer.bytes
}

/// Appends and flushes until the power goes; notes what was promised.
private struct Storm {
    /// Segments of 1,500 bytes; or larger ones, which are padded while they grow.
    var scale = 1
    var acknowledged: [[UInt8]] = []
    var written: [[UInt8]] = []

    /// Runs a fixed history on `disk`, as far as it gets.
    mutating func run(on disk: SimulatedDisk, seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        do {
            let rig = try Rig(config: config, disk: disk)
            let log = try rig.create()
            for tag in 0..<25 {
                let spec = BatchSpec(
                    count: Int.random(in: 1...4, using: &random), bytes: 60 * scale, tag: tag)
                // Noted before the append: what was being written when the power went may have reached the
                // disk whole.
                let batch = try spec.bytes()
                written.append(stamped(batch, at: log.bounds.logEnd))
                try log.append(batch)
                if random.chance(40) { rig.flush() }
                if random.chance(5) { try rig.directory.writeCheckpoints() }
                let end = log.bounds.highWatermark
                acknowledged = try written.filter { try header(of: $0).nextOffset <= end }
            }
            try rig.directory.stop(brokerEpoch: 3)
            acknowledged = written
        } catch _ as StorageError {
            #expect(disk.isDead)
        }
    }

    private var config: LogConfig {
        var config = LogConfig.tiny
        config.segmentBytes = 1500 * scale
        config.indexIntervalBytes = 100
        return config
    }

    func check(on disk: SimulatedDisk, _ note: String) throws {
        let rig = try Rig(config: config, disk: disk)
        guard try rig.directory.partitions().contains(where: { $0.topicID != nil }) else {
            #expect(acknowledged.isEmpty, "\(note): the partition is gone")
            return
        }
        let log = try rig.openLog()
        let batches = try log.allBatches()
        #expect(log.bounds.highWatermark == log.bounds.logEnd, "\(note)")
        #expect(batches.count >= acknowledged.count, "\(note): acknowledged batches are gone")
        // The content of an offset never changes: what is there is what was written, in its order, without a
        // hole.
        #expect(
            batches.elementsEqual(written.prefix(batches.count)), "\(note): other bytes than were written")
        // And it goes on: what is appended now survives another cut.
        try log.append(BatchSpec(count: 1, bytes: 10, tag: 1000))
        rig.flush()
        #expect(
            try rig.reopened(on: disk.afterPowerCut()).openLog().allBatches().count == batches.count + 1,
            "\(note)")
    }
}

@Test(
    "a power cut at any operation loses nothing durable and changes no offset",
    arguments: UInt64(0)..<6, [1, 40])
func powerCutAnywhere(seed: UInt64, scale: Int) throws {
    var total = Storm(scale: scale)
    let whole = SimulatedDisk(seed: seed)
    try total.run(on: whole, seed: seed)
    for operation in 1...whole.operations {
        let disk = SimulatedDisk(seed: seed &* 1000 &+ UInt64(operation))
        disk.crash(after: operation)
        var storm = Storm(scale: scale)
        try storm.run(on: disk, seed: seed)
        try storm.check(on: disk.afterPowerCut(), "seed \(seed), operation \(operation)")
    }
}

@Test("after kill -9 in the middle of padded segments every batch is there, and the padding is not")
func killAmongPadding() throws {
    var config = LogConfig.tiny
    config.segmentBytes = 100_000
    let rig = try Rig(config: config)
    let log = try rig.create()
    for tag in 0..<55 { try log.append(BatchSpec(count: 1, bytes: 5000, tag: tag)) }
    let disk = rig.disk.afterKill()
    func logs() throws -> [Int64] {
        try disk.list("/data/t-0").filter { $0.name.hasSuffix(".log") }.map(\.sizeBytes)
    }
    let written = try log.allBatches(upTo: .logEnd)
    let bytes = Int64(written.reduce(0) { $0 + $1.count })
    #expect(try logs().reduce(0, +) > bytes, "nothing was padded")
    #expect(try rig.reopened(on: disk).openLog().allBatches() == written)
    #expect(try logs().reduce(0, +) == bytes)
    #expect(try disk.list("/data/t-0").allSatisfy { !$0.name.hasSuffix(".quarantine") })
}

@Test("after kill -9 the page cache is made durable before it counts as such")
func killThenPowerCut() throws {
    let rig = try Rig(config: .tiny)
    let log = try rig.create()
    for tag in 0..<20 { try log.append(BatchSpec(count: 1, bytes: 100, tag: tag)) }
    let killed = try rig.reopened(on: rig.disk.afterKill())
    #expect(try killed.openLog().allBatches().count == 20)
    #expect(try killed.reopened(on: killed.disk.afterPowerCut()).openLog().allBatches().count == 20)
}

@Test("a log that was torn at any byte ends with the last whole batch, and the rest is kept aside")
func tornTails() throws {
    let rig = try Rig()
    let log = try rig.create()
    for tag in 0..<2 { try log.append(BatchSpec(count: 2, bytes: 20, tag: tag)) }
    rig.flush()
    let whole = try log.allBatches()
    let size = whole.reduce(0) { $0 + $1.count }
    for length in 0..<size {
        let disk = rig.disk.afterKill()
        let file = try disk.open("/data/t-0/00000000000000000000.log", .existing)
        try file.truncate(to: Int64(length))
        let next = try rig.reopened(on: disk)
        let kept = try next.openLog().allBatches()
        let expected = length < whole[0].count ? 0 : 1
        #expect(kept.elementsEqual(whole[..<expected]), "length \(length)")
        let cut = whole.flatMap { $0 }[(expected == 0 ? 0 : whole[0].count)..<length]
        let aside = try disk.list("/data/t-0").filter { $0.name.hasSuffix(".quarantine") }
        // Zeros are what a file system leaves where nothing was written.
        #expect(
            aside.map(\.sizeBytes) == (cut.contains { $0 != 0 } ? [Int64(cut.count)] : []), "length \(length)"
        )
    }
}

@Test("damage below the recovery point is refused for that partition alone, with file and position")
func damageBelowTheBound() throws {
    let rig = try Rig()
    let log = try rig.create()
    for tag in 0..<10 { try log.append(BatchSpec(count: 1, bytes: 100, tag: tag)) }
    rig.flush()
    try rig.directory.writeCheckpoints()
    let other = try rig.create("other")
    for tag in 0..<3 { try other.append(BatchSpec(count: 1, bytes: 100, tag: tag)) }
    rig.flush()
    let disk = rig.disk.afterKill()
    let file = try disk.open("/data/t-0/00000000000000000000.log", .existing)
    try file.truncate(to: file.size() - 1)
    let next = try rig.reopened(on: disk)
    do throws(StorageError) {
        _ = try next.openLog()
        Issue.record("the damaged partition was opened")
    } catch {
        guard case .corrupt(let path, let position, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(path.hasSuffix("t-0/00000000000000000000.log"))
        #expect(position > 0)
    }
    #expect(try next.openLog("other").allBatches().count == 3)
}

@Test(
    "missing, empty, odd and garbled index files are rebuilt, after a clean stop and after a crash",
    arguments: [".index", ".timeindex"], ["missing", "empty", "odd", "garbled"])
func indexesAreRebuilt(suffix: String, damage: String) throws {
    for isClean in [true, false] {
        let rig = try Rig(config: .tiny)
        let log = try rig.create()
        for tag in 0..<100 { try log.append(BatchSpec(count: 1, bytes: 100, tag: tag)) }
        rig.flush()
        let expected = try log.allBatches()
        if isClean { try rig.directory.stop(brokerEpoch: 1) }
        let disk = rig.disk.afterKill()
        for entry in try disk.list("/data/t-0") where entry.name.hasSuffix(suffix) {
            let path = "/data/t-0/" + entry.name
            if damage == "missing" {
                try disk.remove(path)
                continue
            }
            let file = try disk.open(path, .existing)
            if damage == "empty" { try file.truncate(to: 0) }
            if damage == "odd" { try file.truncate(to: 13) }
            if damage == "garbled" {
                try file.write([UInt8](repeating: 0xee, count: Int(file.size())).rawSpan, at: 0)
            }
        }
        let next = try rig.reopened(on: disk)
        let reopened = try next.openLog()
        #expect(try reopened.allBatches() == expected)
        for offset in 0..<100 {
            let first = try header(of: try reopened.bytes(from: Offset(Int64(offset)), maxBytes: 1))
            #expect(first.baseOffset == Offset(Int64(offset)))
        }
    }
}

@Test("after a clean stop nothing is scanned, and the marker goes before the first write")
func cleanStop() throws {
    let rig = try Rig(config: .tiny)
    let log = try rig.create()
    for tag in 0..<50 { try log.append(BatchSpec(count: 1, bytes: 100, tag: tag)) }
    try rig.directory.stop(brokerEpoch: 42)
    #expect(throws: StorageError.self) { try log.append(BatchSpec(count: 1, bytes: 1, tag: 0)) }
    let directory = try Rig.open(rig.disk, rig.clock, rig.lines)
    #expect(directory.cleanStop == CleanStop(brokerEpoch: 42))
    #expect(try rig.disk.entry(at: "/data/.kafka_cleanshutdown") != nil)
    try directory.start(startsThread: false)
    #expect(try rig.disk.afterPowerCut().entry(at: "/data/.kafka_cleanshutdown") == nil)
    // A batch in the middle is damaged: whoever trusts the files does not see it.
    let names = try rig.disk.list("/data/t-0").map(\.name).filter { $0.hasSuffix(".log") }
    let damaged = try rig.disk.open("/data/t-0/" + names[1], .existing)
    try damaged.write([0xff].rawSpan, at: 200)
    let reopened = try directory.openPartition(partition("t"), id: Rig.topicID, config: rig.config)
    #expect(reopened.bounds.logEnd == Offset(50))
}

@Test("a log that lost whole batches below its recovery point is refused, again at the next start")
func lostTail() throws {
    let rig = try Rig()
    let log = try rig.create()
    for tag in 0..<3 { try log.append(BatchSpec(count: 1, bytes: 100, tag: tag)) }
    rig.flush()
    try rig.directory.writeCheckpoints()
    let disk = rig.disk.afterKill()
    let size = try log.allBatches()[0].count
    try disk.open("/data/t-0/00000000000000000000.log", .existing).truncate(to: Int64(size * 2))
    for _ in 0..<2 {
        let next = try rig.reopened(on: disk)
        #expect(throws: StorageError.self) { try next.openLog() }
        // The others stop as they should, but the marker would vouch for this one too.
        try next.directory.stop(brokerEpoch: 1)
        #expect(try disk.entry(at: "/data/.kafka_cleanshutdown") == nil)
    }
}

@Test("a partition that was made anew does not inherit the checkpoints of its predecessor")
func recreatedPartition() throws {
    let rig = try Rig()
    let log = try rig.create()
    for tag in 0..<30 { try log.append(BatchSpec(count: 1, bytes: 100, tag: tag)) }
    rig.flush()
    try log.trim(to: Offset(20))
    try rig.directory.writeCheckpoints()
    try rig.directory.deletePartition(partition("t"))
    let again = try rig.create()
    for tag in 0..<3 { try again.append(BatchSpec(count: 1, bytes: 100, tag: tag)) }
    rig.flush()
    let reopened = try rig.reopened(on: rig.disk.afterPowerCut()).openLog()
    #expect(reopened.bounds.logStart == .zero)
    #expect(reopened.bounds.logEnd == Offset(3))
}

@Test("the first record of a partition that was empty across a start is safe", arguments: UInt64(0)..<20)
func emptyAcrossStarts(seed: UInt64) throws {
    for isClean in [true, false] {
        let rig = try Rig(seed: seed)
        _ = try rig.create()
        if isClean { try rig.directory.stop() }
        let next = try rig.reopened(on: rig.disk.afterKill())
        try next.openLog().append(BatchSpec(count: 1, bytes: 10, tag: 1))
        next.flush()
        let last = try next.reopened(on: next.disk.afterPowerCut())
        #expect(try last.openLog().allBatches().count == 1)
    }
}

@Test("a clean stop takes no look at partitions that were not used, and leaves no descriptors behind")
func stopOfIdlePartitions() throws {
    let rig = try Rig()
    for index in 0..<50 { _ = try rig.create("idle\(index)") }
    let log = try rig.create("used")
    try log.append(BatchSpec(count: 1, bytes: 10, tag: 1))
    rig.flush()
    var before = rig.disk.operations
    try rig.directory.stop()
    let first = rig.disk.operations - before
    let next = try rig.reopened()
    for index in 0..<50 { _ = try next.openLog("idle\(index)") }
    #expect(try next.openLog("used").allBatches().count == 1)
    before = rig.disk.operations
    try next.directory.stop()
    let second = rig.disk.operations - before
    // The checkpoints and the marker; the first time also indexes, epochs and a snapshot of the one in use.
    #expect(second < 30)
    #expect(first < 50)
}
