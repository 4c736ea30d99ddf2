// Who may not do something is told so, and nothing else: each reply beside the same one without an
// authorizer.
import Base
import Protocol
import Security
import TestSupport
import Testing

@testable import Broker

/// What one API asks, and what it answers: the table of Kafka's operations.
private struct AskedRights {
    typealias Allows = (Operation, Resource) -> Bool

    /// The answer to all of a request; nil where it may be served.
    var whole: (Allows) -> ErrorCode? = { _ in nil }
    /// The answer about a topic, group or key of the reply.
    var each: (Name, Allows) -> ErrorCode? = { _, _ in nil }
    /// Whether what may not be told of is left out.
    var hides = false

    private static func topic(_ operations: Operation...) -> (Name, Allows) -> ErrorCode? {
        { name, allows in
            operations.allSatisfy { allows($0, .topic(name)) } ? nil : .topicAuthorizationFailed
        }
    }
    private static func group(_ operation: Operation) -> (Name, Allows) -> ErrorCode? {
        { name, allows in allows(operation, .group(name)) ? nil : .groupAuthorizationFailed }
    }
    /// What is asked about a topic, a group, or the broker.
    private static func configured(_ operation: Operation) -> (Name, Allows) -> ErrorCode? {
        { name, allows in
            if AuthorizationWorld.named.contains(name) { return topic(operation)(name, allows) }
            if AuthorizationWorld.groups.contains(name) { return group(operation)(name, allows) }
            return allows(operation, .cluster) ? nil : .clusterAuthorizationFailed
        }
    }
    private static func cluster(_ operation: Operation) -> AskedRights {
        AskedRights(whole: { allows in allows(operation, .cluster) ? nil : .clusterAuthorizationFailed })
    }
    private static func member(_ group: Name = "g0", _ operation: Operation = .read) -> (Allows) -> ErrorCode?
    {
        { allows in allows(operation, .group(group)) ? nil : .groupAuthorizationFailed }
    }

    /// What each served API asks in `version`.
    static func table(_ key: APIKey, _ version: Int16) -> AskedRights? {
        ofTopics(key) ?? ofPartitions(key, version) ?? ofGroups(key, version)
            ?? ofTransactions(key, version) ?? ofOthers(key)
    }

    private static func ofTopics(_ key: APIKey) -> AskedRights? {
        switch key {
        case .produce: AskedRights(each: topic(.write))
        case .fetch: AskedRights(each: topic(.read))
        case .listOffsets: AskedRights(each: topic(.describe))
        case .deleteRecords: AskedRights(each: topic(.delete))
        case .offsetForLeaderEpoch:
            AskedRights(each: { name, allows in
                allows(.clusterAction, .cluster) ? nil : topic(.describe)(name, allows)
            })
        case .metadata:
            AskedRights(each: { name, allows in
                let mayCreate = allows(.create, .cluster) || allows(.create, .topic(name))
                if let code = topic(.describe)(name, allows) { return code }
                return name == "nowhere" && !mayCreate ? .topicAuthorizationFailed : nil
            })
        case .createTopics:
            AskedRights(each: { name, allows in allows(.create, .cluster) ? nil : topic(.create)(name, allows)
            })
        case .deleteTopics:
            AskedRights(each: { name, allows in
                if allows(.delete, .cluster) { return nil }
                return name == "nowhere"
                    ? topic(.describe)(name, allows) : topic(.describe, .delete)(name, allows)
            })
        default: nil
        }
    }

    private static func ofPartitions(_ key: APIKey, _ version: Int16) -> AskedRights? {
        func cluster(_ operation: Operation) -> AskedRights {
            AskedRights(whole: { allows in
                allows(operation, .cluster) ? nil : .clusterAuthorizationFailed
            })
        }
        return switch key {
        case .createPartitions: AskedRights(each: topic(.alter))
        case .describeTopicPartitions: AskedRights(each: topic(.describe))
        case .describeProducers: AskedRights(each: topic(.read))
        // There is no place for an error.
        case .describeLogDirs where version < 3:
            AskedRights(
                each: { _, allows in allows(.describe, .cluster) ? nil : .clusterAuthorizationFailed },
                hides: true)
        case .describeLogDirs, .describeQuorum, .listPartitionReassignments: cluster(.describe)
        case .electLeaders, .alterPartitionReassignments: cluster(.alter)
        default: nil
        }
    }

