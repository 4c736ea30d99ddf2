// Requests that come before the partitions they name are open.
import Base
import Network
import Protocol
import Simulation
import Storage
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage

@Suite("requests before their partitions are open", .endsHangs)
struct HeldRequestTests {
    /// A broker on the disk of another one, which was killed after it had got a record in each of four
    /// partitions.
    private func restarted() throws -> BrokerRig {
        let first = try BrokerRig()
        try first.topic("t", partitions: 4)
        let client = try first.connect()
        let records = try (Int32(0)..<4).map { ($0, try RigBatch().bytes()) }
        try client.send(ProduceRequest("t", acks: 1, records), version: 8)
        first.flush()
        #expect(try client.produced() == [.at(0), .at(0), .at(0), .at(0)])
        return try BrokerRig(on: first.disk.afterKill())
    }

    private func isOpen(_ rig: BrokerRig, _ number: Int32) throws -> Bool {
        try #require(rig.broker.catalog.topics["t"]?.partition(number)).isSettled
    }

    @Test("each waits for its own, with those behind it, and the others are answered")
    func order() throws {
        let rig = try restarted()
        let (client, other) = (try rig.connect(), try rig.connect())
        try client.send(FetchRequest("t", from: 0, maxWait: 60_000, partition: 2), version: 4, pool: false)
        try client.send(ProduceRequest("t", acks: 1, [(3, try RigBatch().bytes())]), version: 8, pool: false)
        try client.send(ApiVersionsRequest(), version: 0, pool: false)
        try other.send(ApiVersionsRequest(), version: 0, pool: false)
        #expect(try other.reply(ApiVersionsResponse.self, version: 0) != nil)
        #expect(try client.fetched() == nil)
        #expect(rig.heldBytes > 0)
        rig.step()
        rig.flush()
        let found = try #require(try client.fetched())
        #expect(found.error == ErrorCode.none && !found.records.isEmpty && found.highWatermark == 1)
        #expect(try client.produced() == [.at(1)])
        #expect(try client.reply(ApiVersionsResponse.self, version: 0) != nil)
        #expect(rig.heldBytes == 0)
        #expect(try isOpen(rig, 2) && isOpen(rig, 3))
        #expect(try !isOpen(rig, 0) && !isOpen(rig, 1))
    }

    @Test("every request that names a partition waits for it, whatever it asks", arguments: Asked.allCases)
    func kinds(asked: Asked) throws {
        let rig = try restarted()
        let client = try rig.connect()
        try asked.send(by: client)
        #expect(try !isOpen(rig, 0))
        rig.flush()
        #expect(try isOpen(rig, 0) && !isOpen(rig, 1))
        #expect(try asked.isAnswered(to: client))
    }

    @Test(
        "where a disk that stands still keeps a partition from being opened, its requests are told so",
        arguments: Asked.allCases)
    func standstill(asked: Asked) throws {
        let rig = try restarted()
        let client = try rig.connect()
        let timers = try rig.onLoop { $0.timerCount }
        try asked.send(by: client)
        try client.send(ApiVersionsRequest(), version: 0, pool: false)
        rig.clock.advance(milliseconds: DiskWait.limitMilliseconds + 1)
        // The pool that would open it is the one that waits; DeleteRecords answers by another.
        for _ in 0..<4 {
            rig.step(pool: false)
            rig.stepNetworkPool()
        }
        #expect(try asked.error(to: client) == .kafkaStorageError)
        #expect(try client.reply(ApiVersionsResponse.self, version: 0) != nil)
        #expect(rig.heldBytes == 0)
        rig.step()
        #expect(try isOpen(rig, 0))
        #expect(try asked.error(to: client) == nil)
        #expect(try rig.onLoop { $0.timerCount } <= timers)
    }

    @Test("a client that leaves meanwhile leaves nothing behind")
    func departure() throws {
        let rig = try restarted()
        let client = try rig.connect()
        try client.send(FetchRequest("t", from: 0, maxWait: 60_000, partition: 1), version: 4, pool: false)
        client.vanish()
        rig.step()
        #expect(rig.loop.connections == 0)
        #expect(rig.heldBytes == 0)
        #expect(try isOpen(rig, 1))
    }

