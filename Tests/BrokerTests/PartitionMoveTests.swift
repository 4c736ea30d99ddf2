// Partitions that go to another data directory while they are served, and crashes on the way.
import Base
import Glibc
import Records
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("moves between data directories")
struct PartitionMoveTests {
    private static let paths = ["/a", "/b"]

    private func start(_ disk: SimulatedDisk) throws -> StorageHalf {
        var settings = BrokerSettings()
        settings.logDirectories = Self.paths
        return try StorageHalf(on: disk, settings)
    }

    /// The paths of the directories that hold something under the name of the partition.
    private func holders(_ disk: SimulatedDisk, _ name: String = "t-0") throws -> [String] {
        try Self.paths.filter { try disk.entry(at: "\($0)/\(name)") != nil }
    }

    private func other(_ path: String) -> String { path == "/a" ? "/b" : "/a" }

    /// A topic with a partition of three segments: two full ones, and one record behind them.
    private func fill(_ half: StorageHalf, compacts: Bool = false) throws {
        var topic = NewTopic(name: "t")
        topic.partitionCount = 1
        topic.configs = ["segment.bytes": "1048576"]
        #expect(half.create(topic) == nil)
        for _ in 0..<4 { try half.append("t", bytes: 500_000) }
        try half.append("t")
    }

