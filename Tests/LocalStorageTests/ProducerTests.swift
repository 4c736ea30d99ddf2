// Idempotent producers and transactions, as far as a log sees them.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

private func spec(_ sequence: Int32, producer: Int64 = 7, epoch: Int16 = 0, count: Int = 2, tag: Int = 0)
    -> BatchSpec
{
    var spec = BatchSpec(count: count, bytes: 10, tag: tag)
    spec.producer = (producer, epoch, sequence)
    return spec
}

private func isDuplicate(_ result: AppendResult, first: Int64, last: Int64) -> Bool {
    guard case .duplicate(let range, _, _) = result else { return false }
    return range == OffsetRange(first: Offset(first), last: Offset(last))
}

@Test("the last five batches are known, a sixth is not; gaps and old epochs are refused")
func duplicatesAndGaps() throws {
    let rig = try Rig()
    let log = try rig.create()
    for number in 0..<6 { try log.append(spec(Int32(number * 2))) }
    for number in 1..<6 {
        #expect(
            isDuplicate(
                try log.append(spec(Int32(number * 2))), first: Int64(number * 2), last: Int64(number * 2 + 1)
            ))
    }
    let producer = ProducerID(7)
    #expect(throws: StorageError.outOfOrderSequence(producer: producer, expected: 12, found: 0)) {
        try log.append(spec(0))
    }
    #expect(throws: StorageError.outOfOrderSequence(producer: producer, expected: 12, found: 14)) {
        try log.append(spec(14))
    }
    #expect(throws: StorageError.outOfOrderSequence(producer: producer, expected: 0, found: 12)) {
        try log.append(spec(12, epoch: 1))
    }
    try log.append(spec(0, epoch: 1))
    #expect(throws: StorageError.staleProducerEpoch(producer: producer, current: 1, found: 0)) {
        try log.append(spec(12))
    }
    // Of an unknown producer any sequence is taken.
    try log.append(spec(5, producer: 8))
    #expect(log.bounds.logEnd == Offset(16))
    #expect(log.producerCount == 2)
}

@Test("a duplicate tells the timestamp, and by its last offset whether the original is durable")
func duplicateDurability() throws {
    let rig = try Rig()
    let log = try rig.create()
    try log.append(spec(0))
    for isDurable in [false, true] {
        guard case .duplicate(let range, let timestamp, _) = try log.append(spec(0)) else {
            Issue.record("not a duplicate")
            return
        }
        #expect(timestamp == Timestamp(milliseconds: 1_700_000_000_000))
        #expect((range.last < log.bounds.highWatermark) == isDurable)
        rig.flush()
    }
}

@Test("sequences wrap from 2^31 - 1 to 0")
func sequencesWrap() throws {
    let log = try Rig().create()
    try log.append(spec(Int32.max - 2))
    try log.append(spec(Int32.max))
    #expect(isDuplicate(try log.append(spec(Int32.max)), first: 2, last: 3))
    try log.append(spec(1))
    #expect(log.bounds.logEnd == Offset(6))
}

@Test(
    "five batches of each producer are known after any restart", arguments: ["clean", "kill", "cut"],
    [true, false])
func duplicatesAfterRestart(kind: String, rolls: Bool) throws {
    var config = LogConfig.tiny
    if rolls { config.segmentBytes = 300 }
    var rig = try Rig(config: config)
    var log = try rig.create()
    for number in 0..<8 {
        for producer: Int64 in [7, 8, 9] { try log.append(spec(Int32(number * 2), producer: producer)) }
    }
    rig.flush()
    for round in 0..<2 {
        if kind == "clean" {
            try rig.directory.stop(brokerEpoch: 1)
            rig = try rig.reopened()
        } else {
            rig = try rig.reopened(on: kind == "kill" ? rig.disk.afterKill() : rig.disk.afterPowerCut())
        }
        log = try rig.openLog()
        for number in (3 + round)..<(8 + round) {
            for producer: Int64 in [7, 8, 9] {
                let first = Int64(number * 6 + Int(producer - 7) * 2)
                #expect(
                    isDuplicate(
                        try log.append(spec(Int32(number * 2), producer: producer)), first: first,
                        last: first + 1))
            }
        }
        #expect(throws: StorageError.self) { try log.append(spec(2)) }
        #expect(throws: StorageError.self) { try log.append(spec(40)) }
        for producer: Int64 in [7, 8, 9] { try log.append(spec(Int32((8 + round) * 2), producer: producer)) }
        rig.flush()
    }
}