    @Test("one that names a damaged partition is told so, and the others beside it are served")
    func damaged() throws {
        let first = try BrokerRig()
        try first.topic("t", partitions: 2)
        let client = try first.connect()
        for _ in 0..<2 {
            let records = try (Int32(0)..<2).map { ($0, try RigBatch().bytes()) }
            try client.send(ProduceRequest("t", acks: 1, records), version: 8)
        }
        first.flush()
        try first.storage.metadataDirectory.writeCheckpoints()
        let disk = first.disk.afterKill()
        // Below the recovery point: not a tail that was torn off.
        disk.damage("/data/t-0/00000000000000000000.log", at: 16, mask: 0x40)
        let rig = try BrokerRig(on: disk)
        let late = try rig.connect()
        let records = try (Int32(0)..<2).map { ($0, try RigBatch().bytes()) }
        try late.send(ProduceRequest("t", acks: 1, records), version: 8, pool: false)
        rig.flush()
        #expect(try late.produced() == [.failed(.kafkaStorageError), .at(2)])
    }
}

/// A request about partition 0 of topic "t".
enum Asked: CaseIterable {
    case produce, fetch, listOffsets, deleteRecords, offsetForLeaderEpoch

    func send(by client: RigClient) throws {
        switch self {
        case .produce: try client.send(ProduceRequest("t", acks: 1), version: 8, pool: false)
        case .fetch: try client.send(FetchRequest("t", from: 0, maxWait: 0), version: 4, pool: false)
        case .listOffsets: try client.send(ListOffsetsRequest("t", timestamp: -1), version: 4, pool: false)
        case .deleteRecords:
            try client.send(DeleteRecordsRequest([("t", 1)]), version: 2, pool: false)
        case .offsetForLeaderEpoch:
            var topic = OffsetForLeaderEpochRequest.OffsetForLeaderTopic()
            topic.topic = "t"
            topic.partitions = [OffsetForLeaderEpochRequest.OffsetForLeaderPartition()]
            var request = OffsetForLeaderEpochRequest()
            request.topics = [topic]
            try client.send(request, version: 4, pool: false)
        }
    }

    /// The error of the reply; nil while there is none.
    func error(to client: RigClient) throws -> ErrorCode? {
        let code: Int16? =
            switch self {
            case .produce: try client.produced()?.first?.error?.rawValue
            case .fetch: try client.fetched()?.error?.rawValue
            case .listOffsets:
                try client.reply(ListOffsetsResponse.self, version: 4)?.topics.first?.partitions.first?
                    .errorCode
            case .deleteRecords:
                try client.reply(DeleteRecordsResponse.self, version: 2)?.topics.first?.partitions.first?
                    .errorCode
            case .offsetForLeaderEpoch:
                try client.reply(OffsetForLeaderEpochResponse.self, version: 4)?.topics.first?.partitions
                    .first?.errorCode
            }
        return code.flatMap { ErrorCode(rawValue: $0) }
    }

    /// Whether the reply is there, and no failure.
    func isAnswered(to client: RigClient) throws -> Bool {
        switch self {
        case .produce: return try client.produced() == [.at(1)]
        case .fetch: return try client.fetched()?.error == ErrorCode.none
        case .listOffsets:
            let reply = try client.reply(ListOffsetsResponse.self, version: 4)
            return reply?.topics.first?.partitions.first?.offset == 1
        case .deleteRecords:
            let reply = try client.reply(DeleteRecordsResponse.self, version: 2)
            return reply?.topics.first?.partitions.first?.lowWatermark == 1
        case .offsetForLeaderEpoch:
            let reply = try client.reply(OffsetForLeaderEpochResponse.self, version: 4)
            return reply?.topics.first?.partitions.first?.endOffset == 1
        }
    }
}