    private static func ofGroups(_ key: APIKey, _ version: Int16) -> AskedRights? {
        switch key {
        case .offsetCommit: AskedRights(whole: member(), each: topic(.read))
        case .txnOffsetCommit:
            AskedRights(
                whole: { allows in
                    allows(.write, .transactionalID("tx"))
                        ? member()(allows) : .transactionalIDAuthorizationFailed
                }, each: topic(.read))
        case .offsetDelete: AskedRights(whole: member("g0", .delete), each: topic(.read))
        case .offsetFetch where version < 8:
            AskedRights(whole: member("g0", .describe), each: topic(.describe))
        case .offsetFetch:
            AskedRights(each: { name, allows in
                (AuthorizationWorld.named.contains(name) ? topic(.describe) : group(.describe))(name, allows)
            })
        case .findCoordinator where version < 4: AskedRights(whole: member("g0", .describe))
        case .findCoordinator, .describeGroups: AskedRights(each: group(.describe))
        case .consumerGroupDescribe:
            AskedRights(each: { name, allows in
                if let code = group(.describe)(name, allows) { return code }
                guard name == AuthorizationWorld.consumers else { return nil }
                return topic(.describe)("t0", allows) ?? topic(.describe)("t1", allows)
            })
        case .listGroups:
            AskedRights(
                each: { name, allows in allows(.describe, .cluster) ? nil : group(.describe)(name, allows) },
                hides: true)
        case .deleteGroups: AskedRights(each: group(.delete))
        case .joinGroup, .syncGroup, .heartbeat, .leaveGroup: AskedRights(whole: member())
        default: nil
        }
    }

    private static func ofTransactions(_ key: APIKey, _ version: Int16) -> AskedRights? {
        func transaction(_ operation: Operation, _ id: Name = "x0") -> (Allows) -> ErrorCode? {
            { allows in allows(operation, .transactionalID(id)) ? nil : .transactionalIDAuthorizationFailed }
        }
        return switch key {
        case .addPartitionsToTxn where version >= 4: cluster(.clusterAction)
        case .addPartitionsToTxn:
            AskedRights(each: { name, allows in
                transaction(.write)(allows) ?? topic(.write)(name, allows)
            })
        case .addOffsetsToTxn:
            AskedRights(whole: { allows in transaction(.write)(allows) ?? member()(allows) })
        case .endTxn: AskedRights(whole: transaction(.write))
        case .describeTransactions:
            AskedRights(each: { name, allows in transaction(.describe, name)(allows) })
        case .listTransactions:
            AskedRights(each: { name, allows in transaction(.describe, name)(allows) }, hides: true)
        default: nil
        }
    }

    private static func ofOthers(_ key: APIKey) -> AskedRights? {
        switch key {
        case .consumerGroupHeartbeat:
            AskedRights(whole: { allows in
                member("c0")(allows) ?? topic(.describe)("t0", allows) ?? topic(.describe)("t1", allows)
            })
        case .initProducerID:
            AskedRights(whole: { allows in
                let mayWrite = AuthorizationWorld.topics.contains { allows(.write, .topic($0)) }
                return allows(.idempotentWrite, .cluster) || mayWrite ? nil : .clusterAuthorizationFailed
            })
        case .describeCluster, .apiVersions: AskedRights()
        case .describeClientQuotas: cluster(.describeConfigs)
        case .alterClientQuotas: cluster(.alterConfigs)
        case .describeUserScramCredentials: cluster(.describe)
        case .alterUserScramCredentials, .createAcls, .deleteAcls, .updateFeatures, .unregisterBroker,
            .addRaftVoter, .removeRaftVoter, .alterReplicaLogDirs:
            cluster(.alter)
        case .writeTxnMarkers:
            AskedRights(whole: { allows in
                allows(.alter, .cluster) || allows(.clusterAction, .cluster)
                    ? nil : .clusterAuthorizationFailed
            })
        case .describeAcls: cluster(.describe)
        case .createDelegationToken, .renewDelegationToken, .expireDelegationToken,
            .describeDelegationToken:
            AskedRights()
        case .describeConfigs: AskedRights(each: configured(.describeConfigs))
        case .alterConfigs, .incrementalAlterConfigs: AskedRights(each: configured(.alterConfigs))
        case .listConfigResources: cluster(.describeConfigs)
        default: nil
        }
    }
}

/// Compares the reply to one who may not do everything with that to one who may.
private struct RefusalComparison {
    let asked: AskedRights
    let allows: AskedRights.Allows
    private(set) var problems: [String] = []

    init(_ asked: AskedRights, _ allows: @escaping AskedRights.Allows) {
        self.asked = asked
        self.allows = allows
    }

    /// Lists of things that are refused one by one.
    private static let lists: Set<Name> = [
        "topics", "responses", "groups", "results", "coordinators", "transactionStates",
        "resultsByTopicV3AndBelow",
    ]

