// The requests of users with different rights, by key and version.
import Base
import Protocol
import Records
import TestSupport

extension AuthorizationWorld {
    /// Requests of `key` that name things which the sender may see and others, existing and not.
    static func requests(_ key: APIKey, version: Int16) -> [JSONValue] {
        switch key {
        case .produce: produce()
        case .metadata: metadata(version)
        case .fetch: [fetch]
        case .listOffsets:
            [
                [
                    "replicaId": -1, "isolationLevel": 0, "timeoutMs": 5_000,
                    "topics": named(["partitionIndex": 0, "currentLeaderEpoch": -1, "timestamp": -1]),
                ]
            ]
        case .offsetForLeaderEpoch:
            [
                [
                    "replicaId": -1,
                    "topics": named(
                        ["partition": 0, "currentLeaderEpoch": -1, "leaderEpoch": 0], called: "topic"),
                ]
            ]
        case .deleteRecords:
            [["topics": named(["partitionIndex": 0, "offset": 0]), "timeoutMs": 30_000]]
        case .createTopics: [createTopics]
        case .deleteTopics: deleteTopics(version)
        case .initProducerID:
            [nil, "tx"].map { id in
                [
                    "transactionalId": id, "transactionTimeoutMs": 60_000, "producerId": -1,
                    "producerEpoch": -1, "enable2Pc": false, "keepPreparedTxn": false,
                ]
            }
        case .describeCluster:
            [
                [
                    "includeClusterAuthorizedOperations": true, "endpointType": 1,
                    "includeFencedBrokers": false,
                ]
            ]
        case .describeConfigs, .alterConfigs, .incrementalAlterConfigs: [configurations]
        case .listConfigResources: [["resourceTypes": [2]], ["resourceTypes": []]]
        default:
            clusterRequests(key) ?? partitionRequests(key) ?? transactionRequests(key)
                ?? groupRequests(key, version)
        }
    }

    private static func partitionRequests(_ key: APIKey) -> [JSONValue]? {
        let numbered: JSONValue = .array(
            asked.map { name in
                [
                    "name": .string(name), "topic": .string(name), "partitionIndexes": [0],
                    "partitions": [0],
                ]
            })
        switch key {
        case .createPartitions:
            let topics = asked.map { name -> JSONValue in
                ["name": .string(name), "count": 3, "assignments": nil]
            }
            return [["topics": .array(topics), "timeoutMs": 30_000, "validateOnly": true]]
        case .describeTopicPartitions:
            let topics = asked.map { name -> JSONValue in ["name": .string(name)] }
            return [
                ["topics": .array(topics), "responsePartitionLimit": 2_000, "cursor": nil],
                ["topics": .array(topics), "responsePartitionLimit": 1, "cursor": nil],
            ]
        case .describeLogDirs: return [["topics": numbered]]
        case .describeProducers: return [["topics": numbered]]
        case .describeQuorum:
            return [["topics": [["topicName": "nowhere", "partitions": [["partitionIndex": 0]]]]]]
        case .electLeaders:
            return [["electionType": 0, "topicPartitions": numbered, "timeoutMs": 30_000]]
        case .alterPartitionReassignments:
            let partition: JSONValue = ["partitionIndex": 0, "replicas": [1]]
            return [
                [
                    "timeoutMs": 30_000, "allowReplicationFactorChange": true,
                    "topics": named(partition),
                ]
            ]
        case .listPartitionReassignments: return [["timeoutMs": 30_000, "topics": numbered]]
        default: return nil
        }
    }

    private static let asked = ["apples", "pears", "plums"]

    /// Topics, groups, the broker and a subscription, in one request; each kind takes the fields that it has.
    private static var configurations: JSONValue {
        func resource(_ type: Int64, _ name: String, _ key: String, _ value: String) -> JSONValue {
            [
                "resourceType": .integer(type), "resourceName": .string(name),
                "configurationKeys": [.string(key)],
                "configs": [["name": .string(key), "configOperation": 0, "value": .string(value)]],
            ]
        }
        let topics = asked.map { resource(2, $0, "segment.bytes", "2000000") }
        let groups = ["ants", "crows"].map { resource(32, $0, "consumer.session.timeout.ms", "46000") }
        return [
            "resources": .array(
                topics + groups
                    + [resource(4, "1", "num.io.threads", "8"), resource(16, "some", "interval.ms", "5000")]),
            "includeSynonyms": false, "includeDocumentation": false, "validateOnly": true,
        ]
    }

    /// Topics by name and by id, each with one partition.
    private static func named(
        _ partition: JSONValue, called field: String = "name", in partitions: String = "partitions"
    ) -> JSONValue {
        .array(
            asked.map { name in
                .object([
                    JSONMember(field, .string(name)), JSONMember("topicId", .string("$id \(name)")),
                    JSONMember(partitions, [partition]),
                ])
            })
    }

    private static func produce() -> [JSONValue] {
        let kinds: [(isTransactional: Bool, id: JSONValue)] = [(false, nil), (true, "tx"), (true, nil)]
        return kinds.map { isTransactional, id in
            var options = BatchOptions()
            if isTransactional {
                options.producerID = ProducerID(4_242)
                options.producerEpoch = 0
                options.baseSequence = 0
                options.isTransactional = true
            }
            var builder = BatchBuilder(options)
            builder.append(timestamp: Timestamp(milliseconds: 1), key: nil, value: [1])
            let records = Base64.encode((try? builder.finish()) ?? [])
            return [
                "transactionalId": id, "acks": -1, "timeoutMs": 30_000,
                "topicData": named(["index": 0, "records": .string(records)], in: "partitionData"),
            ]
        }
    }

