// Topics, groups and requests about them, for the tests of what each API asks before it answers.
import Base
import Protocol
import Security
import Testing

@testable import Broker

/// Denies what `allows` says to everybody but the administrator.
struct TestAuthorizer: Authorizer {
    static let administrator = Principal(type: "User", name: "admin")
    static let visitor = Principal(type: "User", name: "visitor")

    let allows: @Sendable (Operation, Resource) -> Bool

    func allows(
        _ operation: Operation, _ resource: Resource, for session: Session, isFilter: Bool
    ) -> Bool {
        session.principal == Self.administrator || allows(operation, resource)
    }

    func allowsForSomeTopic(_ operation: Operation, for session: Session) -> Bool {
        session.principal == Self.administrator
            || AuthorizationWorld.topics.contains { allows(operation, .topic($0)) }
    }

    /// Allows half of everything, as `seed` says.
    static func seeded(_ seed: UInt64) -> TestAuthorizer {
        TestAuthorizer { operation, resource in
            // What replies to CreateTopics tell beside the topic is looked at by itself.
            if operation == .describeConfigs { return true }
            var mixed = seed &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(operation.rawValue)
            for byte in "\(resource)".utf8 { mixed = (mixed ^ UInt64(byte)) &* 0x0100_0000_01b3 }
            var generator = SeededGenerator(seed: mixed)
            _ = generator.next()
            return generator.next() & 1 == 0
        }
    }

    static let denyAll = TestAuthorizer { _, _ in false }
}

/// A broker with some topics and groups, or with none of them.
struct AuthorizationWorld {
    static let topics: [Name] = (0..<4).map { Name("t\($0)") }
    static let groups: [Name] = (0..<4).map { Name("g\($0)") }
    static let consumers: Name = "c0"
    /// Asked for beside those that there are.
    static let named = topics + ["nowhere"]

    let rig: BrokerRig
    private let administrator: RigClient
    private let visitor: RigClient

    init(_ authorizer: TestAuthorizer, isEmpty: Bool = false) throws {
        rig = try BrokerRig(rules: BrokerRules(authorizer: authorizer)) { $0.offsetsPartitions = 1 }
        administrator = try rig.connect(as: TestAuthorizer.administrator)
        visitor = try rig.connect(as: TestAuthorizer.visitor)
        guard !isEmpty else { return }
        for topic in Self.topics {
            try rig.topic(topic)
            var produce = try ProduceRequest(topic, acks: 1)
            produce.timeoutMs = 1000
            _ = try ask(produce, 8, as: administrator)
        }
        for group in Self.groups { _ = try ask(Self.commit(group, Self.topics, rig), 2, as: administrator) }
        var beat = ConsumerGroupHeartbeatRequest()
        (beat.groupID, beat.memberID, beat.rebalanceTimeoutMs) = (Self.consumers, "member", 1000)
        beat.subscribedTopicNames = ["t0", "t1"]
        beat.topicPartitions = []
        _ = try ask(beat, 1, as: administrator)
    }

    private func ask<Request: RequestMessage>(
        _ request: Request, _ version: Int16, as client: RigClient
    ) throws -> JSONValue {
        try client.send(request, version: version)
        let reply = try client.reply(to: Request.self, version, rig)
        return try MessagePrinter.json(
            of: try #require(reply, "\(Request.key) v\(version)"), version: version)
    }

    /// What is answered to a request, with topics' ids by their names.
    func answer(_ key: APIKey, _ version: Int16, isAdministrator: Bool) throws -> JSONValue {
        let found = try request(key)
        let asked = try #require(found)
        // Those that are deleted, and those that are made.
        let before = Array(rig.broker.catalog.topics.all)
        let reply = try ask(asked, version, as: isAdministrator ? administrator : visitor)
        var ids: [Name: Name] = [:]
        for topic in before + Array(rig.broker.catalog.topics.all) {
            ids[Name(topic.id.description)] = topic.name
        }
        return reply.removing(["clusterId", "principalName", "tokenRequesterPrincipalName"])
            .mappingTexts { text in ids[Name(text)].map { "id of \($0)" } ?? text }
    }

    private func id(_ name: Name) -> TopicID { rig.broker.catalog.topics[name]?.id ?? .zero }

    private static func commit(_ group: Name, _ topics: [Name], _ rig: BrokerRig) -> OffsetCommitRequest {
        var request = OffsetCommitRequest()
        request.groupID = group
        request.topics = topics.map { name in
            var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
            topic.name = name
            topic.topicID = rig.broker.catalog.topics[name]?.id ?? .zero
            topic.partitions = [.init()]
            return topic
        }
        return request
    }
}

// MARK: - Requests

extension AuthorizationWorld {
    /// One request of each kind that names what there is and what there is not.
    private func request(_ key: APIKey) throws -> (any RequestMessage)? {
        try aboutRecords(key) ?? aboutTopics(key) ?? aboutGroups(key) ?? aboutMembers(key)
            ?? aboutConfigs(key) ?? aboutCluster(key) ?? aboutPartitions(key) ?? aboutTransactions(key)
    }

