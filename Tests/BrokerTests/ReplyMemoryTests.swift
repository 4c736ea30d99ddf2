// Replies that are large: they wait for memory before they are made, and give it back whatever becomes of
// their clients.
import Base
import Protocol
import Testing

@testable import Broker
@testable import Network
@testable import Storage

@Suite("large replies wait for memory")
struct ReplyMemoryTests {
    private static let largeBytes = 4 << 20

    private func rig(largeBytes: Int = Self.largeBytes) throws -> BrokerRig {
        try BrokerRig { $0.requestMemoryBytes = Int64(largeBytes) }
    }

    /// Metadata of so many topics that there are not, with names of a hundred bytes.
    private func unknown(_ count: Int) -> MetadataRequest {
        var request = MetadataRequest()
        request.topics = (0..<count).map { number in
            var wanted = MetadataRequest.MetadataRequestTopic()
            wanted.name = Name(String(repeating: "x", count: 90) + "\(1_000_000_000 + number)")
            return wanted
        }
        request.allowAutoTopicCreation = false
        return request
    }

    @Test("converted replies that nobody takes stay within their share, and go with their clients")
    func unreadConversions() throws {
        let rig = try rig()
        try rig.topic("t")
        let producer = try rig.connect()
        let batch = try RigBatch(values: [[UInt8](repeating: 7, count: 100_000)]).bytes()
        for _ in 0..<30 { try producer.send(ProduceRequest("t", acks: 1, [(0, batch)]), version: 8) }
        rig.flush()
        for _ in 0..<30 { #expect(try producer.produced() != nil) }
        #expect(rig.heldBytes == 0)
        var clients: [RigClient] = []
        let shares = MemoryShares(requestBytes: Self.largeBytes)
        for _ in 0..<12 {
            let client = try rig.connect()
            for _ in 0..<3 { try client.send(FetchRequest("t", from: 0, maxWait: 0), version: 2) }
            rig.step()
            clients.append(client)
            #expect(rig.heldBytes <= shares.largeBytes / 4 + shares.workBytes + (1 << 20))
        }
        // Somebody who reads is served, once those who do not are gone.
        let reader = try rig.connect()
        try reader.send(FetchRequest("t", from: 0, maxWait: 0), version: 2)
        rig.step()
        clients = []
        rig.step()
        let fetched = try #require(try reader.fetched(2))
        #expect(fetched.error == ErrorCode.none)
        #expect(fetched.records.count >= 900_000 && fetched.records.count < 2 << 20)
        reader.vanish()
        rig.step()
        #expect(rig.heldBytes == 0)
        #expect(rig.poolWork == 0)
    }

    @Test("a large reply is made on the pool, whole, and before those that follow it")
    func largeReply() throws {
        let rig = try rig()
        let client = try rig.connect()
        try client.send(unknown(600), version: 8, pool: false)
        #expect(rig.poolWork == 1)
        try client.send(ApiVersionsRequest(), version: 0, pool: false)
        rig.step()
        let reply = try #require(try client.reply(MetadataResponse.self, version: 8))
        #expect(reply.topics.count == 600)
        #expect(reply.topics.allSatisfy { $0.errorCode == ErrorCode.unknownTopicOrPartition.rawValue })
        #expect(try client.reply(ApiVersionsResponse.self, version: 0) != nil)
        #expect(rig.heldBytes == 0)
    }

    @Test("a client that leaves before its large reply is made leaves nothing behind", arguments: 0..<4)
    func departure(steps: Int) throws {
        let rig = try rig()
        let client = try rig.connect()
        try client.send(unknown(600), version: 8, pool: false)
        for _ in 0..<steps { rig.step(pool: steps > 2) }
        client.vanish()
        rig.step()
        #expect(rig.heldBytes == 0)
        #expect(rig.poolWork == 0)
    }

    @Test(
        "a Produce that waits for the memory of its reply is appended once, also where its client leaves",
        arguments: [true, false])
    func produce(leaves: Bool) throws {
        let rig = try rig()
        try rig.topic("t")
        let memory = rig.broker.sockets.memory
        let other = MemoryHolder(try #require(SocketAddress.Host("127.0.0.2")))
        var lease: MemoryLease? = memory.lease(Self.largeBytes, as: .reply, for: other)
        #expect(lease != nil)
        let client = try rig.connect()
        let batch = try RigBatch().bytes()
        // Few of so many partitions exist; all of them are told of.
        try client.send(ProduceRequest("t", acks: 1, (0..<3000).map { ($0, batch) }), version: 8)
        let log = try #require(rig.broker.catalog.topics["t"]?.partition(0)?.log)
        #expect(log.bounds.logEnd == .zero)
        if leaves { client.vanish() }
        rig.step()
        #expect(log.bounds.logEnd == Offset(leaves ? 1 : 0))
        lease = nil
        rig.step()
        #expect(log.bounds.logEnd == Offset(1))
        if !leaves { #expect(try client.produced()?.count == 3000) }
        rig.step()
        #expect(rig.heldBytes == 0)
    }

    @Test("what would take more memory than there is for one reply or request is refused, and said")
    func beyondMemory() throws {
        let rig = try rig(largeBytes: 80_000)
        let greedy = try rig.connect()
        try greedy.send(unknown(600), version: 8)
        #expect(greedy.isEnded)
        let wordy = try rig.connect()
        try? wordy.send(unknown(700), version: 8)
        rig.step()
        #expect(wordy.isEnded)
        let lines = rig.lines.all.filter { $0.contains("connection.closed") }
        #expect(lines.contains { $0.contains("does not fit into memory") })
        #expect(lines.contains { $0.contains("Metadata request of") })
        #expect(rig.heldBytes == 0)
    }
}
