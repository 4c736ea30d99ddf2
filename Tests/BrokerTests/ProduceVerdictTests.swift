// What Produce answers beyond single batches: transactions that nobody coordinates, appends that are
// repeated, and which refusal comes first.
import Base
import Compression
import Protocol
import Records
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("verdicts of Produce")
struct ProduceVerdictTests {
    private func transactional(_ bytes: [UInt8]) throws -> [UInt8] {
        var bytes = bytes
        var span = bytes.mutableSpan
        var raw = span.mutableBytes
        raw.storeBytes(of: UInt16(1 << 4).bigEndian, toByteOffset: BatchLayout.attributes, as: UInt16.self)
        BatchStamp.checksum(in: &raw)
        return bytes
    }

    @Test(
        "one transactional batch without a transactional id refuses the whole request, and nothing is stored")
    func foreignTransaction() throws {
        let rig = try BrokerRig()
        let topic = try rig.topic("t", partitions: 2)
        let client = try rig.connect()
        let plain = try RigBatch().bytes()
        let claimed = try transactional(RigBatch(producer: (id: 7, sequence: 0)).bytes())
        try client.send(ProduceRequest("t", acks: -1, [(0, plain), (1, claimed)]), version: 8)
        let refused = ProduceResponse.Outcome.failed(.transactionalIDAuthorizationFailed)
        #expect(try client.produced() == [refused, refused])
        for partition: Int32 in 0..<2 { #expect(topic.partition(partition)?.log?.bounds.logEnd == .zero) }
        try client.send(ProduceRequest("t", acks: 0, [(0, claimed)]), version: 8)
        #expect(client.isEnded)
    }

    @Test("a transactional batch never keeps read_committed consumers waiting", arguments: [nil, "", "tx"])
    func stuckPartition(id: String?) throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        for producer in [(id: Int64(7), sequence: Int32(0)), nil] {
            let claimed = try transactional(RigBatch(producer: producer).bytes())
            var request = ProduceRequest("t", acks: -1, [(0, claimed)])
            request.transactionalID = id.map { Name($0) }
            try client.send(request, version: 8)
        }
        try client.send(ProduceRequest("t", acks: -1), version: 8)
        rig.flush()
        while try client.produced() != nil {}
        var request = FetchRequest("t", from: 0, maxWait: 0)
        request.isolationLevel = 1
        try client.send(request, version: 4)
        let reply = try #require(try client.reply(FetchResponse.self, version: 4))
        let answer = try #require(reply.responses.first?.partitions.first)
        #expect(answer.lastStableOffset == answer.highWatermark && answer.highWatermark > 0)
    }

    @Test("a repeated batch is answered with the time of the first answer where the broker gives the times")
    func repeatedAppendTime() throws {
        let rig = try BrokerRig { $0.durability = .os }
        try rig.topic("t", ["message.timestamp.type": "LogAppendTime"])
        let client = try rig.connect()
        var times: [Int64] = []
        for _ in 0..<3 {
            let batch = RigBatch(producer: (id: 7, sequence: 0))
            try client.send(ProduceRequest("t", acks: -1, batch), version: 8)
            let reply = try #require(try client.reply(ProduceResponse.self, version: 8))
            times.append(try #require(reply.responses.first?.partitionResponses.first).logAppendTimeMs)
            rig.advance(milliseconds: 5_000)
        }
        #expect(times[0] > 0 && Set(times).count == 1)
    }

    @Test(
        "acks that stand for none are refused partition by partition, behind what is wrong with each",
        arguments: [Int16(2), -2])
    func unknownAcks(acks: Int16) throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        let good = try RigBatch().bytes()
        try client.send(ProduceRequest("t", acks: acks, [(0, good), (1, good), (0, [])]), version: 8)
        #expect(
            try client.produced() == [
                .failed(.invalidRequiredAcks), .failed(.unknownTopicOrPartition), .failed(.invalidRecord),
            ])
    }

    @Test("zstd is refused before v7 without being decompressed, whatever it takes", arguments: Int16(3)...6)
    func earlyZstd(version: Int16) throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        let large = RigBatch(values: [Array(repeating: 1, count: 900_000)], codec: .zstd)
        // Neither the checksum is right nor a byte of the records.
        var broken = try large.bytes()
        for index in BatchLayout.headerSize..<broken.count { broken[index] = 0xff }
        for bytes in [try large.bytes(), broken] {
            try client.send(ProduceRequest("t", acks: -1, [(0, bytes)]), version: version, pool: false)
            #expect(rig.poolWork == 0)
            #expect(try client.produced(version) == [.failed(.unsupportedCompressionType)])
        }
    }

    @Test("batches of a producer without an epoch, and what may follow them, are judged as Kafka judges them")
    func epochs() throws {
        // (epoch, sequence) and Kafka's answer: an offset, or an error.
        let sequences: [[(Int16, Int32, ProduceResponse.Outcome)]] = [
            [
                (-1, 0, .at(0)), (-1, 0, .at(0)), (-1, 5, .at(1)), (-1, 2, .at(2)), (0, 3, .at(3)),
                (0, 4, .at(4)), (-1, 0, .failed(.invalidProducerEpoch)), (0, 5, .at(5)),
            ],
            [
                (0, 0, .at(0)), (-1, 1, .failed(.invalidProducerEpoch)),
                (-2, 0, .failed(.invalidProducerEpoch)), (0, 1, .at(1)),
            ],
            [(-1, 3, .at(0)), (1, 0, .at(1)), (0, 0, .failed(.invalidProducerEpoch)), (1, 1, .at(2))],
            [(-2, 0, .failed(.invalidProducerEpoch)), (0, 4, .at(0)), (0, 5, .at(1))],
            [
                (-1, .max, .at(0)), (-1, 0, .at(1)), (2, 7, .at(2)), (2, 8, .at(3)),
                (3, 1, .failed(.outOfOrderSequenceNumber)), (3, 0, .at(4)),
            ],
        ]
        let rig = try BrokerRig { $0.durability = .os }
        try rig.topic("t", partitions: Int32(sequences.count))
        let client = try rig.connect()
        for (partition, sequence) in sequences.enumerated() {
            for (epoch, sequence, expected) in sequence {
                var bytes = try RigBatch(producer: (id: 5, sequence: sequence)).bytes()
                var span = bytes.mutableSpan
                var raw = span.mutableBytes
                raw.storeBytes(of: epoch.bigEndian, toByteOffset: BatchLayout.producerEpoch, as: Int16.self)
                BatchStamp.checksum(in: &raw)
                try client.send(ProduceRequest("t", acks: -1, [(Int32(partition), bytes)]), version: 8)
                #expect(try client.produced() == [expected], "sequence \(partition): \(epoch), \(sequence)")
            }
        }
    }
}