    private func aboutPartitions(_ key: APIKey) -> (any RequestMessage)? {
        switch key {
        case .createPartitions:
            var request = CreatePartitionsRequest()
            request.timeoutMs = 1000
            request.topics = Self.named.map { name in
                var topic = CreatePartitionsRequest.CreatePartitionsTopic()
                (topic.name, topic.count, topic.assignments) = (name, 3, nil)
                return topic
            }
            return request
        case .describeTopicPartitions:
            var request = DescribeTopicPartitionsRequest()
            request.topics = Self.named.map { name in
                var topic = DescribeTopicPartitionsRequest.TopicRequest()
                topic.name = name
                return topic
            }
            return request
        case .describeLogDirs:
            var request = DescribeLogDirsRequest()
            request.topics = nil
            return request
        case .describeProducers:
            var request = DescribeProducersRequest()
            request.topics = Self.named.map { name in
                var topic = DescribeProducersRequest.TopicRequest()
                (topic.name, topic.partitionIndexes) = (name, [0])
                return topic
            }
            return request
        case .describeQuorum:
            var request = DescribeQuorumRequest()
            request.topics = [.init()]
            (request.topics[0].topicName, request.topics[0].partitions) = ("__cluster_metadata", [.init()])
            return request
        default: return aboutReplicas(key)
        }
    }

    private func aboutReplicas(_ key: APIKey) -> (any RequestMessage)? {
        switch key {
        case .electLeaders:
            var request = ElectLeadersRequest()
            request.topicPartitions = Self.named.map { name in
                var topic = ElectLeadersRequest.TopicPartitions()
                (topic.topic, topic.partitions) = (name, [0])
                return topic
            }
            return request
        case .alterPartitionReassignments:
            var request = AlterPartitionReassignmentsRequest()
            request.topics = Self.named.map { name in
                var topic = AlterPartitionReassignmentsRequest.ReassignableTopic()
                (topic.name, topic.partitions) = (name, [.init()])
                return topic
            }
            return request
        case .listPartitionReassignments:
            var request = ListPartitionReassignmentsRequest()
            request.topics = Self.named.map { name in
                var topic = ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics()
                (topic.name, topic.partitionIndexes) = (name, [0])
                return topic
            }
            return request
        default: return nil
        }
    }

    private func aboutRecords(_ key: APIKey) throws -> (any RequestMessage)? {
        switch key {
        case .writeTxnMarkers:
            var marker = WriteTxnMarkersRequest.WritableTxnMarker()
            marker.topics = Self.named.map { name in
                var topic = WriteTxnMarkersRequest.WritableTxnMarkerTopic()
                (topic.name, topic.partitionIndexes) = (name, [0])
                return topic
            }
            var request = WriteTxnMarkersRequest()
            request.markers = [marker]
            return request
        case .txnOffsetCommit:
            var request = TxnOffsetCommitRequest()
            (request.transactionalID, request.groupID, request.producerID) = ("tx", "g0", 1)
            request.topics = Self.named.map { name in
                var topic = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic()
                (topic.name, topic.partitions) = (name, [.init()])
                return topic
            }
            return request
        case .produce:
            var request = try ProduceRequest("", acks: 1)
            let data = request.topicData[0]
            request.topicData = Self.named.map { name in
                var topic = data
                (topic.name, topic.topicID) = (name, id(name))
                return topic
            }
            return request
        case .fetch:
            var request = FetchRequest("", from: 0, maxWait: 0)
            let asked = request.topics[0]
            request.topics = Self.named.map { name in
                var topic = asked
                (topic.topic, topic.topicID) = (name, id(name))
                return topic
            }
            return request
        case .listOffsets:
            var request = ListOffsetsRequest("", timestamp: -1)
            let asked = request.topics[0]
            request.topics = Self.named.map { name in
                var topic = asked
                topic.name = name
                return topic
            }
            return request
        default: return nil
        }
    }

