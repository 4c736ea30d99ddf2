// Starts after clean stops and after crashes: which epochs partitions are led in, and what a damaged one
// costs the others.
import Base
import Protocol
import Records
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("leader epochs across starts", .endsHangs)
struct LeadershipTests {
    @Test("a clean stop keeps the epochs, a crash raises each by one, and its records stay in theirs")
    func raised() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try StorageHalf(on: disk)
        _ = first.create("t", partitions: 3)
        try first.append("t", 1)
        #expect(try first.epoch("t", 1) == 0)
        try first.directory.stop(brokerEpoch: first.metadata.brokerEpoch)
        let second = try StorageHalf(on: disk)
        #expect(try (0..<3).map { try second.epoch("t", $0) } == [0, 0, 0])
        try second.append("t", 1)
        let third = try StorageHalf(on: disk.afterKill())
        #expect(try (0..<3).map { try third.epoch("t", $0) } == [1, 1, 1])
        let log = try third.log("t", 1)
        #expect(log.endOffset(forEpoch: .zero)?.offset == Offset(2))
        // A client that still knows the old epoch is told so, as by Kafka.
        #expect(LeaderEpochCheck.problem(0, log.bounds.leaderEpoch) == .fencedLeaderEpoch)
        #expect(LeaderEpochCheck.problem(2, log.bounds.leaderEpoch) == .unknownLeaderEpoch)
        try third.append("t", 1)
        #expect(log.epoch(of: Offset(1)) == .zero)
        #expect(log.epoch(of: Offset(2)) == LeaderEpoch(1))
        #expect(third.lines.all.contains { $0.contains("leader_epochs.raised partitions=3") })
        second.directory.abandon()
        third.directory.abandon()
    }

    @Test("new epochs are durable before a log learns of them, wherever the power is cut", arguments: 1...60)
    func durableFirst(operation: Int) throws {
        let disk = SimulatedDisk(seed: UInt64(operation))
        let first = try StorageHalf(on: disk)
        _ = first.create("t", partitions: 2)
        try first.append("t")
        first.directory.abandon()
        let crashing = disk.afterKill()
        crashing.crash(after: operation)
        let led = try? StorageHalf(on: crashing)
        let shown = led?.catalog.topics["t"]?.partition(0)?.log?.bounds.leaderEpoch.value ?? 0
        let last = try StorageHalf(on: crashing.afterPowerCut())
        #expect(try last.epoch("t") > shown)
        #expect(try last.log("t").bounds.logEnd == Offset(1))
        led?.directory.abandon()
        last.directory.abandon()
    }

    @Test("an epoch in the log that the metadata log does not know is exceeded, crash or not")
    func logAhead() throws {
        for isCrash in [true, false] {
            let disk = SimulatedDisk(seed: 3)
            let first = try StorageHalf(on: disk)
            _ = first.create("t", partitions: 1)
            try first.append("t")
            try first.directory.stop(brokerEpoch: 1)
            let epochs = "0\n2\n0 0\n41 1\n"
            try disk.replace(
                "/data/t-0/leader-epoch-checkpoint", with: Array(epochs.utf8), isDurable: true)
            if isCrash { try disk.remove("/data/.kafka_cleanshutdown") }
            let second = try StorageHalf(on: disk)
            #expect(try second.epoch("t") == 42)
            let topic = try #require(second.catalog.topics["t"])
            let state = try #require(second.metadata.image.topics[topic.id]?.partitions[0])
            #expect(state.partitionEpoch == (isCrash ? 2 : 1))
            second.directory.abandon()
        }
    }

    @Test("a damaged partition is refused alone and loudly, and the others are led")
    func damagedAlone() throws {
        let disk = SimulatedDisk(seed: 4)
        let first = try StorageHalf(on: disk)
        _ = first.create("t", partitions: 20)
        for index in 0..<20 { try first.append("t", Int32(index)) }
        try first.directory.writeCheckpoints()
        first.directory.abandon()
        let killed = disk.afterKill()
        let file = try killed.open("/data/t-7/00000000000000000000.log", .existing)
        try file.truncate(to: file.size() - 1)
        let second = try StorageHalf(on: killed)
        #expect(try second.partition("t", 7).log == nil)
        for index in Int32(0)..<20 where index != 7 { #expect(try second.epoch("t", index) == 1) }
        #expect(
            second.lines.all.contains {
                $0.contains("error partition.taken_offline") && $0.contains("t-7/00000000000000000000.log")
            })
        try second.directory.stop()
        #expect(try killed.entry(at: "/data/.kafka_cleanshutdown") == nil)
    }

    @Test("the new epochs of all partitions are one batch of the metadata log")
    func many() throws {
        let disk = SimulatedDisk(seed: 5)
        let first = try StorageHalf(on: disk)
        for number in 0..<2 { _ = first.create("t\(number)", partitions: 60) }
        let before = first.metadata.lastOffset
        first.directory.abandon()
        let second = try StorageHalf(on: disk.afterKill())
        // LeaderChange, registration, and one record a partition.
        #expect(second.metadata.lastOffset - before == 122)
        #expect(try second.metadataBatches(after: before) == 3)
        #expect(try second.epoch("t1", 59) == 1)
        second.directory.abandon()
    }
}
