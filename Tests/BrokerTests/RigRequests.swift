// The requests of the tests with a rig, and what they look for in the replies.
import Base
import Compression
import Glibc
import Protocol
import Records
import Testing

@testable import Broker

/// What a test wants of a batch.
struct RigBatch {
    var values: [[UInt8]] = [Array("hello".utf8)]
    var codec = CompressionCodec.none
    var producer: (id: Int64, sequence: Int32)?
    var epoch: Int16 = 0
    var isTransactional = false

    /// One batch as a client sends it.
    func bytes(at time: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)) throws -> [UInt8] {
        var options = BatchOptions()
        options.codec = codec
        if let producer {
            options.producerID = ProducerID(producer.id)
            options.producerEpoch = epoch
            options.baseSequence = producer.sequence
            options.isTransactional = isTransactional
        }
        var builder = BatchBuilder(options)
        for value in values { builder.append(timestamp: time, key: nil, value: value) }
        return try builder.finish()
    }
}

extension ProduceRequest {
    /// Records for partitions of one topic, in this order.
    init(_ topic: Name, acks: Int16, _ records: [(partition: Int32, bytes: [UInt8])]) {
        self.init()
        self.acks = acks
        timeoutMs = 30_000
        var data = TopicProduceData()
        data.name = topic
        data.partitionData = records.map { partition, bytes in
            var part = PartitionProduceData()
            part.index = partition
            part.records = .bytes(bytes)
            return part
        }
        topicData = [data]
    }

    /// One batch for partition 0.
    init(_ topic: Name, acks: Int16, _ batch: RigBatch = RigBatch()) throws {
        self.init(topic, acks: acks, [(0, try batch.bytes())])
    }
}

extension FetchRequest {
    /// A fetch of one partition that waits for a first byte.
    init(_ topic: Name, from offset: Int64, maxWait milliseconds: Int32, partition: Int32 = 0) {
        self.init()
        maxWaitMs = milliseconds
        minBytes = 1
        var wanted = FetchPartition()
        wanted.partition = partition
        wanted.fetchOffset = offset
        wanted.partitionMaxBytes = 1 << 20
        var asked = FetchTopic()
        asked.topic = topic
        asked.partitions = [wanted]
        topics = [asked]
    }
}

extension ListOffsetsRequest {
    /// Where partition 0 is at `timestamp`; -1 is its end.
    init(_ topic: Name, timestamp: Int64) {
        self.init()
        var wanted = ListOffsetsPartition()
        wanted.timestamp = timestamp
        var asked = ListOffsetsTopic()
        asked.name = topic
        asked.partitions = [wanted]
        topics = [asked]
    }
}

extension DeleteRecordsRequest {
    /// The records of partition 0 before `offset`, of each topic.
    init(_ bounds: [(topic: Name, offset: Int64)]) {
        self.init()
        timeoutMs = 30_000
        topics = bounds.map { name, offset in
            var partition = DeleteRecordsPartition()
            partition.offset = offset
            var topic = DeleteRecordsTopic()
            topic.name = name
            topic.partitions = [partition]
            return topic
        }
    }
}

extension ProduceResponse {
    /// Each partition's error and base offset, in the order of the request.
    var outcomes: [Outcome] {
        responses.flatMap { topic in
            topic.partitionResponses.map {
                Outcome(error: ErrorCode(rawValue: $0.errorCode), offset: $0.baseOffset)
            }
        }
    }

    /// What became of one partition's records.
    struct Outcome: Equatable {
        var error: ErrorCode?
        var offset: Int64

        /// Appended from `offset` on.
        static func at(_ offset: Int64) -> Outcome { Outcome(error: ErrorCode.none, offset: offset) }
        /// Refused.
        static func failed(_ error: ErrorCode) -> Outcome { Outcome(error: error, offset: -1) }
    }
}

extension RigClient {
    /// The next reply, which must be one to a `Request`, once threads and pools have come that far; nil if it
    /// never comes.
    func reply<Request: RequestMessage>(
        to request: Request.Type, _ version: Int16, _ rig: BrokerRig
    ) throws -> Request.Reply? {
        for _ in 0..<2_000 {
            rig.flush()
            if let reply = try reply(Request.Reply.self, version: version) { return reply }
            usleep(1_000)
        }
        return nil
    }

    /// Asks what a recording asked, in JSON, and gives the answer, likewise.
    func ask<Request: RequestMessage>(
        _ type: Request.Type, _ request: JSONValue, _ version: Int16, _ rig: BrokerRig
    ) throws -> JSONValue {
        let parsed = try MessageParser.message(
            type, parsing: request, version: version, skipsOtherVersions: true)
        try send(parsed, version: version)
        let reply = try #require(
            try reply(to: type, version, rig), "\(type.key.name) v\(version) is not answered")
        return try MessagePrinter.json(of: reply, version: version)
    }

    /// The next reply, to a Produce request.
    func produced(_ version: Int16 = 8) throws -> [ProduceResponse.Outcome]? {
        try reply(ProduceResponse.self, version: version)?.outcomes
    }

    /// The error and the bytes of a fetch of one partition.
    func fetched(_ version: Int16 = 4) throws -> (error: ErrorCode?, records: [UInt8], highWatermark: Int64)?
    {
        guard let reply = try reply(FetchResponse.self, version: version) else { return nil }
        let partition = try #require(reply.responses.first?.partitions.first)
        var records: [UInt8] = []
        if case .bytes(let bytes) = partition.records { records = bytes }
        return (ErrorCode(rawValue: partition.errorCode), records, partition.highWatermark)
    }
}
