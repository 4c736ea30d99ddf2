// A disk that stands still while it is read, or while something small is written to it: every request that
// waits for that is answered within one limit.
import Base
import Compression
import Network
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import Storage

/// A request that is answered once a pool has done something with the disk.
enum DiskRead: CaseIterable {
    case fetch, delayedFetch, convertedFetch, offsetAtTime, greatestTimestamp, deleteRecords, produce

    static let recordTime: Int64 = 1_700_000_000_000
    var late: ErrorCode {
        switch self {
        // Consumers throw at a code that they do not expect, and ask again after this one.
        case .fetch, .delayedFetch, .convertedFetch: .kafkaStorageError
        case .offsetAtTime, .greatestTimestamp, .deleteRecords, .produce: .requestTimedOut
        }
    }

    func send(by client: RigClient, _ rig: BrokerRig) throws {
        switch self {
        case .fetch: try client.send(FetchRequest("t", from: 1, maxWait: 0), version: 4, pool: false)
        case .delayedFetch:
            var request = FetchRequest("t", from: 1, maxWait: 500)
            request.minBytes = 1 << 20
            // The first read goes well, and the disk stands still when something moves.
            try client.send(request, version: 4)
            try rig.moveOften("t")
            rig.advance(milliseconds: 501, pool: false)
            #expect(try client.fetched() == nil)
        case .convertedFetch:
            rig.disk.setCold(false)
            try client.send(FetchRequest("t", from: 0, maxWait: 0), version: 2, pool: false)
        case .offsetAtTime:
            try client.send(ListOffsetsRequest("t", timestamp: Self.recordTime), version: 4, pool: false)
        case .greatestTimestamp:
            try client.send(ListOffsetsRequest("t", timestamp: -3), version: 7, pool: false)
        case .deleteRecords:
            try client.send(DeleteRecordsRequest([("t", 1)]), version: 2, pool: false)
        case .produce:
            // What has to be looked up of a producer is so where its batch is checked.
            var random = SeededRandom(seed: 5)
            let value = (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) }
            let batch = try RigBatch(values: [value], codec: .gzip).bytes()
            try client.send(ProduceRequest("t", acks: 1, [(0, batch)]), version: 8, pool: false)
        }
    }

    /// The error of the answer; nil while there is none.
    func answer(to client: RigClient) throws -> ErrorCode? {
        let code: Int16? =
            switch self {
            case .fetch, .delayedFetch: try client.fetched()?.error?.rawValue
            case .convertedFetch: try client.fetched(2)?.error?.rawValue
            case .offsetAtTime, .greatestTimestamp:
                try client.reply(ListOffsetsResponse.self, version: self == .offsetAtTime ? 4 : 7)?.topics
                    .first?.partitions.first?.errorCode
            case .deleteRecords:
                try client.reply(DeleteRecordsResponse.self, version: 2)?.topics.first?.partitions.first?
                    .errorCode
            case .produce: try client.produced()?.first?.error?.rawValue
            }
        return code.flatMap { ErrorCode(rawValue: $0) }
    }
}

extension BrokerRig {
    /// More often than a log remembers places in its file.
    fileprivate static let movesOften: Int64 = 20

    /// Appends to a partition, again and again, while the pools stand still.
    fileprivate func moveOften(_ topic: Name) throws {
        let producer = try connect()
        for _ in 0..<Self.movesOften {
            try producer.send(ProduceRequest(topic, acks: 1), version: 8, pool: false)
            takeTurns()
            step(pool: false)
        }
    }
}

@Suite("a disk that stands still", .endsHangs)
struct DiskWaitTests {
    /// A topic with three durable records that are not in memory.
    private func rig() throws -> BrokerRig {
        let rig = try BrokerRig()
        try rig.topic("t")
        let producer = try rig.connect()
        for _ in 0..<3 { try producer.send(ProduceRequest("t", acks: 1), version: 8) }
        rig.flush()
        rig.disk.setCold(true)
        return rig
    }

    @Test(
        "whatever waits for it is answered within the limit, and so is what follows",
        arguments: DiskRead.allCases)
    func limit(_ asked: DiskRead) throws {
        let rig = try rig()
        let client = try rig.connect()
        let timers = try rig.onLoop { $0.timerCount }
        try asked.send(by: client, rig)
        try client.send(ApiVersionsRequest(), version: 0, pool: false)
        rig.advance(milliseconds: DiskWait.limitMilliseconds - 502, pool: false)
        #expect(try asked.answer(to: client) == nil)
        rig.advance(milliseconds: 503, pool: false)
        #expect(try asked.answer(to: client) == asked.late)
        #expect(try client.reply(ApiVersionsResponse.self, version: 0) != nil)
        #expect(try rig.onLoop { $0.timerCount } <= timers)
        // The disk goes on: nobody is told twice, and what was refused is not done but for what was begun.
        rig.flush()
        #expect(client.takeReply() == nil)
        #expect(rig.heldBytes == 0)
        let bounds = try #require(rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds)
        #expect(bounds.logEnd == Offset(asked == .delayedFetch ? 3 + BrokerRig.movesOften : 3))
    }

    @Test("a client that leaves meanwhile leaves no timer behind", arguments: DiskRead.allCases)
    func departure(_ asked: DiskRead) throws {
        let rig = try rig()
        let timers = try rig.onLoop { $0.timerCount }
        let client = try rig.connect()
        try asked.send(by: client, rig)
        client.vanish()
        rig.advance(milliseconds: 1, pool: false)
        // What a producer sent is appended, and told to nobody.
        let left = try rig.onLoop { $0.timerCount }
        #expect(left <= timers + (asked == .produce ? 1 : 0))
        rig.flush()
        #expect(try rig.onLoop { $0.timerCount } <= timers)
        #expect(rig.heldBytes == 0)
    }

    @Test("a fetch gives what other partitions have")
    func others() throws {
        let rig = try rig()
        try rig.topic("u")
        let client = try rig.connect()
        var request = FetchRequest("t", from: 1, maxWait: 0)
        request.topics += FetchRequest("u", from: 0, maxWait: 0).topics
        try client.send(request, version: 4, pool: false)
        rig.advance(milliseconds: DiskWait.limitMilliseconds + 1, pool: false)
        let reply = try #require(try client.reply(FetchResponse.self, version: 4))
        #expect(
            reply.responses.map { $0.partitions[0].errorCode } == [ErrorCode.kafkaStorageError.rawValue, 0])
    }

    @Test("one that moves often reads once at a time")
    func moves() throws {
        let rig = try rig()
        let client = try rig.connect()
        var request = FetchRequest("t", from: 1, maxWait: 60_000)
        request.minBytes = 1 << 20
        try client.send(request, version: 4)
        try rig.moveOften("t")
        #expect(rig.diskWork == 1)
        rig.step()
        #expect(rig.diskWork == 0)
        client.vanish()
        rig.step()
    }

    @Test("a producer beyond the budget of unsynced bytes is read again")
    func budget() throws {
        let rig = try BrokerRig { $0.unsyncedMaxBytes = 1 }
        try rig.topic("t")
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: 1), version: 8)
        #expect(try client.produced() == [.at(0)])
        try client.send(ApiVersionsRequest(), version: 0)
        rig.advance(milliseconds: DiskWait.limitMilliseconds - 1)
        #expect(try client.reply(ApiVersionsResponse.self, version: 0) == nil)
        rig.advance(milliseconds: 2)
        #expect(try client.reply(ApiVersionsResponse.self, version: 0) != nil)
    }
}