    private func aboutTopics(_ key: APIKey) -> (any RequestMessage)? {
        switch key {
        case .metadata:
            var request = MetadataRequest()
            request.topics = Self.named.map { name in
                var topic = MetadataRequest.MetadataRequestTopic()
                topic.name = name
                return topic
            }
            (request.includeTopicAuthorizedOperations, request.includeClusterAuthorizedOperations) = (
                true, true
            )
            return request
        case .createTopics:
            var request = CreateTopicsRequest()
            request.topics = (Self.named + ["new0", "new1", "new2"]).map { name in
                var topic = CreateTopicsRequest.CreatableTopic()
                (topic.name, topic.numPartitions, topic.replicationFactor) = (name, 1, 1)
                return topic
            }
            return request
        case .deleteTopics:
            var request = DeleteTopicsRequest()
            (request.topicNames, request.timeoutMs) = (Self.named, 1000)
            request.topics = Self.named.map { name in
                var topic = DeleteTopicsRequest.DeleteTopicState()
                topic.name = name
                return topic
            }
            return request
        case .deleteRecords:
            var request = DeleteRecordsRequest()
            request.topics = Self.named.map { name in
                var topic = DeleteRecordsRequest.DeleteRecordsTopic()
                (topic.name, topic.partitions) = (name, [.init()])
                return topic
            }
            return request
        case .offsetForLeaderEpoch:
            var request = OffsetForLeaderEpochRequest()
            request.topics = Self.named.map { name in
                var topic = OffsetForLeaderEpochRequest.OffsetForLeaderTopic()
                (topic.topic, topic.partitions) = (name, [.init()])
                return topic
            }
            return request
        default: return nil
        }
    }

    private func aboutGroups(_ key: APIKey) -> (any RequestMessage)? {
        let groups = Self.groups + ["none"]
        switch key {
        case .offsetCommit: return Self.commit("g0", Self.named, rig)
        case .offsetFetch:
            var request = OffsetFetchRequest()
            request.groupID = "g0"
            request.topics = Self.named.map { name in
                var topic = OffsetFetchRequest.OffsetFetchRequestTopic()
                (topic.name, topic.partitionIndexes) = (name, [0])
                return topic
            }
            request.groups = groups.map { group in
                var asked = OffsetFetchRequest.OffsetFetchRequestGroup()
                asked.groupID = group
                // Half of them for all topics that they have offsets of.
                let isAll = (group.utf8.last ?? 0) % 2 == 1
                asked.topics =
                    isAll
                    ? nil
                    : Self.named.map { name in
                        var topic = OffsetFetchRequest.OffsetFetchRequestTopics()
                        (topic.name, topic.topicID, topic.partitionIndexes) = (name, id(name), [0])
                        return topic
                    }
                return asked
            }
            return request
        case .findCoordinator:
            var request = FindCoordinatorRequest()
            (request.key, request.coordinatorKeys) = ("g0", groups)
            return request
        case .describeGroups:
            var request = DescribeGroupsRequest()
            (request.groups, request.includeAuthorizedOperations) = (groups, true)
            return request
        case .consumerGroupDescribe:
            var request = ConsumerGroupDescribeRequest()
            (request.groupIDs, request.includeAuthorizedOperations) = (groups + [Self.consumers], true)
            return request
        case .listGroups: return ListGroupsRequest()
        case .deleteGroups:
            var request = DeleteGroupsRequest()
            request.groupsNames = groups
            return request
        case .offsetDelete:
            var request = OffsetDeleteRequest()
            request.groupID = "g0"
            request.topics = Self.named.map { name in
                var topic = OffsetDeleteRequest.OffsetDeleteRequestTopic()
                (topic.name, topic.partitions) = (name, [.init()])
                return topic
            }
            return request
        default: return nil
        }
    }

