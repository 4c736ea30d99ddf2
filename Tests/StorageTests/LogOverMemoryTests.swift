// A log over an engine that it was not made for.
import Base
import MemoryStorage
import Records
import Simulation
import Testing

@testable import Storage

@Test(
    "a log answers the same over every engine, durable or not, opened once or again",
    arguments: UInt64(0)..<30)
func logIsTheSameOverEngines(seed: UInt64) throws {
    let told = try TestedEngine.allCases.map { engine in
        var transcript = try LogTranscript(engine, seed: seed)
        try transcript.run()
        return transcript.lines
    }
    for (one, other) in zip(told[0], told[1]) where one != other {
        Issue.record("\(TestedEngine.allCases[0]): \(one)\n\(TestedEngine.allCases[1]): \(other)")
        return
    }
    #expect(told[0].count == told[1].count)
}

private func batch(_ sequence: Int32) throws -> [UInt8] {
    var plan = BatchPlan(values: 1)
    plan.producer = (5, 0, sequence)
    return try plan.made().bytes
}

private func isDuplicate(_ result: AppendResult, of offset: Int64) -> Bool {
    guard case .duplicate(let range, _, _) = result else { return false }
    return range == OffsetRange(first: Offset(offset), last: Offset(offset))
}

@Test("what a snapshot does not hold is recalled from the log", arguments: TestedEngine.allCases)
func repetitionIsRecalled(engine: TestedEngine) throws {
    let rig = try engine.makeLog(StoreSetup(seed: 2))
    for sequence in 0..<4 { _ = try rig.log.appendOnce(try batch(Int32(sequence))) }
    rig.flush()
    try rig.reopen(after: .cleanStop)
    let log = try rig.log
    #expect(isDuplicate(try log.appendOnce(try batch(3)), of: 3))
    let old = try batch(1)
    #expect(log.mustRecall(try BatchHeader(reading: old.span.bytes)))
    #expect(try log.appendOnce(old) == .mustRecall)
    try log.recallProducers()
    #expect(isDuplicate(try log.appendOnce(old), of: 1))
    #expect(throws: StorageError.outOfOrderSequence(producer: ProducerID(5), expected: 4, found: 9)) {
        try log.appendOnce(try batch(9))
    }
}

/// Counts what a log tells.
private final class Watch: LogObserver {
    let told = Lock<(advances: [Offset], failures: Int)>(([], 0))
    func logAdvanced(_ bounds: LogBounds) { told.withLock { $0.advances.append(bounds.highWatermark) } }
    func logFailed(_ error: StorageError) { told.withLock { $0.failures += 1 } }
}

@Test(
    "a failure that comes later takes the log offline, and readers keep what was durable",
    arguments: TestedEngine.allCases)
func lateFailure(engine: TestedEngine) throws {
    let rig = try engine.makeLog(StoreSetup(seed: 4))
    let log = try rig.log
    let watch = Watch()
    log.setObserver(watch)
    _ = try log.appendOnce(try batch(0))
    #expect(log.bounds.highWatermark == .zero)
    rig.flush()
    _ = try log.appendOnce(try batch(1))
    rig.failNextSync()
    rig.flush()
    #expect(log.hasFailed)
    #expect(throws: StorageError.self) { try log.appendOnce(try batch(2)) }
    rig.flush()
    #expect(watch.told.withLock { $0.advances } == [Offset(1)])
    #expect(watch.told.withLock { $0.failures } == 1)
    #expect(try log.bytes(from: .zero, upTo: .highWatermark).count == (try batch(0)).count)
    try rig.reopen(after: .crash)
    let next = try rig.log
    #expect(next.bounds.logEnd >= Offset(1) && !next.hasFailed)
}

@Test("who was fenced appends nothing more, and loses what was not stored")
func fencedOwner() throws {
    let rig = try MemoryLogRig(StoreSetup(seed: 6))
    let log = rig.log
    try log.becomeLeader(epoch: LeaderEpoch(3))
    _ = try log.appendOnce(try batch(0))
    rig.flush()
    _ = try log.appendOnce(try batch(1))
    rig.store.fence(LeaderEpoch(4))
    let before = log.bounds
    #expect(throws: StorageError.staleLeaderEpoch(current: LeaderEpoch(4), found: LeaderEpoch(3))) {
        try log.appendOnce(try batch(2))
    }
    #expect(log.bounds == before && !log.hasFailed)
    rig.flush()
    #expect(log.hasFailed && log.bounds.highWatermark == Offset(1))
}

@Test("lookups that are answered later are the same as those at once", arguments: UInt64(0)..<4)
func lateLookups(seed: UInt64) throws {
    let rig = try MemoryLogRig(StoreSetup(seed: seed))
    let log = rig.log
    for sequence in 0..<30 { _ = try log.appendOnce(try batch(Int32(sequence))) }
    rig.flush()
    var late = 0
    for offset in 0..<30 {
        let now = try log.read(from: Offset(Int64(offset)), maxBytes: 200)
        let answer = try log.readEventually(from: Offset(Int64(offset)), maxBytes: 200)
        if case .later = answer { late += 1 }
        rig.runJobs()
        let then = try answer.wait()
        #expect(try then.copy(then.length, at: 0) == now.copy(now.length, at: 0))
        #expect(then.bounds == now.bounds)
    }
    #expect(late > 0 && late < 30)
}
