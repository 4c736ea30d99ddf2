// The journal: one sync for many files, and what a replay may and may not write.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

/// A directory whose journal is in use: several partitions, each with records that only the journal has.
private struct Journalled {
    var rig: Rig
    var logs: [PartitionLog] = []
    static let count = 6

    init(seed: UInt64 = 1) throws {
        rig = try Rig(seed: seed)
        for number in 0..<Self.count { logs.append(try rig.create("t\(number)")) }
        // The first turn with many files has the journal made, and uses it.
        for tag in 0..<2 { try appendToAll(tag) }
    }

    func appendToAll(_ tag: Int) throws {
        for (number, log) in logs.enumerated() {
            try log.append(BatchSpec(count: 1, bytes: 100, tag: tag * 100 + number))
        }
        rig.flush()
    }

    static let journal = "/data/apus-journal/journal"
}

@Test(
    "many small runs are durable after one sync, and a replay brings them all back", arguments: UInt64(0)..<8)
func oneSyncForMany(seed: UInt64) throws {
    let set = try Journalled(seed: seed)
    let before = set.rig.disk.syncs
    try set.appendToAll(7)
    #expect(set.rig.disk.syncs - before == 1)
    #expect(set.logs.allSatisfy { $0.bounds.highWatermark == Offset(3) })
    let expected = try set.logs.map { try $0.allBatches() }
    let next = try set.rig.reopened(on: set.rig.disk.afterPowerCut())
    #expect(next.lines.all.contains { $0.contains("journal.found") })
    for number in 0..<Journalled.count {
        #expect(try next.openLog("t\(number)").allBatches() == expected[number])
    }
    next.directory.finishOpening()
    #expect(try next.disk.entry(at: "/data/apus-journal") == nil)
}

@Test("the journal's areas take turns for as long as there is something to write", arguments: UInt64(0)..<4)
func areasTakeTurns(seed: UInt64) throws {
    let set = try Journalled(seed: seed)
    for tag in 0..<150 { try set.appendToAll(tag) }
    let expected = try set.logs.map { try $0.allBatches() }
    #expect(expected.allSatisfy { $0.count == 152 })
    let next = try set.rig.reopened(on: set.rig.disk.afterPowerCut())
    for number in 0..<Journalled.count {
        #expect(try next.openLog("t\(number)").allBatches() == expected[number])
    }
}

@Test("after a clean stop nothing of the journal is left")
func cleanStopOfJournal() throws {
    let set = try Journalled()
    try set.appendToAll(3)
    #expect(try set.rig.disk.entry(at: Journalled.journal) != nil)
    try set.rig.directory.stop(brokerEpoch: 1)
    let disk = set.rig.disk.afterPowerCut()
    #expect(try disk.list("/data").allSatisfy { !$0.name.contains("journal") })
    #expect(try disk.entry(at: "/data/.kafka_cleanshutdown") != nil)
}

@Test(
    "what a start did not come to before the next crash is replayed by the one after it",
    arguments: UInt64(0)..<20)
func interruptedStarts(seed: UInt64) throws {
    let set = try Journalled(seed: seed)
    try set.appendToAll(3)
    var expected = try set.logs.map { try $0.allBatches() }
    var rig = set.rig
    for life in 0..<3 {
        rig = try rig.reopened(on: rig.disk.afterPowerCut())
        // Some of them only, and those go on, by way of a new journal.
        let logs = try (life..<(life + 4)).map { try rig.openLog("t\($0)") }
        #expect(try rig.disk.entry(at: "/data/apus-journal/recovered") != nil)
        for tag in 0..<2 {
            for log in logs {
                try log.becomeLeader(epoch: LeaderEpoch(Int32(life) + 1))
                try log.append(BatchSpec(count: 1, bytes: 100, tag: 100 * life + tag))
            }
            rig.flush()
        }
        for (number, log) in logs.enumerated() {
            let batches = try log.allBatches()
            #expect(batches.count == expected[life + number].count + 2)
            #expect(Array(batches.dropLast(2)) == expected[life + number])
            expected[life + number] = batches
        }
    }
    let next = try rig.reopened(on: rig.disk.afterPowerCut())
    next.directory.finishOpening()
    for number in 0..<Journalled.count {
        #expect(try next.openLog("t\(number)").allBatches() == expected[number])
    }
}

