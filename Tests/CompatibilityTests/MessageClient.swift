// A client that sends requests as messages and gets replies as messages.
import Base
import Protocol
import Testing

/// A broker that is asked with messages, one after the other.
final class MessageClient {
    private let connection: WireConnection
    private var correlationID: Int32 = 0

    /// Connects; every later wait ends after `seconds`.
    init(port: Int, seconds: Int = 20) throws {
        connection = try WireConnection(port: port, seconds: seconds)
    }

    func ask<Request: RequestMessage>(_ request: Request, _ version: Int16) throws -> Request.Reply {
        correlationID += 1
        let frame = try request.frame(correlationID: correlationID, clientID: "test", version: version).bytes
        try connection.sendRaw(Array(frame))
        let reply = try connection.receive()
        let headerBytes = Request.key.replyHeaderVersion(version) == 0 ? 4 : 5
        return try Request.Reply(reading: Array(reply[headerBytes...]), version: version)
    }
}

extension MessageClient {
    /// Creates a topic, which must succeed.
    func create(_ topic: Name, partitions: Int32 = 1, _ configs: [Name: String] = [:]) throws {
        var wanted = CreateTopicsRequest.CreatableTopic()
        wanted.name = topic
        wanted.numPartitions = partitions
        wanted.replicationFactor = 1
        wanted.configs = configs.map { name, value in
            var config = CreateTopicsRequest.CreatableTopicConfig()
            config.name = name
            config.value = value
            return config
        }
        var request = CreateTopicsRequest()
        request.topics = [wanted]
        request.timeoutMs = 60_000
        let reply = try ask(request, 5)
        #expect(reply.topics.map(\.errorCode) == [0], "\(reply.topics)")
    }
}

extension ProduceRequest {
    /// One batch for each of these partitions, acknowledged when it is durable.
    init(_ topic: Name, batches: [Int32: [UInt8]]) {
        self.init()
        acks = -1
        timeoutMs = 60_000
        var data = TopicProduceData()
        data.name = topic
        data.partitionData = batches.map { index, batch in
            var partition = PartitionProduceData()
            partition.index = index
            partition.records = .bytes(batch)
            return partition
        }
        topicData = [data]
    }
}

extension FetchRequest {
    /// These partitions from their beginning, at most `maxBytes` of each, without waiting.
    init(_ topic: Name, partitions: [Int32], maxBytes: Int32) {
        self.init()
        var wanted = FetchTopic()
        wanted.topic = topic
        wanted.partitions = partitions.map { index in
            var partition = FetchPartition()
            partition.partition = index
            partition.partitionMaxBytes = maxBytes
            return partition
        }
        topics = [wanted]
    }
}
