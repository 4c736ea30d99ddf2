// The host of transactions: verdict, markers and completion in order across logs, over a disk that is synced
// turn by turn.
import Base
import Coordinator
import Protocol
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("the host of transactions")
struct TransactionHostTests {
    @Test("the verdict is durable before markers are written, and they are before it is complete")
    func order() throws {
        var world = try TransactionalRig()
        try world.begin()
        try world.sendEnd(commits: true)
        world.rig.step()
        #expect(world.state == .prepareCommit && world.ends == [0, 0])
        #expect(try world.client.reply(EndTxnResponse.self, version: 5) == nil)
        world.takeTurn()
        #expect(world.state == .prepareCommit && world.ends == [1, 1])
        let reply = try #require(try world.client.reply(EndTxnResponse.self, version: 5))
        #expect(reply.errorCode == 0 && reply.producerEpoch == world.producer.epoch + 1)
        world.takeTurn()
        #expect(world.state == .completeCommit)
    }

    @Test(
        "a transaction whose verdict is written down comes to its end after a crash at any turn of the disk",
        arguments: 0..<3)
    func crash(turns: Int) throws {
        var world = try TransactionalRig()
        try world.begin()
        try world.sendEnd(commits: true)
        world.rig.step()
        for _ in 0..<turns { world.takeTurn() }
        let next = try TransactionalRig(on: world.rig.disk.afterKill())
        for _ in 0..<8 { next.rig.flush() }
        #expect(next.state == .completeCommit)
        #expect(next.ends.allSatisfy { $0 >= 1 })
    }

    @Test("a marker is owed while its partition cannot take it")
    func debt() throws {
        var world = try TransactionalRig()
        try world.begin()
        try world.sendEnd(commits: false)
        world.rig.step()
        // The log of the first partition takes nothing any more.
        world.rig.disk.fail(.write, suffix: "t-0/00000000000000000000.log", errno: 28)
        world.takeTurn()
        world.rig.flush()
        #expect(world.state == .prepareAbort && world.ends == [0, 1])
        world.rig.advance(milliseconds: 100)
        world.rig.flush()
        #expect(world.state == .completeAbort)
        #expect(world.ends == [1, 1])
    }

    @Test("partitions are added on behalf of a client, and asked about")
    func add() throws {
        var world = try TransactionalRig()
        try world.begin()
        let other = TopicPartition(topic: "t", partition: PartitionIndex(7))
        #expect(
            try world.add(TransactionalRig.partitions + [other], verifyOnly: true)
                == [.none, .none, .transactionAbortable])
        try world.sendEnd(commits: true)
        world.rig.step()
        // The end is under way: what comes for the next transaction waits for it.
        #expect(try world.add(TransactionalRig.partitions) == [.producerFenced, .producerFenced])
        #expect(world.state == .completeCommit)
    }

    @Test("a transaction whose time is over is aborted, and the log says whose it was and why")
    func timeout() throws {
        var world = try TransactionalRig()
        try world.begin()
        world.rig.advance(milliseconds: 60_001)
        world.rig.flush()
        #expect(world.state == .completeAbort && world.ends == [1, 1])
        let line = try #require(world.rig.lines.all.first { $0.contains("transaction.aborted") })
        #expect(line.contains("transactional_id=x") && line.contains("longer than its 60000 ms"))
    }

    @Test("the level of transaction.version holds at once, and leaves what the client of an open one speaks")
    func level() throws {
        var world = try TransactionalRig()
        try world.begin()
        var update = UpdateFeaturesRequest.FeatureUpdateKey()
        (update.feature, update.maxVersionLevel, update.upgradeType) = ("transaction.version", 1, 2)
        var request = UpdateFeaturesRequest()
        request.featureUpdates = [update]
        try world.client.send(request, version: 2)
        #expect(try world.client.reply(to: UpdateFeaturesRequest.self, 2, world.rig)?.errorCode == 0)
        #expect(world.rig.broker.catalog.transactionVersion == .v1)
        world.rig.advance(milliseconds: 60_001)
        world.rig.flush()
        let entry = world.rig.broker.transactions.existingShards()?.first?.inspect {
            $0.entries[TransactionalRig.id]
        }
        #expect(entry??.clientVersion == .v2 && entry??.formerEpoch == -1)
    }

    @Test("before anybody asked for a coordinator there is none, and nobody has a transactional id")
    func nothing() throws {
        let rig = try BrokerRig()
        let client = try rig.connect()
        var end = EndTxnRequest()
        end.transactionalID = "x"
        try client.send(end, version: 5)
        #expect(
            try client.reply(to: EndTxnRequest.self, 5, rig)?.errorCode == ErrorCode.notCoordinator.rawValue)
        let codes = Lock<[ErrorCode]?>(nil)
        rig.broker.transactions.add(
            TransactionalRig.partitions, to: "x", producer: ProducerID(1), epoch: 0, verifyOnly: true
        ) { answer in codes.withLock { $0 = answer } }
        #expect(codes.withLock { $0 } == [.invalidProducerIDMapping, .invalidProducerIDMapping])
    }
}
