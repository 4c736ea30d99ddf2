// What the history asks the broker in its own name, at the beginning and at the end, when nothing fails.
import Base
import Protocol
import Simulation

extension BrokerHistory {
    /// The reply to a request, which comes, as nothing fails meanwhile.
    func ask<Request: RequestMessage>(_ request: Request, _ version: Int16) throws -> Request.Reply {
        let wire = Wire(try broker.connect())
        var reply: Request.Reply?
        try wire.send(request, version, at: now) { [self] in reply = bug?.altered($0, in: self) ?? $0 }
        try pump {
            _ = try wire.receive()
            guard reply != nil || !wire.isEnded else {
                throw Violation(description: "\(Request.key.name) is answered by the connection's end")
            }
            return reply != nil
        }
        guard let reply else { throw Violation(description: "\(Request.key.name) is not answered") }
        return reply
    }

    /// What is in a partition from `offset` on.
    func fetch(_ place: Place, from offset: Int64) throws -> FetchedPart {
        let reply = try ask(
            FetchRequest([(place, offset)], maxWait: 0, isCommitted: false), Fetcher.version)
        guard let data = reply.responses.first?.partitions.first else {
            throw Violation(description: "a fetch is answered without a partition: \(reply.errorCode)")
        }
        return try FetchedPart(data)
    }

    /// Where a partition starts, with -2, or ends, with -1: everything that is there is durable then.
    func offset(_ timestamp: Int64, of place: Place) throws -> Int64 {
        let name = promise.name(of: place.topic)
        var request = ListOffsetsRequest()
        request.replicaID = -1
        var partition = ListOffsetsRequest.ListOffsetsPartition()
        partition.partitionIndex = place.index
        partition.timestamp = timestamp
        var topic = ListOffsetsRequest.ListOffsetsTopic()
        topic.name = name
        topic.partitions = [partition]
        request.topics = [topic]
        let reply = try ask(request, 7)
        guard let found = reply.topics.first?.partitions.first, found.errorCode == 0 else {
            throw Violation(description: "\(promise.name(of: place)) does not say where it starts or ends")
        }
        return found.offset
    }
}

extension BrokerPromise {
    /// Creates the first topics.
    func beginTopics(_ history: BrokerHistory) throws {
        var request = CreateTopicsRequest()
        for number in 0..<2 {
            var topic = CreateTopicsRequest.CreatableTopic()
            topic.name = Self.names[number]
            topic.numPartitions = Int32.random(in: 1...3, using: &history.random)
            topic.replicationFactor = 1
            request.topics.append(topic)
        }
        let reply = try history.ask(request, 7)
        for (asked, topic) in zip(request.topics, reply.topics) {
            guard topic.errorCode == 0 else {
                throw Violation(description: "\(topic.name) is not created: \(topic.errorCode)")
            }
            try created(topic.name, topic.topicID, asked.numPartitions)
        }
    }

    /// Looks at everything that was promised.
    func verify(_ history: BrokerHistory) throws {
        try verifyTopics(in: history)
        try verifyRecords(in: history)
        for key in groups.offsets.keys.sorted(by: { "\($0)" < "\($1)" }) where !isGoing(key.place.topic) {
            let reply = try history.ask(OffsetFetchRequest(key), 10)
            if let error = try reply.offset(of: key, in: groups) {
                throw Violation(description: "\(key.group): its offsets cannot be read: \(error)")
            }
        }
    }

    private func verifyTopics(in history: BrokerHistory) throws {
        var request = MetadataRequest()
        request.topics = nil
        request.allowAutoTopicCreation = false
        try check(try history.ask(request, 12))
        for topic in topics {
            try check(try history.ask(DescribeConfigsRequest(topic: topic.name), 4), of: topic.id)
        }
    }
}