@Test("what is deleted soon after a start does not come back from the journal of the run before")
func deletedAfterStart() throws {
    for seed in UInt64(0)..<20 {
        let set = try Journalled(seed: seed)
        try set.appendToAll(3)
        let next = try set.rig.reopened(on: set.rig.disk.afterPowerCut())
        _ = try next.openLog("t0")
        try next.directory.deletePartition(partition("t1"))
        _ = try next.directory.createPartition(partition("t1"), id: Rig.topicID, config: next.config)
        let last = try next.reopened(on: next.disk.afterPowerCut())
        #expect(try last.openLog("t0").bounds.logEnd == Offset(3))
        #expect(try last.openLog("t1").bounds.logEnd == .zero)
        #expect(try last.openLog("t2").bounds.logEnd == Offset(3))
    }
}

@Test("what a sync that failed was to retire does not come back after a kill, a deletion and a power cut")
func retiredInVain() throws {
    for seed in UInt64(0)..<20 {
        let set = try Journalled(seed: seed)
        try set.appendToAll(3)
        set.rig.disk.fail(.sync, suffix: "journal", errno: 5)
        #expect(throws: StorageError.self) { try set.rig.directory.deletePartition(partition("t0")) }
        // A kill leaves in memory what is not on the disk.
        let next = try set.rig.reopened(on: set.rig.disk.afterKill())
        try next.directory.deletePartition(partition("t0"))
        _ = try next.directory.createPartition(partition("t0"), id: Rig.topicID, config: next.config)
        let last = try next.reopened(on: next.disk.afterPowerCut())
        #expect(try last.openLog("t0").bounds.logEnd == .zero)
        #expect(try last.openLog("t2").bounds.logEnd == Offset(3))
    }
}

@Test("a journal that cannot be synced takes the whole directory offline")
func journalFails() throws {
    let set = try Journalled()
    let other = try set.rig.create("other")
    set.rig.disk.fail(.sync, suffix: "journal", errno: 5)
    try set.appendToAll(3)
    for log in set.logs + [other] {
        #expect(throws: StorageError.self) { try log.append(BatchSpec(count: 1, bytes: 1, tag: 0)) }
        #expect(log.hasFailed)
    }
    let counters = set.rig.directory.counters
    #expect(counters.failedSyncs == 1 && counters.isOffline)
    #expect(counters.logs == Journalled.count + 1 && counters.offlineLogs == counters.logs)
    #expect(set.logs.allSatisfy { $0.bounds.highWatermark == Offset(2) })
    #expect(set.rig.directory.flusher.unsyncedBytes == 0)
    #expect(throws: StorageError.self) { try set.rig.create("another") }
    #expect(throws: StorageError.self) { try set.rig.directory.stop() }
    let next = try set.rig.reopened(on: set.rig.disk.afterKill())
    #expect(try next.openLog("t0").allBatches().count >= 2)
}

@Test(
    "a deleted partition's runs are not replayed onto one of the same name and id", arguments: [true, false])
func recreated(hasSameID: Bool) throws {
    for seed in UInt64(0)..<20 {
        let set = try Journalled(seed: seed)
        try set.appendToAll(3)
        try set.rig.directory.deletePartition(partition("t0"))
        let id = hasSameID ? Rig.topicID : TopicID(high: 8, low: 9)
        let again = try set.rig.directory.createPartition(
            partition("t0"), id: id, config: set.rig.config)
        let next = try set.rig.reopened(on: set.rig.disk.afterPowerCut())
        let log = try next.directory.openPartition(partition("t0"), id: id, config: set.rig.config)
        #expect(try log.allBatches().isEmpty)
        #expect(again.bounds.logEnd == .zero)
    }
}

