// A disk that is full, fails, or waits.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

@Test(
    "on a full disk an append leaves no trace, and appends go on when there is room",
    arguments: UInt64(0)..<10)
func fullDisk(seed: UInt64) throws {
    let rig = try Rig(seed: seed, config: .tiny)
    let log = try rig.create()
    for tag in 0..<5 { try log.append(BatchSpec(count: 1, bytes: 100, tag: tag)) }
    let before = log.bounds
    rig.disk.setCapacity(rig.disk.usedBytes + Int(seed) * 30)
    #expect(throws: StorageError.outOfSpace(operation: .write, path: "/data/t-0/00000000000000000000.log")) {
        try log.append(BatchSpec(count: 1, bytes: 1000, tag: 5))
    }
    #expect(log.bounds == before)
    rig.disk.setCapacity(.max)
    try log.append(BatchSpec(count: 1, bytes: 100, tag: 6))
    rig.flush()
    let batches = try log.allBatches()
    #expect(batches.count == 6)
    #expect(try rig.reopened(on: rig.disk.afterKill()).openLog().allBatches() == batches)
}

@Test("a failed sync takes the partition offline for good, and only that one")
func failedSync() throws {
    final class Observer: LogObserver {
        let failures = Lock<[StorageError]>([])
        func logAdvanced(_ bounds: LogBounds) {}
        func logFailed(_ error: StorageError) { failures.withLock { $0.append(error) } }
    }
    let rig = try Rig()
    let log = try rig.create()
    let other = try rig.create("other")
    let observer = Observer()
    log.setObserver(observer)
    try log.append(BatchSpec(count: 1, bytes: 100, tag: 0))
    rig.flush()
    try log.append(BatchSpec(count: 1, bytes: 100, tag: 1))
    try other.append(BatchSpec(count: 1, bytes: 100, tag: 2))
    var expected = StorageCounters()
    expected.logs = 2
    #expect(rig.directory.counters == expected)
    rig.disk.fail(.sync, suffix: "t-0/00000000000000000000.log", errno: 5)
    rig.flush()
    expected.failedSyncs = 1
    expected.offlineLogs = 1
    #expect(rig.directory.counters == expected)
    #expect(observer.failures.withLock { $0.count } == 1)
    #expect(log.bounds.highWatermark == Offset(1))
    #expect(other.bounds.highWatermark == Offset(1))
    #expect(throws: StorageError.self) { try log.append(BatchSpec(count: 1, bytes: 1, tag: 3)) }
    #expect(try log.allBatches().count == 1)
    #expect(rig.directory.flusher.unsyncedBytes == 0)
    // No clean stop with such a partition.
    #expect(throws: StorageError.self) { try rig.directory.stop(brokerEpoch: 1) }
    #expect(try rig.disk.entry(at: "/data/.kafka_cleanshutdown") == nil)
}

@Test("a write that fails and cannot be cut off again takes the partition offline")
func failedWrite() throws {
    let rig = try Rig()
    let log = try rig.create()
    try log.append(BatchSpec(count: 1, bytes: 100, tag: 0))
    rig.disk.fail(.write, suffix: ".log", errno: 5)
    #expect(throws: StorageError.self) { try log.append(BatchSpec(count: 1, bytes: 100, tag: 1)) }
    try log.append(BatchSpec(count: 1, bytes: 100, tag: 2))
    rig.disk.fail(.write, suffix: ".log", errno: 5)
    rig.disk.fail(.truncate, suffix: ".log", errno: 5)
    #expect(throws: StorageError.self) { try log.append(BatchSpec(count: 1, bytes: 100, tag: 3)) }
    #expect(throws: StorageError.self) { try log.append(BatchSpec(count: 1, bytes: 100, tag: 4)) }
    #expect(try rig.reopened(on: rig.disk.afterKill()).openLog().allBatches().count >= 2)
}

@Test("reads answer later where they would wait, and reads that come short are repeated")
func coldReads() throws {
    let rig = try Rig(config: .tiny)
    let log = try rig.create()
    for tag in 0..<60 { try log.append(BatchSpec(count: 1, bytes: 100, tag: tag)) }
    rig.flush()
    let expected = try log.allBatches()
    rig.disk.setShortReads(true)
    #expect(try log.allBatches() == expected)
    rig.disk.setCold(true)
    #expect(try log.allBatches() == expected)
    guard case .later = try log.readEventually(from: Offset(3), maxBytes: 10) else {
        Issue.record("a cold read was answered at once")
        return
    }
}

@Test("whoever waits for the budget is called when the bytes are synced")
func budget() throws {
    let rig = try Rig()
    let log = try rig.create()
    let flusher = rig.directory.flusher
    let calls = Lock(0)
    flusher.whenBelowBudget { calls.withLock { $0 += 1 } }
    #expect(calls.withLock { $0 } == 1)
    while !flusher.isOverBudget { try log.append(BatchSpec(count: 1, bytes: 8 << 20, tag: 0)) }
    flusher.whenBelowBudget { calls.withLock { $0 += 1 } }
    #expect(calls.withLock { $0 } == 1)
    rig.flush()
    #expect(calls.withLock { $0 } == 2)
    #expect(!flusher.isOverBudget)
}
