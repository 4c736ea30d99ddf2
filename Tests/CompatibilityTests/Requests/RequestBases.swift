// One plausible request of every key, about what exists in a `RequestWorld`: what becomes odd is chosen
// later.
import Base
import Protocol
import Records
import Simulation
import TestSupport

/// Makes requests.
///
/// Texts that begin with `$` stand for what each broker calls the thing itself.
struct RequestBases {
    let world: RequestWorld
    let version: Int16
    var random: SeededRandom

    /// The fields of a request of `key` in all its versions.
    mutating func request(_ key: APIKey) -> JSONValue? {
        switch key {
        case .produce: produce()
        case .fetch: fetch()
        case .listOffsets: listOffsets()
        case .metadata: metadata()
        case .offsetForLeaderEpoch: offsetForLeaderEpoch()
        case .createTopics: createTopics()
        case .deleteTopics: deleteTopics()
        case .deleteRecords: deleteRecords()
        case .initProducerID: initProducerID()
        case .apiVersions: ["clientSoftwareName": "compared", "clientSoftwareVersion": "1.0"]
        case .describeCluster:
            [
                "includeClusterAuthorizedOperations": .bool(random.chance(50)),
                "endpointType": random.chance(80) ? 1 : 2, "includeFencedBrokers": .bool(random.chance(50)),
            ]
        case .describeConfigs, .alterConfigs, .incrementalAlterConfigs, .listConfigResources:
            configRequest(key)
        case .alterReplicaLogDirs: alterReplicaLogDirs()
        case .describeClientQuotas, .alterClientQuotas, .describeUserScramCredentials,
            .alterUserScramCredentials, .describeAcls, .createAcls, .deleteAcls, .createDelegationToken,
            .renewDelegationToken, .expireDelegationToken, .describeDelegationToken, .updateFeatures,
            .unregisterBroker, .addRaftVoter, .removeRaftVoter:
            clusterRequest(key)
        default: partitionRequest(key) ?? groupRequest(key)
        }
    }

    mutating func several(_ make: (inout Self) -> JSONValue) -> JSONValue {
        .array((0..<random.pick([1, 1, 1, 2, 3])).map { _ in make(&self) })
    }

    mutating func topic() -> String {
        random.pick([world.written, world.written, world.written, world.compacted, world.empty, world.gone])
    }

    /// A topic with what stands beside its name in `members`.
    private func topic(_ name: String, called field: String = "name", _ members: (String, JSONValue)...)
        -> JSONValue
    {
        .object(
            [JSONMember(field, .string(name)), JSONMember("topicId", .string("$id \(name)"))]
                + members.map { JSONMember($0, $1) })
    }

    /// Some topics with some partitions each, of which `make` says what is asked.
    private mutating func partitions(
        called field: String = "name", _ make: (inout Self) -> JSONValue
    ) -> JSONValue {
        several { bases in
            bases.topic(bases.topic(), called: field, ("partitions", bases.several(make)))
        }
    }

    mutating func partition() -> JSONValue { random.pick([0, 0, 0, 1, 1, 2]) }

    // MARK: - Records

    /// Records for one partition; brokers differ in what they make of several for the same one.
    private mutating func produce() -> JSONValue {
        let name = topic()
        let records: JSONValue = ["index": partition(), "records": .string(batch())]
        return [
            "transactionalId": nil, "acks": random.pick([-1, -1, -1, 1, 1, 0]),
            "timeoutMs": random.pick([30_000, 30_000, 0, -1]),
            "topicData": [topic(name, ("partitionData", [records]))],
        ]
    }

    /// Two records, sometimes of a producer with a sequence.
    mutating func batch(isPlain: Bool = false) -> String {
        var options = BatchOptions()
        if !isPlain, random.chance(30) {
            options.producerID = ProducerID(4_242)
            options.producerEpoch = random.pick([0, 0, 0, 1])
            options.baseSequence = random.pick([0, 0, 2, 4, 7])
        }
        var builder = BatchBuilder(options)
        for number in 0..<2 {
            builder.append(
                timestamp: Timestamp(milliseconds: 1_000 * Int64(number + 1)), key: Array("k\(number)".utf8),
                value: Array("value".utf8))
        }
        return Base64.encode((try? builder.finish()) ?? [])
    }

    private mutating func fetch() -> JSONValue {
        let isInSession = random.chance(40)
        let topics = partitions(called: "topic") { bases in
            [
                "partition": bases.partition(), "currentLeaderEpoch": bases.random.pick([-1, -1, 0]),
                "fetchOffset": bases.random.pick([0, 0, 1, 2, 4, 6]),
                "lastFetchedEpoch": bases.random.pick([-1, -1, 0]),
                "partitionMaxBytes": bases.random.pick([1_048_576, 1_048_576, 1]),
            ]
        }
        let forgotten: JSONValue =
            isInSession && random.chance(20)
            ? [topic(world.written, called: "topic", ("partitions", [0]))] : []
        return [
            "maxWaitMs": 20, "minBytes": random.pick([0, 1, 1, 100_000]),
            "maxBytes": random.pick([1_048_576, 1_048_576, 1]), "isolationLevel": random.pick([0, 0, 1]),
            "sessionId": isInSession && world.fetchEpoch > 0 ? "$session" : 0,
            "sessionEpoch": isInSession ? .integer(world.fetchEpoch) : -1,
            "topics": isInSession && world.fetchEpoch > 0 && random.chance(40) ? [] : topics,
            "forgottenTopicsData": forgotten,
        ]
    }