    mutating func compare(_ full: JSONValue, _ reply: JSONValue) {
        if let code = asked.whole(allows) { return expectRefused(reply, code, "all") }
        compare(full, reply, of: "", at: "")
    }

    private mutating func expectRefused(_ value: JSONValue, _ code: ErrorCode, _ place: String) {
        let codes = Self.codes(in: value)
        guard codes.isEmpty || codes.contains(where: { $0 != Int64(code.rawValue) }) else { return }
        // A group as a whole, or each of its parts.
        problems.append("\(place): \(codes) instead of \(code)")
    }

    /// Every error code of a refused part but those of the whole reply beside it.
    private static func codes(in value: JSONValue) -> [Int64] {
        switch value {
        case .array(let elements): elements.flatMap(codes)
        case .object(let members):
            members.flatMap { member in
                member.key == "errorCode" || member.key == "partitionErrorCode"
                    ? [member.value.integer].compactMap(\.self) : codes(in: member.value)
            }
        default: []
        }
    }

    private static func identity(_ value: JSONValue) -> String? {
        let fields = [
            "name", "topic", "groupId", "key", "topicId", "resourceName", "topicName", "logDir",
            "user", "transactionalId",
        ]
        for field in fields {
            guard let text = value[field]?.text, !text.isEmpty else { continue }
            return text.hasPrefix("id of ") ? String(text.dropFirst(6)) : text
        }
        return nil
    }

    private mutating func compare(_ full: JSONValue, _ reply: JSONValue, of owner: Name, at place: String) {
        guard case .object(let members) = full, case .object(let others) = reply,
            members.map(\.key) == others.map(\.key)
        else {
            if full != reply { problems.append("\(place): \(reply) instead of \(full)") }
            return
        }
        for (member, other) in zip(members, others) {
            let here = "\(place).\(member.key)"
            if let bits = operationBits(member.key, owner) {
                guard let told = other.value.integer, told != bits, told != Int64(Int32.min) else { continue }
                problems.append("\(here): \(told) instead of \(bits)")
            } else if Self.lists.contains(Name(member.key)) {
                compareList(member.value, other.value, at: here)
            } else if case .object = member.value {
                compare(member.value, other.value, of: owner, at: here)
            } else if member.value != other.value {
                problems.append("\(here): \(other.value) instead of \(member.value)")
            }
        }
    }

    private mutating func compareList(_ full: JSONValue, _ reply: JSONValue, at place: String) {
        var rest = reply.elements
        for element in full.elements {
            guard let name = Self.identity(element) else {
                // Such as what became of a rule, which is told by its place.
                if let index = rest.firstIndex(of: element) {
                    rest.remove(at: index)
                } else {
                    problems.append("\(place): \(element) is missing")
                }
                continue
            }
            let found = rest.firstIndex { Self.identity($0) == name }.map { rest.remove(at: $0) }
            // That an id stands for nothing is told first.
            let code = name == UUID.zero.description ? nil : asked.each(Name(name), allows)
            switch (code, found) {
            case (nil, let found?): compare(element, found, of: Name(name), at: "\(place)[\(name)]")
            case (let code?, let found?) where !asked.hides: expectRefused(found, code, "\(place)[\(name)]")
            case (.some, nil) where asked.hides || isListOfAll(place): continue
            case (_, let found): problems.append("\(place)[\(name)]: \(found == nil ? "missing" : "told")")
            }
        }
        if !rest.isEmpty { problems.append("\(place): \(rest) beside the others") }
    }

    /// The topics of a group whose offsets are all asked for: those that may not be seen are left out.
    private func isListOfAll(_ place: String) -> Bool {
        guard place.hasSuffix("].topics"),
            let group = place.split(separator: "[").last?.prefix(while: { $0 != "]" })
        else { return false }
        return (group.utf8.last ?? 0) % 2 == 1
    }

    private func operationBits(_ field: String, _ owner: Name) -> Int64? {
        let resource: Resource
        switch field {
        case "clusterAuthorizedOperations":
            resource = .cluster
            guard allows(.describe, .cluster) else { return 0 }
        case "topicAuthorizedOperations": resource = .topic(owner)
        case "authorizedOperations": resource = .group(owner)
        default: return nil
        }
        return resource.operations.reduce(0) { allows($1, resource) ? $0 | 1 << Int64($1.rawValue) : $0 }
    }
}

@Suite("who may not do something", .serialized, .endsHangs)
struct AuthorizationTests {
    /// Requests that leave nothing as it was.
    private static let changing: Set<APIKey> = [
        .produce, .metadata, .createTopics, .deleteTopics, .deleteGroups, .offsetDelete, .initProducerID,
        .alterConfigs, .incrementalAlterConfigs, .alterClientQuotas,
        .alterUserScramCredentials, .updateFeatures, .createPartitions,
    ]