    private static let fetch: JSONValue = [
        "maxWaitMs": 0, "minBytes": 0, "maxBytes": 1_048_576, "isolationLevel": 0, "sessionId": 0,
        "sessionEpoch": -1, "forgottenTopicsData": [],
        "topics": named(
            [
                "partition": 0, "currentLeaderEpoch": -1, "fetchOffset": 0, "lastFetchedEpoch": -1,
                "partitionMaxBytes": 1,
            ], called: "topic"),
    ]

    private static func metadata(_ version: Int16) -> [JSONValue] {
        func request(_ topics: JSONValue, creates: Bool = false) -> JSONValue {
            [
                "topics": topics, "allowAutoTopicCreation": .bool(creates),
                "includeClusterAuthorizedOperations": true, "includeTopicAuthorizedOperations": true,
            ]
        }
        let byName: JSONValue = .array(asked.map { ["name": .string($0)] })
        let byID: JSONValue = .array(asked.map { ["name": nil, "topicId": .string("$id \($0)")] })
        let all: JSONValue = version == 0 ? [] : nil
        return [request(byName), request(all), request([["name": "medlars"]], creates: true)]
            + (version >= 12 ? [request(byID)] : [])
    }

    private static let createTopics: JSONValue = [
        "topics": .array(
            ["quinces", "apples"].map { name in
                [
                    "name": .string(name), "numPartitions": 1, "replicationFactor": 1, "assignments": [],
                    "configs": [],
                ]
            }), "timeoutMs": 30_000, "validateOnly": true,
    ]

    private static func deleteTopics(_ version: Int16) -> [JSONValue] {
        let byName: [JSONValue] = ["figs", "plums"].map { ["name": .string($0)] }
        let byID: [JSONValue] = ["grapes", "plums"].map { ["name": nil, "topicId": .string("$id \($0)")] }
        return [
            [
                "topics": .array(byName + byID), "topicNames": ["figs", "grapes", "plums"],
                "timeoutMs": 30_000,
            ]
        ]
    }

    private static func groupRequests(_ key: APIKey, _ version: Int16) -> [JSONValue] {
        switch key {
        case .offsetCommit:
            return [
                [
                    "groupId": "ants", "generationIdOrMemberEpoch": -1, "memberId": "",
                    "groupInstanceId": nil, "retentionTimeMs": -1,
                    "topics": named([
                        "partitionIndex": 0, "committedOffset": 1, "committedLeaderEpoch": -1,
                        "committedMetadata": "",
                    ]),
                ]
            ]
        case .offsetFetch: return offsetFetches(version)
        case .findCoordinator:
            return [(Int64(0), ["ants", "crows"]), (1, ["tx"])].map { type, keys in
                let keys = keys.map { JSONValue.string($0) }
                return ["key": keys[0], "keyType": .integer(type), "coordinatorKeys": .array(keys)]
            }
        case .joinGroup, .heartbeat, .leaveGroup, .syncGroup:
            return groups.map(unknownMember)
        case .describeGroups:
            return [["groups": ["ants", "bees", "crows"], "includeAuthorizedOperations": true]]
        case .listGroups: return [["statesFilter": [], "typesFilter": []]]
        case .deleteGroups: return [["groupsNames": ["bees", "crows"]]]
        case .offsetDelete:
            return [["groupId": "ants", "topics": named(["partitionIndex": 0])]]
        case .consumerGroupHeartbeat:
            let subscriptions: [JSONValue] = [nil, ["apples", "pears"]]
            return subscriptions.map { topics in
                [
                    "groupId": "daws", "memberId": "nobody", "memberEpoch": 5, "rebalanceTimeoutMs": 60_000,
                    "subscribedTopicNames": topics, "serverAssignor": nil, "topicPartitions": nil,
                ]
            }
        case .consumerGroupDescribe:
            return [["groupIds": ["ants", "crows", "daws"], "includeAuthorizedOperations": true]]
        default: return []
        }
    }

    /// What a member that is none asks of a group; each request takes the fields that it has.
    private static func unknownMember(_ group: String) -> JSONValue {
        [
            "groupId": .string(group), "memberId": "nobody", "groupInstanceId": nil, "generationId": 7,
            "sessionTimeoutMs": 1, "rebalanceTimeoutMs": 1, "protocolType": "consumer",
            "protocols": [["name": "range", "metadata": ""]], "protocolName": "range", "assignments": [],
            "members": [["memberId": "nobody", "groupInstanceId": nil]],
        ]
    }

    private static func offsetFetches(_ version: Int16) -> [JSONValue] {
        let topics: JSONValue = .array(
            asked.map { name in
                ["name": .string(name), "topicId": .string("$id \(name)"), "partitionIndexes": [0]]
            })
        func group(_ name: JSONValue, _ topics: JSONValue) -> JSONValue {
            ["groupId": name, "memberId": nil, "memberEpoch": -1, "topics": topics]
        }
        let several: JSONValue = [group("ants", topics), group("bees", nil), group("crows", topics)]
        let wanted: [JSONValue] = version >= 2 && version < 8 ? [topics, nil] : [topics]
        return wanted.map { topics in
            ["groupId": "ants", "topics": topics, "groups": several, "requireStable": false]
        }
    }
}
