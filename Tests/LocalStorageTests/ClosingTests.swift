// What is done for many logs together: making them, and the clean close. What it costs, that nothing counts
// as made before it is on the disk, and that a marker never says more than is there.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

/// So many partitions, each with one record that the journal has.
private func freshPartitions(_ count: Int, seed: UInt64 = 1) throws -> (rig: Rig, logs: [PartitionLog]) {
    let rig = try Rig(seed: seed)
    let logs = try rig.make(count).map { try $0.get() }
    for (number, log) in logs.enumerated() { try log.append(BatchSpec(count: 1, bytes: 100, tag: number)) }
    rig.flush()
    return (rig, logs)
}

extension Rig {
    /// Makes so many partitions together.
    fileprivate func make(_ count: Int) -> [Result<PartitionLog, StorageError>] {
        let wanted = (0..<count).map { NewPartition(partition("t\($0)"), of: Self.topicID, config: config) }
        return directory.createPartitions(wanted, kind: .data)
    }
}

@Test("many partitions are made with two syncs of their file system, and are there after a power cut")
func syncsOfCreation() throws {
    for count in [20, 60] {
        let rig = try Rig()
        let (files, volumes) = (rig.disk.syncs, rig.disk.volumeSyncs)
        for made in rig.make(count) { _ = try made.get() }
        #expect(rig.disk.volumeSyncs - volumes == 2)
        #expect(rig.disk.syncs == files)
        let next = try rig.reopened(on: rig.disk.afterPowerCut())
        #expect(try next.directory.partitions().count == count)
        for number in 0..<count { _ = try next.openLog("t\(number)") }
    }
}

@Test("a power cut while many are made leaves none that cannot be opened", arguments: UInt64(0)..<4)
func powerCutAtCreation(seed: UInt64) throws {
    for operation in stride(from: Int(seed), through: 100, by: 4) {
        let rig = try Rig(seed: seed)
        rig.disk.crash(after: operation)
        let made = rig.make(20).count { (try? $0.get()) != nil }
        let next = try rig.reopened(on: rig.disk.afterPowerCut())
        for found in try next.directory.partitions() {
            #expect(throws: Never.self) {
                try next.directory.openPartition(
                    found.partition, id: Rig.topicID, config: rig.config, kind: .data)
            }
        }
        if made > 0 { #expect(try next.directory.partitions().count >= made) }
    }
}

private let marker = "/data/.kafka_cleanshutdown"

@Test("a stop of many logs syncs their file system some times, and no file for each of them")
func syncsOfStop() throws {
    var counts: [[Int]] = []
    for count in [20, 60] {
        let (rig, _) = try freshPartitions(count)
        let (files, volumes) = (rig.disk.syncs, rig.disk.volumeSyncs)
        try rig.directory.stop(brokerEpoch: 1)
        // Batches, indexes, notes, and the names of notes.
        #expect(rig.disk.volumeSyncs - volumes == 4)
        counts.append([rig.disk.syncs - files, rig.disk.volumeSyncs - volumes])
        let next = try rig.reopened(on: rig.disk.afterPowerCut())
        #expect(next.directory.cleanStop != nil)
        for number in 0..<count { #expect(try next.openLog("t\(number)").allBatches().count == 1) }
    }
    #expect(counts[0] == counts[1])
}

@Test("a few logs are synced one by one: who else writes to their disk is left alone")
func syncsOfSmallStop() throws {
    let (rig, _) = try freshPartitions(8)
    try rig.directory.stop(brokerEpoch: 1)
    #expect(rig.disk.volumeSyncs == 0)
    #expect(try rig.disk.afterPowerCut().entry(at: marker) != nil)
}

@Test(
    "where something was lost each file is synced by itself, and only its log is not closed cleanly",
    arguments: ["t3-0/00000000000000000000.log", "t3-0/00000000000000000000.timeindex"])
func lossesAtStop(suffix: String) throws {
    let (rig, _) = try freshPartitions(40)
    rig.disk.fail(.sync, suffix: suffix, errno: 5)
    #expect(throws: StorageError.self) { try rig.directory.stop(brokerEpoch: 1) }
    #expect(rig.lines.all.count { $0.contains("log_close.failed") } == 1)
    #expect(rig.lines.all.contains { $0.contains("log_close.failed") && $0.contains("t3-0") })
    #expect(try rig.disk.entry(at: marker) == nil)
    for disk in [rig.disk.afterKill(), rig.disk.afterPowerCut()] {
        let next = try rig.reopened(on: disk)
        for number in 0..<40 { #expect(try next.openLog("t\(number)").allBatches().count == 1) }
    }
}

@Test(
    "an index that a stop cannot sync keeps its log from being closed cleanly, though the next sync succeeds",
    arguments: ["00.index", "00.timeindex"])
func lostIndexAtStop(suffix: String) throws {
    var rig = try Rig()
    rig.config.segmentBytes = 600
    rig.directory.abandon()
    rig.directory = try Rig.open(rig.disk, rig.clock, rig.lines, hasPool: false)
    try rig.directory.start(startsThread: false)
    let log = try rig.create()
    // More than one segment; the index of the first one is completed by the stop.
    for tag in 0..<4 { try log.append(BatchSpec(count: 1, bytes: 400, tag: tag)) }
    rig.disk.fail(.sync, suffix: suffix, errno: 5)
    #expect(throws: StorageError.self) { try rig.directory.stop(brokerEpoch: 1) }
    #expect(try rig.disk.entry(at: marker) == nil)
    let next = try rig.reopened(on: rig.disk.afterPowerCut())
    #expect(try next.openLog().allBatches().count == 4)
}

@Test("a power cut at any moment of a stop takes no record, and a marker is true", arguments: UInt64(0)..<4)
func powerCutAtStop(seed: UInt64) throws {
    let whole = try freshPartitions(20, seed: seed)
    let before = whole.rig.disk.operations
    try whole.rig.directory.stop(brokerEpoch: 1)
    let operations = whole.rig.disk.operations - before
    var markers = 0
    for operation in stride(from: Int(seed), through: operations, by: 4) {
        let (rig, _) = try freshPartitions(20, seed: seed)
        rig.disk.crash(after: operation)
        try? rig.directory.stop(brokerEpoch: 1)
        let disk = rig.disk.afterPowerCut()
        if try disk.entry(at: marker) != nil { markers += 1 }
        let next = try rig.reopened(on: disk)
        for number in 0..<20 { #expect(try next.openLog("t\(number)").allBatches().count == 1) }
    }
    #expect(markers <= 2)
}