    @Test("all of a partition goes, with its producers and its start, and it goes on where it went")
    func moves() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try start(disk)
        try fill(first)
        try first.log("t").appendRecord(producer: 7, at: Timestamp(milliseconds: 1_700_000_000_000))
        let watch = DurabilityWatch()
        try first.log("t").setObserver(watch)
        #expect(watch.wait(for: Offset(6), of: try first.log("t")) == nil)
        try first.log("t").trim(to: Offset(1))
        let source = try #require(try holders(disk).first)
        let target = other(source)
        let before = try first.log("t")
        #expect(try first.move("t", to: target) == nil)
        let after = try first.log("t")
        #expect(after !== before)
        #expect(try holders(disk) == [target])
        #expect(after.bounds == before.bounds)
        #expect(after.bounds.logStart == Offset(1))
        let topic = try #require(first.catalog.topics["t"])
        let place = try #require(first.storage.places.first { $0.path == target })
        #expect(first.metadata.image.topics[topic.id]?.partitions[0]?.directory == place.directoryID)
        #expect(first.lines(about: "partition.moved") == 1)
        // The producer's batch is known to stand there already.
        try after.appendRecord(producer: 7, at: Timestamp(milliseconds: 1_700_000_000_000))
        #expect(after.bounds.logEnd == Offset(6))
        try first.append("t")
        #expect(try first.log("t").bounds.logEnd == Offset(7))
        try first.storage.stop()
        let second = try start(disk.afterKill())
        #expect(try holders(second.disk) == [target])
        #expect(try second.log("t").bounds.logEnd == Offset(7))
        #expect(try second.log("t").bounds.logStart == Offset(1))
        second.storage.abandon()
    }

    @Test("transactions go with it, open ones and aborted ones, and end where it went")
    func transactions() throws {
        let disk = SimulatedDisk(seed: 5)
        let half = try start(disk)
        try fill(half)
        func send(_ producer: Int64) throws {
            var batch = RigBatch()
            (batch.producer, batch.isTransactional) = ((producer, 0), true)
            var bytes = try batch.bytes()
            let header = try BatchHeader(reading: bytes.rawSpan)
            var span = bytes.mutableSpan
            var sent = span.mutableBytes
            _ = try half.log("t").append(&sent, header: header)
        }
        func end(_ producer: Int64, _ outcome: TransactionMarker.Outcome) throws {
            _ = try half.log("t").append(
                TransactionMarker(
                    producerID: ProducerID(producer), producerEpoch: 0, coordinatorEpoch: 0, outcome: outcome,
                    transactionVersion: 0), at: Timestamp(milliseconds: 1_700_000_000_000))
        }
        try send(7)
        try end(7, .abort)
        try send(8)
        let source = try #require(try holders(disk).first)
        #expect(try half.move("t", to: other(source)) == nil)
        let moved = try half.log("t")
        #expect(moved.knownProducers.map(\.transactionStart) == [nil, Offset(7)])
        #expect(moved.bounds.lastStable == Offset(7) && moved.bounds.highWatermark == Offset(8))
        let slice = try moved.read(from: Offset(5), maxBytes: 1 << 20, upTo: .lastStable)
        #expect(slice.aborted.map(\.producerID) == [ProducerID(7)])
        let watch = DurabilityWatch()
        moved.setObserver(watch)
        try end(8, .commit)
        #expect(watch.wait(for: Offset(9), of: moved) == nil)
        #expect(moved.bounds.lastStable == Offset(9))
        try half.storage.stop()
    }

    @Test("a partition comes back as it went")
    func returns() throws {
        let disk = SimulatedDisk(seed: 2)
        let half = try start(disk)
        try fill(half)
        let source = try #require(try holders(disk).first)
        for round in Int64(0)..<4 {
            #expect(try half.move("t", to: round % 2 == 0 ? other(source) : source) == nil)
            try half.append("t")
            #expect(try half.log("t").bounds.logEnd == Offset(6 + round))
        }
        #expect(try holders(disk) == [source])
        half.storage.abandon()
        let again = try start(disk.afterPowerCut())
        #expect(try again.log("t").bounds.logEnd == Offset(9))
        again.storage.abandon()
    }

    @Test("a move to where the partition lies is none, and one that cannot be begun leaves it alone")
    func refused() throws {
        let disk = SimulatedDisk(seed: 3)
        let half = try start(disk)
        try fill(half)
        let source = try #require(try holders(disk).first)
        let log = try half.log("t")
        #expect(try half.move("t", to: source) == nil)
        #expect(try half.log("t") === log)
        disk.fail(.createDirectory, errno: EIO)
        #expect(try half.move("t", to: other(source)) != nil)
        #expect(try half.log("t") === log)
        try half.append("t")
        half.storage.abandon()
    }

    /// More than a move changes the disk.
    private static let operationsMax = 120

    @Test("what was acknowledged is there once, wherever the power is cut", arguments: 0...operationsMax)
    func powerCut(operation: Int) throws {
        let disk = SimulatedDisk(seed: UInt64(operation))
        let first = try start(disk)
        try fill(first)
        let source = try #require(try holders(disk).first)
        disk.crash(after: operation)
        _ = try first.move("t", to: other(source))
        let isOver = !disk.isDead
        #expect(isOver || operation < Self.operationsMax)
        first.moves.stop()
        first.storage.abandon()
        let cut = disk.afterPowerCut()
        let second = try start(cut)
        #expect(try holders(cut).count == 1)
        #expect(try second.log("t").bounds.logEnd == Offset(5))
        try second.append("t")
        second.awaitMoves()
        #expect(try second.log("t").bounds.logEnd == Offset(6))
        if isOver { #expect(try holders(cut) == [other(source)]) }
        // Nothing is left of a move that was given up, or that was begun anew and came to its end.
        let rest = try Self.paths.flatMap { path in
            try cut.directories(in: path).filter { $0.hasSuffix("-future") || $0.hasSuffix("-delete") }
        }
        #expect(rest == [])
        second.moves.stop()
        try second.storage.stop()
        let third = try start(cut.afterKill())
        #expect(try third.log("t").bounds.logEnd == Offset(6))
        third.storage.abandon()
    }

    @Test("a full disk ends a move, and the partition stays where it is")
    func full() throws {
        let disk = SimulatedDisk(seed: 4)
        let half = try start(disk)
        try fill(half)
        let source = try #require(try holders(disk).first)
        disk.setCapacity(3 << 20)
        #expect(try half.move("t", to: other(source)) == nil)
        #expect(half.lines(about: "partition_move.failed") == 1)
        #expect(try holders(disk) == [source])
        disk.setCapacity(1 << 30)
        try half.append("t")
        #expect(try half.log("t").bounds.logEnd == Offset(6))
        #expect(try half.move("t", to: other(source)) == nil)
        #expect(try holders(disk) == [other(source)])
        half.storage.abandon()
    }
}
