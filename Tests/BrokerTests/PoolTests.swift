// Work that would hold up an event loop: that it goes to the pool, and that nothing else notices.
import Base
import Compression
import LocalStorage
import Protocol
import Records
import Simulation
import Storage
import Testing

@testable import Broker

@Suite("large work runs on the pool")
struct PoolTests {
    /// A batch whose records are `bytes` long before compression.
    private func large(_ codec: CompressionCodec, bytes: Int = 300_000) throws -> [UInt8] {
        var random = SeededRandom(seed: 5)
        // Half of the bytes are chance, so that the batch stays large under every codec.
        let value = (0..<bytes).map { $0 % 2 == 0 ? UInt8(0) : UInt8.random(in: 0...255, using: &random) }
        return try RigBatch(values: [value], codec: codec).bytes()
    }

    @Test(
        "a large compressed batch is checked on the pool, and no later request overtakes it",
        arguments: [CompressionCodec.gzip, .snappy, .lz4, .zstd])
    func order(_ codec: CompressionCodec) throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        let batch = try large(codec)
        #expect(batch.count > CodecAllowance.loopBytes)
        try client.send(ProduceRequest("t", acks: 1, [(0, batch)]), version: 8, pool: false)
        #expect(rig.poolWork == 1)
        #expect(rig.heldBytes >= batch.count)
        try client.send(ProduceRequest("t", acks: 1), version: 8, pool: false)
        rig.step(pool: false)
        #expect(rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds.logEnd == .zero)
        rig.step()
        #expect(try client.produced() == [.at(0)])
        #expect(try client.produced() == [.at(1)])
        #expect(rig.heldBytes == 0)
    }

    @Test("small batches, and uncompressed ones of any size, never leave the loop")
    func inline() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        let batches = [
            try large(.none), try RigBatch(codec: .zstd).bytes(), try large(.lz4, bytes: 60_000),
        ]
        for (index, batch) in batches.enumerated() {
            try client.send(ProduceRequest("t", acks: 1, [(0, batch)]), version: 8, pool: false)
            rig.step(pool: false)
            #expect(rig.poolWork == 0)
            #expect(try client.produced() == [.at(Int64(index))])
        }
    }

    @Test("a few bytes that decompress to many are noticed, and the limit of 64 MiB holds on the pool")
    func bomb() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        for (mebibytes, outcome) in [(1, ProduceResponse.Outcome.at(0)), (65, .failed(.messageTooLarge))] {
            let zeros = [UInt8](repeating: 0, count: mebibytes << 20)
            let batch = try RigBatch(values: [zeros], codec: .zstd).bytes()
            #expect(batch.count < CodecAllowance.loopBytes)
            try client.send(ProduceRequest("t", acks: 1, [(0, batch)]), version: 8, pool: false)
            rig.step(pool: false)
            #expect(rig.poolWork == 1)
            rig.step()
            #expect(try client.produced() == [outcome])
        }
    }

    @Test("the partitions of one request share what a loop does; each gets its own answer, in order")
    func manyPartitions() throws {
        let rig = try BrokerRig()
        try rig.topic("t", partitions: 4)
        let client = try rig.connect()
        let (half, plain) = (try large(.gzip, bytes: 40_000), try RigBatch().bytes())
        let records: [(Int32, [UInt8])] = [
            (0, half), (1, half), (2, plain), (1, plain), (3, half), (9, half),
        ]
        try client.send(ProduceRequest("t", acks: -1, records), version: 8, pool: false)
        rig.step(pool: false)
        let ends = { rig.broker.catalog.topics["t"]?.partitions.map { $0.log?.bounds.logEnd.value } }
        #expect(ends() == [1, 0, 1, 0])
        rig.step()
        #expect(ends() == [1, 2, 1, 1])
        #expect(try client.produced() == nil)
        rig.flush()
        // The plain batch for partition 1 did not overtake the compressed one before it.
        #expect(
            try client.produced() == [
                .at(0), .at(0), .at(0), .at(1), .at(0), .failed(.unknownTopicOrPartition),
            ])
    }

    @Test("with acks=all the next request starts as soon as the one before is appended")
    func pipelining() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        for _ in 0..<3 { try client.send(ProduceRequest("t", acks: -1, [(0, try large(.lz4))]), version: 8) }
        rig.step()
        #expect(rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds.logEnd == Offset(3))
        #expect(try client.produced() == nil)
        rig.flush()
        for offset in Int64(0)..<3 { #expect(try client.produced() == [.at(offset)]) }
    }

    @Test(
        "a topic that is deleted meanwhile is unknown, even if another one of its name is there",
        arguments: [false, true], [Int16(8), 13])
    func deleted(_ isCreatedAnew: Bool, _ version: Int16) throws {
        let rig = try BrokerRig()
        let topic = try rig.topic("t")
        let client = try rig.connect()
        var request = ProduceRequest("t", acks: -1, [(0, try large(.zstd))])
        request.topicData[0].topicID = topic.id
        try client.send(request, version: version, pool: false)
        rig.step(pool: false)
        #expect(rig.poolWork == 1)
        try rig.delete("t")
        if isCreatedAnew { try rig.topic("t") }
        rig.step()
        let error: ErrorCode = version >= 13 ? .unknownTopicID : .unknownTopicOrPartition
        #expect(try client.produced(version) == [.failed(error)])
        if isCreatedAnew {
            #expect(rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds.logEnd == .zero)
        }
    }

    @Test("acks=0: records of a client that left at once are appended all the same")
    func departed() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: 0, [(0, try large(.zstd))]), version: 8, pool: false)
        client.vanish()
        rig.step()
        #expect(rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds.logEnd == Offset(1))
        #expect(rig.heldBytes == 0)
    }

    @Test("recompression for the topic's codec runs there too")
    func recompression() throws {
        let rig = try BrokerRig()
        try rig.topic("t", ["compression.type": "zstd"])
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: 1, [(0, try large(.none))]), version: 8, pool: false)
        rig.step(pool: false)
        #expect(rig.poolWork == 1)
        rig.flush()
        #expect(try client.produced() == [.at(0)])
        try client.send(FetchRequest("t", from: 0, maxWait: 0), version: 10)
        let stored = try #require(try client.fetched(10)).records
        #expect(try BatchHeader(reading: stored.span.bytes).attributes.codec == .zstd)
    }

    @Test(
        "old message sets are converted there, and batches back for old consumers", arguments: [Int8(0), 1])
    func conversion(_ magic: Int8) throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        var set = LegacyWriter(magic: magic)
        for offset in Int64(0)..<3 {
            set.append(
                offset: Offset(offset), timestamp: Timestamp(milliseconds: 1_700_000_000_000), key: nil,
                value: [UInt8](repeating: 7, count: 50_000))
        }
        let version: Int16 = magic == 0 ? 1 : 2
        try client.send(ProduceRequest("t", acks: 1, [(0, set.bytes)]), version: version, pool: false)
        rig.step(pool: false)
        #expect(rig.poolWork == 1)
        rig.flush()
        #expect(try client.produced(version) == [.at(0)])

        try client.send(FetchRequest("t", from: 0, maxWait: 0), version: version, pool: false)
        rig.step(pool: false)
        #expect(rig.poolWork == 1)
        #expect(try client.fetched(version) == nil)
        rig.step()
        #expect(try client.fetched(version)?.records == set.bytes)
    }
}
