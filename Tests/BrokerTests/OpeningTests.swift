// Partitions that are opened while the broker is in use already.
import Base
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("opening partitions", .endsHangs)
struct OpeningTests {
    private static let marker = "/data/.kafka_cleanshutdown"

    /// A disk on which a broker with one record in each of four partitions was stopped, or killed.
    private func disk(isCrash: Bool) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        let first = try StorageHalf(on: disk)
        _ = first.create("t", partitions: 4)
        for index in 0..<4 { try first.append("t", Int32(index)) }
        if !isCrash { try first.directory.stop(brokerEpoch: 1) }
        return isCrash ? disk.afterPowerCut() : disk
    }

    @Test(
        "a partition is opened by the first who waits for it, and others are not", arguments: [true, false])
    func onDemand(isCrash: Bool) throws {
        let half = try StorageHalf(on: disk(isCrash: isCrash), opensAll: false)
        let wanted = try half.partition("t", 2)
        #expect(!wanted.isSettled && wanted.log == nil && !wanted.isOffline)
        // Clients are told the epoch before the log is open.
        #expect(wanted.leaderEpoch == LeaderEpoch(isCrash ? 1 : 0))
        let calls = Lock(0)
        for _ in 0..<2 { wanted.whenSettled { calls.withLock { $0 += 1 } } }
        #expect(calls.withLock { $0 } == 2)
        #expect(wanted.log?.bounds.logEnd == Offset(1))
        #expect(try half.epoch("t", 2) == (isCrash ? 1 : 0))
        #expect(try !half.partition("t", 1).isSettled)
        #expect(!half.catalog.opening.isDone)
        half.catalog.opening.openAll(half.catalog.topics)
        #expect(half.catalog.opening.isDone)
        for index in Int32(0)..<4 { #expect(try half.log("t", index).bounds.logEnd == Offset(1)) }
        half.directory.abandon()
    }

    @Test("what was not opened keeps its places in the checkpoints, and a clean stop stays one")
    func notOpened() throws {
        let disk = try disk(isCrash: false)
        let half = try StorageHalf(on: disk, opensAll: false)
        try half.partition("t", 0).whenSettled {}
        try half.append("t", 0)
        #expect(try disk.entry(at: Self.marker) == nil)
        try half.directory.stop(brokerEpoch: 2)
        #expect(try disk.entry(at: Self.marker) != nil)
        for kind in [OffsetCheckpoint.Kind.recoveryPoint, .highWatermark] {
            let path = "/data/" + kind.rawValue
            let points = try OffsetCheckpoint(reading: try #require(try disk.contents(path)), path: path)
            for index in Int32(0)..<4 {
                let id = TopicPartition(topic: "t", partition: PartitionIndex(index))
                #expect(points.offsets[id] == Offset(index == 0 ? 2 : 1))
            }
        }
        let next = try StorageHalf(on: disk)
        #expect(try next.epoch("t", 3) == 0)
        next.directory.abandon()
    }

    @Test("a stop after a crash is clean only if everything was opened")
    func crashNotOpened() throws {
        let disk = try disk(isCrash: true)
        let half = try StorageHalf(on: disk, opensAll: false)
        try half.partition("t", 0).whenSettled {}
        try half.directory.stop(brokerEpoch: 2)
        #expect(try disk.entry(at: Self.marker) == nil)
        let next = try StorageHalf(on: disk)
        for index in Int32(0)..<4 { #expect(try next.log("t", index).bounds.logEnd == Offset(1)) }
        try next.directory.stop(brokerEpoch: 3)
        #expect(try disk.entry(at: Self.marker) != nil)
    }

    @Test("a topic is deleted whose partitions were never opened, and its waiters are told")
    func deleted() throws {
        let disk = try disk(isCrash: true)
        let half = try StorageHalf(on: disk, opensAll: false)
        let partition = try half.partition("t", 1)
        #expect(half.delete("t") == nil)
        #expect(partition.isOffline)
        #expect(try disk.entry(at: "/data/t-1") == nil)
        #expect(half.create("t", partitions: 1) == nil)
        #expect(try half.log("t").bounds.logEnd == .zero)
        half.directory.abandon()
    }

    @Test("a stop waits for openings that are under way, and none begins afterwards")
    func stopped() throws {
        let half = try StorageHalf(on: disk(isCrash: false), opensAll: false)
        half.catalog.opening.stop(by: .max, half.clock)
        let partition = try half.partition("t", 0)
        partition.open()
        #expect(partition.isOffline)
        half.directory.abandon()
    }
}
