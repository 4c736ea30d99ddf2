// What the history asks the broker in its own name, at the beginning and at the end, when nothing fails.
import Base
import Coordinator
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
    func fetch(_ place: Place, from offset: Int64, isCommitted: Bool) throws -> FetchedPart {
        let reply = try ask(
            FetchRequest([(place, offset)], maxWait: 0, isCommitted: asksFor(isCommitted)), Fetcher.version)
        guard let data = reply.responses.first?.partitions.first else {
            throw Violation(description: "a fetch is answered without a partition: \(reply.errorCode)")
        }
        return try FetchedPart(data, isCommitted: isCommitted)
    }

    /// Where a partition starts, with -2, or ends, with -1: everything that is there is durable then.
    func offset(_ timestamp: Int64, of place: Place, isCommitted: Bool = false) throws -> Int64 {
        let name = promise.name(of: place.topic)
        var request = ListOffsetsRequest()
        request.replicaID = -1
        request.isolationLevel = isCommitted ? 1 : 0
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

    /// Where a partition ends when no transaction is open in it any more, for which it has as long as those
    /// may be open and their ends may take.
    func stableEnd(of place: Place) throws -> Int64 {
        let end = try offset(-1, of: place)
        let limit = now + Self.transactionsNanoseconds
        while try offset(-1, of: place, isCommitted: true) < end {
            guard now < limit else {
                throw Violation(
                    description:
                        "\(promise.name(of: place)): a transaction hangs, and nothing behind is stable")
            }
            clock.advance(milliseconds: 500)
        }
        return end
    }

    /// The offset of a group when no transaction is open any more that could change it.
    func stableOffset(of key: OffsetKey) throws -> OffsetFetchResponse {
        let limit = now + Self.transactionsNanoseconds
        while true {
            let reply = try ask(OffsetFetchRequest(key), 10)
            let isUnstable = try reply.look().error == .unstableOffsetCommit
            guard isUnstable, now < limit else { return reply }
            clock.advance(milliseconds: 500)
        }
    }

    /// Has transactional ids, as `disk` has it that they were used for long.
    func useUp(_ ids: [Name]) throws {
        for id in ids {
            var request = InitProducerIdRequest()
            (request.transactionalID, request.transactionTimeoutMs) = (id, 60_000)
            let reply = try ask(request, 4)
            guard reply.errorCode == 0 else {
                throw Violation(description: "\(id) has no producer: \(reply.errorCode)")
            }
            try promise.gives(reply.producerID, reply.producerEpoch, to: id, isFresh: true)
        }
    }

    /// Makes the topics that coordinators need, as the first client of each kind does.
    func findCoordinators() throws {
        for (kind, key) in [(Int8(0), "offsets" as Name), (1, "transactions")] {
            var request = FindCoordinatorRequest()
            request.keyType = kind
            request.coordinatorKeys = [key]
            let reply = try ask(request, 5)
            guard let found = reply.coordinators.first, found.errorCode == 0 else {
                throw Violation(description: "there is no coordinator of kind \(kind)")
            }
        }
    }

    /// How long a transaction may be under way that clients do not end.
    private static let transactionsNanoseconds: Int64 = 120_000_000_000
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
        try verifyFeatures(in: history)
        try verifyRecords(in: history)
        for key in groups.offsets.keys.sorted(by: { "\($0)" < "\($1)" }) where !isGoing(key.place.topic) {
            let reply = try history.stableOffset(of: key)
            if let error = try reply.offset(of: key, in: groups) {
                throw Violation(description: "\(key.group): its offsets cannot be read: \(error)")
            }
        }
    }

    private func verifyFeatures(in history: BrokerHistory) throws {
        var request = ApiVersionsRequest()
        (request.clientSoftwareName, request.clientSoftwareVersion) = ("simulated", "1")
        let reply = try history.ask(request, 3)
        guard reply.errorCode == 0 else {
            throw Violation(description: "ApiVersions is answered with \(reply.errorCode)")
        }
        let found = reply.finalizedFeatures.first { $0.name == AdminClient.transactionVersion }
        guard found?.maxVersionLevel ?? 0 == transactionVersion.rawValue else {
            throw Violation(
                description: "transaction.version is \(found?.maxVersionLevel ?? 0) instead of "
                    + "\(transactionVersion.rawValue)")
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