@Test("a stale journal leaves alone what a later writer put in its place")
func laterWriter() throws {
    let set = try Journalled()
    try set.appendToAll(3)
    let disk = set.rig.disk.afterKill()
    // Somebody who knows no journal cuts the unsynced tail, and writes on in a later epoch.
    let kept = try disk.contents(Journalled.journal) ?? []
    try disk.remove(Journalled.journal)
    try disk.open("/data/t0-0/00000000000000000000.log", .existing).truncate(to: 0)
    let later = try set.rig.reopened(on: disk)
    for number in 0..<Journalled.count {
        let log = try later.openLog("t\(number)")
        try log.becomeLeader(epoch: LeaderEpoch(5))
        try log.append(BatchSpec(count: 3, bytes: 200, tag: 900 + number))
    }
    later.flush()
    try later.directory.stop(brokerEpoch: 1)
    try disk.createDirectory("/data/apus-journal")
    let stale = try disk.open(Journalled.journal, .new)
    try stale.write(kept.rawSpan, at: 0)
    try stale.sync()
    let last = try set.rig.reopened(on: disk)
    let batches = try last.openLog("t0").allBatches()
    #expect(batches.count == 1)
    #expect(try header(of: batches[0]).leaderEpoch == LeaderEpoch(5))
    #expect(try last.openLog("t1").allBatches().count == 4)
}

@Test("a partition whose sync failed is read past the system's memory, and made whole from the journal")
func suspect() throws {
    let set = try Journalled()
    try set.appendToAll(3)
    // What the journal stands in for cannot be synced: the kernel calls it clean, and it is not there.
    set.rig.disk.fail(.sync, suffix: "t2-0/00000000000000000000.log", errno: 5)
    set.rig.directory.writeCheckpointsOrWarn()
    set.rig.flush()
    #expect(set.logs[2].hasFailed)
    #expect(throws: StorageError.self) { try set.logs[2].append(BatchSpec(count: 1, bytes: 1, tag: 0)) }
    try set.logs[1].append(BatchSpec(count: 1, bytes: 1, tag: 0))
    let marks = try set.rig.disk.contents("/data/apus-journal/suspects") ?? []
    #expect(String(decoding: marks, as: UTF8.self).contains("t2 0 0\n"))
    for disk in [set.rig.disk.afterKill(), set.rig.disk.afterPowerCut()] {
        let next = try set.rig.reopened(on: disk)
        #expect(try next.openLog("t2").allBatches().count == 3)
        for number in 0..<Journalled.count { _ = try next.openLog("t\(number)") }
        try next.directory.stop()
        #expect(try disk.entry(at: "/data/apus-journal") == nil)
        // Now it is on the disk.
        #expect(try next.reopened(on: disk.afterPowerCut()).openLog("t2").allBatches().count == 3)
    }
}

@Test("damage inside the journal is reported, and what lies behind it counts")
func damagedJournal() throws {
    let set = try Journalled()
    for tag in 3..<8 { try set.appendToAll(tag) }
    let disk = set.rig.disk.afterKill()
    let file = try disk.open(Journalled.journal, .existing)
    try file.write([0xff, 0xff].rawSpan, at: 4096 + 50)
    let next = try set.rig.reopened(on: disk)
    #expect(next.lines.all.contains { $0.contains("journal.damaged") })
    for number in 0..<Journalled.count { #expect(try next.openLog("t\(number)").allBatches().count == 7) }
}

@Test("`apus recover` leaves a directory without a journal, with everything in its place")
func recoverCommand() throws {
    let set = try Journalled()
    try set.appendToAll(3)
    let expected = try set.logs.map { try $0.allBatches() }
    let disk = set.rig.disk.afterPowerCut()
    let logger = Logger { set.rig.lines.add($0) }
    #expect(try LogDirectories.recover("/data", disk: disk, logger: logger))
    #expect(try disk.entry(at: "/data/apus-journal") == nil)
    #expect(try !LogDirectories.recover("/data", disk: disk, logger: logger))
    let next = try set.rig.reopened(on: disk.afterPowerCut())
    for number in 0..<Journalled.count {
        #expect(try next.openLog("t\(number)").allBatches() == expected[number])
    }
    #expect(throws: StorageError.self) {
        try LogDirectories.recover("/elsewhere", disk: disk, logger: logger)
    }
    // A broker is at work there.
    #expect(throws: StorageError.self) {
        try LogDirectories.recover("/data", disk: next.disk, logger: logger)
    }
}