    /// Topics, groups and this broker, each with a value that it may have.
    private static let configured: [(resource: MetadataImage.ConfigResource, key: Name, value: String)] =
        named.map { (.topic($0), "retention.ms", "5000") }
        + groups.map { (.init(.group, $0), "consumer.session.timeout.ms", "50000") }
        + [(.broker(1), "message.max.bytes", "5000")]

    private func aboutConfigs(_ key: APIKey) -> (any RequestMessage)? {
        switch key {
        case .describeConfigs:
            var request = DescribeConfigsRequest()
            request.resources = Self.configured.map { resource, key, _ in
                var asked = DescribeConfigsRequest.DescribeConfigsResource()
                (asked.resourceType, asked.resourceName) = (resource.type, resource.name)
                asked.configurationKeys = [key]
                return asked
            }
            return request
        case .alterConfigs:
            var request = AlterConfigsRequest()
            request.resources = Self.configured.map { resource, key, value in
                var asked = AlterConfigsRequest.AlterConfigsResource()
                (asked.resourceType, asked.resourceName, asked.configs) = (
                    resource.type, resource.name, [.init()]
                )
                (asked.configs[0].name, asked.configs[0].value) = (key, value)
                return asked
            }
            return request
        case .incrementalAlterConfigs:
            var request = IncrementalAlterConfigsRequest()
            request.resources = Self.configured.map { resource, key, value in
                var asked = IncrementalAlterConfigsRequest.AlterConfigsResource()
                (asked.resourceType, asked.resourceName, asked.configs) = (
                    resource.type, resource.name, [.init()]
                )
                (asked.configs[0].name, asked.configs[0].value) = (key, value)
                return asked
            }
            return request
        case .listConfigResources: return ListConfigResourcesRequest()
        default: return nil
        }
    }

    private func aboutMembers(_ key: APIKey) -> (any RequestMessage)? {
        switch key {
        case .joinGroup:
            var request = JoinGroupRequest()
            (request.groupID, request.memberID, request.sessionTimeoutMs) = ("g0", "unknown", 10_000)
            request.protocolType = "consumer"
            request.protocols = [.init()]
            return request
        case .syncGroup:
            var request = SyncGroupRequest()
            (request.groupID, request.memberID, request.generationID) = ("g0", "unknown", 1)
            (request.protocolType, request.protocolName) = ("consumer", "range")
            return request
        case .heartbeat:
            var request = HeartbeatRequest()
            (request.groupID, request.memberID, request.generationID) = ("g0", "unknown", 1)
            return request
        case .leaveGroup:
            var request = LeaveGroupRequest()
            (request.groupID, request.memberID) = ("g0", "unknown")
            return request
        case .consumerGroupHeartbeat:
            var request = ConsumerGroupHeartbeatRequest()
            (request.groupID, request.memberID, request.memberEpoch) = ("c0", "unknown", 3)
            request.subscribedTopicNames = ["t0", "t1"]
            return request
        case .initProducerID:
            var request = InitProducerIdRequest()
            request.transactionalID = nil
            return request
        case .describeCluster:
            var request = DescribeClusterRequest()
            request.includeClusterAuthorizedOperations = true
            return request
        case .apiVersions:
            var request = ApiVersionsRequest()
            (request.clientSoftwareName, request.clientSoftwareVersion) = ("test", "1")
            return request
        default: return nil
        }
    }
}

extension JSONValue {
    /// The same without some fields.
    func removing(_ fields: Set<Name>) -> JSONValue {
        switch self {
        case .array(let elements): .array(elements.map { $0.removing(fields) })
        case .object(let members):
            .object(
                members.filter { !fields.contains(Name($0.key)) }.map {
                    JSONMember($0.key, $0.value.removing(fields))
                })
        default: self
        }
    }

    /// The same with other texts.
    func mappingTexts(_ map: (String) -> String) -> JSONValue {
        switch self {
        case .string(let text): .string(map(text))
        case .array(let elements): .array(elements.map { $0.mappingTexts(map) })
        case .object(let members):
            .object(members.map { JSONMember($0.key, $0.value.mappingTexts(map)) })
        default: self
        }
    }
}