    static let authorizers = [TestAuthorizer.denyAll, .seeded(1)]

    @Test(
        "is told so, and all else is answered as to others",
        arguments: HandlerTable.rows.map(\.key), authorizers.indices)
    func replies(_ key: APIKey, _ authorizer: Int) throws {
        let authorizer = Self.authorizers[authorizer]
        let row = try #require(HandlerTable.byNumber[Int(key.rawValue)])
        var worlds: (full: AuthorizationWorld, refused: AuthorizationWorld)?
        for version in row.versions {
            let pair =
                try worlds ?? (AuthorizationWorld(authorizer), AuthorizationWorld(authorizer))
            worlds = Self.changing.contains(key) ? nil : pair
            let full = try pair.full.answer(key, version, isAdministrator: true)
            let reply = try pair.refused.answer(key, version, isAdministrator: false)
            var comparison = RefusalComparison(
                try #require(AskedRights.table(key, version), "\(key) is not in the table"), authorizer.allows
            )
            comparison.compare(full, reply)
            #expect(comparison.problems == [], "\(key) v\(version)")
        }
    }

    @Test("learns nothing about what exists, but by ids", arguments: HandlerTable.rows.map(\.key))
    func existence(_ key: APIKey) throws {
        let row = try #require(HandlerTable.byNumber[Int(key.rawValue)])
        let (full, empty) = (
            try AuthorizationWorld(.denyAll), try AuthorizationWorld(.denyAll, isEmpty: true)
        )
        let idsFrom: Int16 =
            switch key {
            case .produce, .fetch: 13
            case .offsetCommit, .offsetFetch: 10
            default: .max
            }
        for version in row.versions where version < idsFrom {
            // How far the metadata log is is no secret.
            let answers = try [full, empty].map {
                try $0.answer(key, version, isAdministrator: false).removing(["finalizedFeaturesEpoch"])
            }
            #expect(answers[0] == answers[1], "v\(version)")
        }
    }

    @Test("is told of a topic by its id that it is not allowed, and not its name")
    func byID() throws {
        let rig = try BrokerRig(rules: BrokerRules(authorizer: TestAuthorizer.denyAll))
        let topic = try rig.topic("t")
        let client = try rig.connect(as: TestAuthorizer.visitor)
        var metadata = MetadataRequest()
        var deletion = DeleteTopicsRequest()
        deletion.timeoutMs = 1000
        metadata.topics = []
        for id in [topic.id, UUID(high: 7, low: 7)] {
            var asked = MetadataRequest.MetadataRequestTopic()
            (asked.name, asked.topicID) = (nil, id)
            metadata.topics?.append(asked)
            var deleted = DeleteTopicsRequest.DeleteTopicState()
            (deleted.name, deleted.topicID) = (nil, id)
            deletion.topics.append(deleted)
        }
        let codes = [ErrorCode.topicAuthorizationFailed.rawValue, ErrorCode.unknownTopicID.rawValue]
        try client.send(metadata, version: 12)
        let described = try #require(try client.reply(to: MetadataRequest.self, 12, rig))
        #expect(described.topics.map(\.errorCode) == codes)
        #expect(described.topics.allSatisfy { $0.name == nil })
        try client.send(deletion, version: 6)
        let deleted = try #require(try client.reply(to: DeleteTopicsRequest.self, 6, rig))
        #expect(deleted.responses.sorted { $0.errorCode < $1.errorCode }.map(\.errorCode) == codes)
        #expect(deleted.responses.allSatisfy { $0.name == nil })
        #expect(rig.broker.catalog.topics["t"] != nil)
    }

    @Test("creates topics without being told their configurations")
    func configurations() throws {
        let rig = try BrokerRig(
            rules: BrokerRules(authorizer: TestAuthorizer { operation, _ in operation != .describeConfigs }))
        let client = try rig.connect(as: TestAuthorizer.visitor)
        var request = CreateTopicsRequest()
        var topic = CreateTopicsRequest.CreatableTopic()
        (topic.name, topic.numPartitions, topic.replicationFactor) = ("t", 1, 1)
        request.topics = [topic]
        try client.send(request, version: 7)
        let reply = try #require(try client.reply(to: CreateTopicsRequest.self, 7, rig)).topics.first
        #expect(reply?.errorCode == 0)
        #expect(reply?.topicConfigErrorCode == ErrorCode.topicAuthorizationFailed.rawValue)
        #expect(reply?.configs == [] && reply?.numPartitions == -1)
    }
}