    private mutating func listOffsets() -> JSONValue {
        let topics = partitions { bases in
            [
                "partitionIndex": bases.partition(), "currentLeaderEpoch": bases.random.pick([-1, -1, 0]),
                "timestamp": bases.random.pick([-1, -2, -3, -4, -5, -6, 0, 1_000, 1_500, 9_999]),
            ]
        }
        return [
            "replicaId": -1, "isolationLevel": random.pick([0, 0, 1]), "topics": topics, "timeoutMs": 5_000,
        ]
    }

    private mutating func offsetForLeaderEpoch() -> JSONValue {
        let topics = partitions(called: "topic") { bases in
            [
                "partition": bases.partition(), "currentLeaderEpoch": bases.random.pick([-1, -1, 0]),
                "leaderEpoch": bases.random.pick([0, 0, 1, -1]),
            ]
        }
        return ["replicaId": -1, "topics": topics]
    }

    private mutating func deleteRecords() -> JSONValue {
        let topics = partitions { bases in
            ["partitionIndex": bases.partition(), "offset": bases.random.pick([-1, 0, 0, 1, 1, 2, 100])]
        }
        return ["topics": topics, "timeoutMs": 30_000]
    }

    /// The brokers' own directories have other names each.
    private mutating func alterReplicaLogDirs() -> JSONValue {
        [
            "dirs": several { bases in
                [
                    "path": bases.random.pick(["/nowhere", "data", ""]),
                    "topics": bases.several { bases in
                        ["name": .string(bases.topic()), "partitions": [bases.partition()]]
                    },
                ]
            }
        ]
    }

    private mutating func initProducerID() -> JSONValue {
        [
            "transactionalId": nil, "transactionTimeoutMs": 60_000,
            "producerId": random.pick([-1, -1, 4_242]),
            "producerEpoch": random.pick([-1, -1, 0]), "enable2Pc": false, "keepPreparedTxn": false,
        ]
    }

    // MARK: - Topics

    private mutating func metadata() -> JSONValue {
        let byID = version >= 10 && random.chance(40)
        let topics = several { bases in
            let name = bases.topic()
            guard byID else { return ["name": .string(name)] }
            return ["topicId": .string("$id \(name)"), "name": bases.version >= 12 ? nil : .string(name)]
        }
        return [
            "topics": version >= 1 && random.chance(10) ? nil : topics,
            "allowAutoTopicCreation": .bool(random.chance(30)),
            "includeClusterAuthorizedOperations": .bool(random.chance(30)),
            "includeTopicAuthorizedOperations": .bool(random.chance(30)),
        ]
    }

    private mutating func createTopics() -> JSONValue {
        let topics = several { bases in
            let isAssigned = bases.random.chance(20)
            let configs: [(JSONValue, JSONValue)] = [
                ("cleanup.policy", "compact"), ("retention.ms", "100000"), ("retention.ms", "x"),
                ("retention.ms", nil), ("nothing", "x"), ("max.message.bytes", "-1"), ("", ""),
            ]
            let count = bases.random.pick([0, 0, 0, 1, 2])
            return [
                "name": .string(
                    bases.random.chance(80) ? bases.world.fresh(&bases.random) : bases.topic()),
                "numPartitions": isAssigned ? -1 : bases.random.pick([1, 2, -1]),
                "replicationFactor": isAssigned ? -1 : bases.random.pick([1, 1, -1]),
                "assignments": isAssigned
                    ? .array(
                        (0..<bases.random.pick([1, 1, 2])).map {
                            ["partitionIndex": .integer($0), "brokerIds": [1]]
                        }) : [],
                "configs": .array(
                    (0..<count).map { _ in
                        let (name, value) = bases.random.pick(configs)
                        return ["name": name, "value": value]
                    }),
            ]
        }
        return ["topics": topics, "timeoutMs": 30_000, "validateOnly": .bool(random.chance(30))]
    }

    private mutating func deleteTopics() -> JSONValue {
        let names = (0..<random.pick([1, 1, 2])).map { _ in
            random.chance(80) ? world.fresh(&random) : random.pick([world.gone, world.empty])
        }
        let byID = random.chance(40)
        return [
            "topics": .array(
                names.map { name in
                    byID
                        ? ["name": nil, "topicId": .string("$id \(name)")]
                        : ["name": .string(name), "topicId": .string(UUID.zero.description)]
                }),
            "topicNames": .array(names.map { .string($0) }), "timeoutMs": 30_000,
        ]
    }
}