@Test("the last stable offset waits for the first open transaction, and for the durability of its marker")
func lastStableOffset() throws {
    var rig = try Rig()
    var log = try rig.create()
    func transactional(_ producer: Int64, _ sequence: Int32) -> BatchSpec {
        var batch = spec(sequence, producer: producer)
        batch.isTransactional = true
        return batch
    }
    try log.append(BatchSpec(count: 1, bytes: 1, tag: 0))
    try log.append(transactional(1, 0))
    try log.append(transactional(2, 0))
    rig.flush()
    #expect(log.bounds.lastStable == Offset(1))
    #expect(log.bounds.highWatermark == Offset(5))
    try log.append(try marker(producer: 2, epoch: 0, commits: true))
    rig.flush()
    #expect(log.bounds.lastStable == Offset(1))
    try log.append(try marker(producer: 1, epoch: 0, commits: false))
    #expect(log.bounds.lastStable == Offset(1))
    rig.flush()
    #expect(log.bounds.lastStable == Offset(7))
    #expect(try log.allBatches(upTo: .lastStable).count == 5)
    try log.append(transactional(1, 2))
    rig.flush()
    try rig.directory.stop(brokerEpoch: 1)
    rig = try rig.reopened()
    log = try rig.openLog()
    #expect(log.bounds.lastStable == Offset(7))
    #expect(try log.allBatches(upTo: .lastStable).count == 5)
    // A marker of an old epoch is refused.
    try log.append(try marker(producer: 1, epoch: 3, commits: false))
    #expect(throws: StorageError.self) { try log.append(try marker(producer: 1, epoch: 2, commits: false)) }
    rig.flush()
    #expect(log.bounds.lastStable == log.bounds.logEnd)
}

@Test("producers that were silent too long are forgotten, unless their transaction is open")
func expiry() throws {
    let log = try Rig().create()
    try log.append(spec(0))
    var open = spec(0, producer: 8)
    open.isTransactional = true
    try log.append(open)
    log.expireProducers(at: Timestamp(milliseconds: 1_700_000_000_000 + 86_400_001))
    #expect(log.producerCount == 1)
    #expect(log.bounds.lastStable == .zero)
    try log.append(spec(99))
}

@Test("snapshots read back what was written, and no damaged one is taken")
func snapshots() throws {
    let log = try Rig().create()
    for producer in 0..<5 { try log.append(spec(Int32(producer * 10), producer: Int64(producer))) }
    let producers = log.state.withLock { $0.producers }
    let bytes = ProducerSnapshot.bytes(producers)
    #expect(bytes.count == 10 + 5 * 46)
    let read = try #require(ProducerSnapshot.producers(in: bytes))
    #expect(read.entries.mapValues(\.last) == producers.entries.mapValues(\.last))
    for index in bytes.indices {
        var damaged = bytes
        damaged[index] ^= 0x10
        #expect(ProducerSnapshot.producers(in: damaged) == nil, "byte \(index)")
        #expect(ProducerSnapshot.producers(in: Array(bytes[..<index])) == nil, "length \(index)")
    }
}

@Test("leader epochs answer where they ended, over a restart too")
func leaderEpochs() throws {
    var rig = try Rig()
    var log = try rig.create()
    try log.becomeLeader(epoch: LeaderEpoch(3))
    try log.append(BatchSpec(count: 2, bytes: 1, tag: 0))
    try log.becomeLeader(epoch: LeaderEpoch(5))
    try log.append(BatchSpec(count: 4, bytes: 1, tag: 0))
    try log.becomeLeader(epoch: LeaderEpoch(5))
    rig.flush()
    func answers(_ log: PartitionLog) -> [String] {
        (2...6).map { epoch in
            log.endOffset(forEpoch: LeaderEpoch(Int32(epoch))).map { "\($0.epoch.value)@\($0.offset.value)" }
                ?? "-"
        }
    }
    #expect(answers(log) == ["2@0", "3@2", "3@2", "5@6", "-"])
    #expect(throws: StorageError.staleLeaderEpoch(current: LeaderEpoch(5), found: LeaderEpoch(4))) {
        try log.becomeLeader(epoch: LeaderEpoch(4))
    }
    for disk in [rig.disk.afterKill(), rig.disk.afterPowerCut()] {
        rig = try rig.reopened(on: disk)
        log = try rig.openLog()
        #expect(answers(log) == ["2@0", "3@2", "3@2", "5@6", "-"])
    }
    try rig.disk.remove("/data/t-0/leader-epoch-checkpoint")
    #expect(
        answers(try rig.reopened(on: rig.disk.afterKill()).openLog()) == ["2@0", "3@2", "3@2", "5@6", "-"])
}

@Test("the metadata log tracks no producers and takes control batches")
func metadataLog() throws {
    let rig = try Rig()
    let log = try rig.create("__cluster_metadata", kind: .metadata)
    try log.becomeLeader(epoch: LeaderEpoch(1))
    try log.append(try marker(producer: 5, epoch: 0, commits: true))
    try log.append(spec(17))
    try log.append(spec(17))
    #expect(log.producerCount == 0)
    try rig.directory.stop(brokerEpoch: 1)
    let next = try rig.reopened().openLog("__cluster_metadata", kind: .metadata)
    #expect(next.bounds.logEnd == Offset(5))
    #expect(next.leaderEpochs.latest?.epoch == LeaderEpoch(1))
}
