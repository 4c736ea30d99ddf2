// What was asked Apache Kafka about configurations, one request after another: `fixtures/configurations`.
import Base
import Protocol
import TestSupport

/// One request.
struct ConfigurationStep {
    let key: APIKey
    let version: Int16
    let request: JSONValue
}

/// One edit of a configuration: key, number of the operation, value.
private typealias Edit = (key: String, operation: Int64, value: JSONValue)

enum ConfigurationRequests {
    private static let (topic, broker, logger, metrics, group): (Int64, Int64, Int64, Int64, Int64) = (
        2, 4, 8, 16, 32
    )
    private static let (set, delete, append, subtract): (Int64, Int64, Int64, Int64) = (0, 1, 2, 3)

    /// All of them, in their order.
    static var all: [ConfigurationStep] {
        [creation] + descriptions + topicChanges + brokerChanges + loggerChanges + groupChanges
            + metricsChanges + replacements + unknownKeys
    }

    // MARK: - Requests

    private static var creation: ConfigurationStep {
        func topic(_ name: String, _ configs: [(String, String)]) -> JSONValue {
            [
                "name": .string(name), "numPartitions": 1, "replicationFactor": 1, "assignments": [],
                "configs": .array(configs.map { ["name": .string($0.0), "value": .string($0.1)] }),
            ]
        }
        return ConfigurationStep(
            key: .createTopics, version: 4,
            request: [
                "topics": [
                    topic("plain", []),
                    topic("special", [("retention.ms", "1000"), ("segment.bytes", "2000000")]),
                ],
                "timeoutMs": 30_000, "validateOnly": false,
            ])
    }

    private static func describe(
        _ type: Int64, _ name: String, _ keys: [String]? = nil, version: Int16 = 3, synonyms: Bool = true
    ) -> ConfigurationStep {
        let keys = keys.map { JSONValue.array($0.map { .string($0) }) } ?? .null
        return ConfigurationStep(
            key: .describeConfigs, version: version,
            request: [
                "resources": [
                    [
                        "resourceType": .integer(type), "resourceName": .string(name),
                        "configurationKeys": keys,
                    ]
                ],
                "includeSynonyms": .bool(synonyms), "includeDocumentation": false,
            ])
    }

    private static func resource(_ type: Int64, _ name: String, _ edits: [Edit]) -> JSONValue {
        [
            "resourceType": .integer(type), "resourceName": .string(name),
            "configs": .array(
                edits.map { key, operation, value in
                    ["name": .string(key), "configOperation": .integer(operation), "value": value]
                }),
        ]
    }

    private static func alter(
        _ resources: [JSONValue], validateOnly: Bool = false, version: Int16 = 0
    ) -> ConfigurationStep {
        ConfigurationStep(
            key: .incrementalAlterConfigs, version: version,
            request: ["resources": .array(resources), "validateOnly": .bool(validateOnly)])
    }

    private static func alter(_ type: Int64, _ name: String, _ edits: [Edit]) -> ConfigurationStep {
        alter([resource(type, name, edits)])
    }

    private static func replace(_ type: Int64, _ name: String, _ values: [(String, JSONValue)])
        -> ConfigurationStep
    {
        ConfigurationStep(
            key: .alterConfigs, version: 1,
            request: [
                "resources": [
                    [
                        "resourceType": .integer(type), "resourceName": .string(name),
                        "configs": .array(values.map { ["name": .string($0.0), "value": $0.1] }),
                    ]
                ], "validateOnly": false,
            ])
    }

    private static func list(_ types: [Int64], version: Int16 = 1) -> ConfigurationStep {
        ConfigurationStep(
            key: .listConfigResources, version: version,
            request: ["resourceTypes": .array(types.map { .integer($0) })])
    }

    // MARK: - What is asked

    private static var descriptions: [ConfigurationStep] {
        let names: [(Int64, String)] = [
            (topic, "plain"), (topic, "special"), (topic, "nowhere"), (topic, ""), (topic, "a/b"),
            (broker, "1"), (broker, ""), (broker, "2"), (broker, "x"), (broker, "-1"), (logger, "x"),
            (logger, "2"), (logger, ""), (group, ""), (group, "flock"), (metrics, ""), (metrics, "some"),
            (0, ""), (1, ""), (3, "x"), (99, "q"), (-1, "q"),
        ]
        return names.map { describe($0, $1) }
            + [
                describe(topic, "plain", []), describe(topic, "special", ["retention.ms", "nothing"]),
                describe(topic, "special", ["retention.ms", "segment.bytes"], synonyms: false),
                describe(topic, "special", version: 1), describe(topic, "special", version: 4),
                describe(logger, "1", ["root"]),
                list([]), list([topic]), list([broker]), list([logger]), list([metrics]), list([group]),
                list([topic, topic, broker]), list([0]), list([99]), list([1, 2]), list([], version: 0),
            ]
    }

    private static var topicChanges: [ConfigurationStep] {
        let edits: [[Edit]] = [
            [("retention.ms", set, "5000")], [("retention.ms", delete, nil)], [("retention.ms", delete, "x")],
            [("retention.ms", set, nil)], [("retention.ms", set, "x")], [("retention.ms", set, "")],
            [("retention.ms", set, " 7777 ")], [("retention.ms", append, "5")],
            [("retention.ms", subtract, "5")], [("nothing", set, "5")], [("nothing", delete, nil)],
            [("nothing", append, "5")], [("", set, "5")], [],
            [("retention.ms", set, "1"), ("retention.ms", set, "2")],
            [("retention.ms", set, "5000"), ("nothing", set, "1")],
            [("retention.ms", set, nil), ("segment.ms", set, nil)],
            [("cleanup.policy", append, "compact")], [("cleanup.policy", append, "compact")],
            [("cleanup.policy", subtract, "delete")], [("cleanup.policy", subtract, "nothing")],
            [("cleanup.policy", append, "nothing")], [("cleanup.policy", append, nil)],
            [("cleanup.policy", append, "delete,compact")], [("cleanup.policy", subtract, "compact,delete")],
            [("cleanup.policy", set, " delete , compact ")], [("cleanup.policy", delete, nil)],
            [("segment.bytes", set, "100")], [("segment.bytes", set, "2000000")],
            [("min.compaction.lag.ms", set, "100"), ("max.compaction.lag.ms", set, "10")],
            [("min.compaction.lag.ms", set, "10"), ("max.compaction.lag.ms", set, "100")],
            [("max.compaction.lag.ms", set, "5")], [("max.compaction.lag.ms", delete, nil)],
            [("remote.storage.enable", set, "true")], [("min.insync.replicas", set, "2")],
            [("min.cleanable.dirty.ratio", set, "0.50")], [("preallocate", set, "TRUE")],
            [("compression.type", set, "zstd")], [("compression.type", set, "rar")],
            [("leader.replication.throttled.replicas", append, "0:1")],
            [("leader.replication.throttled.replicas", append, "x")],
            [("internal.segment.bytes", set, "100000")], [("internal.segment.bytes", delete, nil)],
        ]
        return edits.map { alter(topic, "plain", $0) }
            + ["nowhere", "", "a/b", "__cluster_metadata"].flatMap { name in
                [
                    alter(topic, name, [("segment.ms", set, "5000")]),
                    alter(topic, name, [("nothing", set, "5000")]),
                    alter(topic, name, [("segment.ms", append, "5000")]), alter(topic, name, []),
                ]
            }
            + [
                alter([
                    resource(topic, "plain", [("retention.ms", set, "1")]),
                    resource(topic, "plain", [("segment.ms", set, "1")]),
                ]),
                alter([
                    resource(topic, "plain", [("retention.ms", set, "4000")]),
                    resource(topic, "nowhere", [("segment.ms", set, "1")]),
                ]),
                alter([resource(topic, "plain", [("retention.ms", set, "9")])], validateOnly: true),
                alter([resource(topic, "nowhere", [("retention.ms", set, "9")])], validateOnly: true),
                alter([resource(topic, "plain", [("retention.ms", set, "3000")])], version: 1),
                describe(topic, "plain"),
            ]
    }

    private static var brokerChanges: [ConfigurationStep] {
        let edits: [[Edit]] = [
            [("log.retention.ms", set, "123456")], [("num.io.threads", set, "x")], [("node.id", set, "5")],
            [("node.id", delete, nil)], [("node.id", set, "5"), ("nothing", set, "5")],
            [("nothing", set, "5")], [("nothing", append, "5")], [("nothing", subtract, "5")],
            [("nothing", delete, nil)], [("ssl.keystore.location", set, "5")],
            [("log.cleanup.policy", append, "compact")], [("log.cleanup.policy", subtract, "delete")],
            [("log.cleanup.policy", set, "nothing")], [("log.cleanup.policy", delete, nil)],
            [("num.io.threads", append, "5")], [("num.io.threads", subtract, "5")],
            [("log.cleanup.policy", 9, "5")], [("advertised.listeners", set, "PLAINTEXT://h:1")],
            [("min.insync.replicas", set, "0")], [("message.max.bytes", set, "-1")],
            [("message.max.bytes", set, "2000000")], [("log.retention.ms", set, "x")],
            [("log.retention.ms", set, nil)], [("log.cleaner.threads", set, "x")],
            [("max.connections.per.ip", set, "0")], [("log.retention.ms", set, "0")],
            [("listener.name.plaintext.ssl.keystore.password", set, "secret")],
            [("listener.name.plaintext.ssl.keystore.password", delete, nil)],
            [("group.consumer.assignment.interval.ms", set, "99999")],
            [("group.consumer.assignment.interval.ms", set, "2000")],
            [("log.retention.ms", set, "1"), ("log.retention.ms", set, "2")], [],
        ]
        let shown = ["log.retention.ms", "log.retention.hours", "message.max.bytes", "num.io.threads"]
        return ["", "1", "2", "x", "-1"].flatMap { name in
            edits.map { alter(broker, name, $0) }
                + [
                    describe(broker, name, shown), describe(broker, "1", shown),
                    describe(topic, "special", ["retention.ms", "max.message.bytes"]),
                    describe(topic, "plain", ["retention.ms", "max.message.bytes", "segment.ms"]),
                    describe(group, "flock", ["consumer.assignment.interval.ms"]),
                ]
        }
            + [
                alter(broker, "1", [("log.retention.ms", delete, nil)]),
                describe(topic, "plain", ["retention.ms", "max.message.bytes"]),
                alter(broker, "", [("log.retention.ms", delete, nil)]),
                alter(broker, "1", [("message.max.bytes", delete, nil)]),
                alter(broker, "", [("message.max.bytes", delete, nil)]),
                describe(topic, "plain", ["retention.ms", "max.message.bytes"]),
            ]
    }

    private static var loggerChanges: [ConfigurationStep] {
        let values: [JSONValue] = ["DEBUG", "FATAL", "debug", "", nil]
        return ["root", "nothing", ""].flatMap { name in
            [set, delete, append, subtract, 9].flatMap { operation in
                values.map { alter(logger, "1", [(name, operation, $0)]) }
            }
        }
            + [
                describe(logger, "1", ["root"]),
                alter(logger, "1", [("root", set, "WARN"), ("root", set, "INFO")]),
                alter(logger, "1", [("root", set, "WARN"), ("nothing", set, "INFO")]),
                alter([resource(logger, "1", [("root", set, "WARN")])], validateOnly: true),
                describe(logger, "1", ["root"]), alter(logger, "1", [("root", set, "INFO")]),
                alter(logger, "2", [("root", set, "INFO")]), alter(logger, "", [("root", set, "INFO")]),
                alter(logger, "x", [("root", set, "INFO")]), describe(logger, "1", ["root"]),
            ]
    }

    private static var groupChanges: [ConfigurationStep] {
        let edits: [Edit] = [
            ("consumer.session.timeout.ms", set, "50000"), ("consumer.session.timeout.ms", set, "x"),
            ("consumer.session.timeout.ms", set, "1"), ("consumer.session.timeout.ms", set, "70000"),
            ("consumer.session.timeout.ms", set, nil), ("consumer.session.timeout.ms", append, "x"),
            ("consumer.heartbeat.interval.ms", set, "1"), ("consumer.heartbeat.interval.ms", set, "99999"),
            ("consumer.heartbeat.interval.ms", set, "7000"), ("consumer.assignment.interval.ms", set, "-1"),
            ("consumer.assignment.interval.ms", set, "99999"), ("nothing", set, "1"),
            ("nothing", delete, nil),
            ("share.auto.offset.reset", set, "earliest"), ("share.auto.offset.reset", set, "x"),
            ("share.auto.offset.reset", set, "by_duration:PT1H"),
            ("share.auto.offset.reset", set, "by_duration:PTX"),
            ("share.auto.offset.reset", set, "by_duration:P1DT2H3M4.5S"),
            ("share.auto.offset.reset", set, "by_duration:P"),
            ("share.isolation.level", set, "read_committed"), ("share.isolation.level", set, "x"),
            ("share.session.timeout.ms", set, "1"), ("share.record.lock.duration.ms", set, "1000"),
            ("share.record.lock.duration.ms", set, "100000"), ("share.delivery.count.limit", set, "100"),
            ("share.partition.max.record.locks", set, "100"), ("share.heartbeat.interval.ms", set, "99999"),
            ("streams.session.timeout.ms", set, "1"), ("streams.num.standby.replicas", set, "9"),
            ("streams.initial.rebalance.delay.ms", set, "9"), ("share.renew.acknowledge.enable", set, "q"),
        ]
        return edits.map { alter(group, "flock", [$0]) }
            + edits.prefix(6).map { alter(group, "", [$0]) }
            + [describe(group, "flock"), list([]), list([group])]
    }

    private static var metricsChanges: [ConfigurationStep] {
        let edits: [Edit] = [
            ("interval.ms", set, "50000"), ("interval.ms", set, "x"), ("interval.ms", set, "99"),
            ("interval.ms", set, "100"), ("interval.ms", set, "3600001"), ("interval.ms", set, nil),
            ("interval.ms", append, "1"), ("match", set, "client_id=a.*"), ("match", set, "client_id=["),
            ("match", set, "nothing=1"), ("match", set, "client_id"),
            ("match", set, "client_id=a,client_software_name=b"), ("match", append, "client_id=a"),
            ("match", set, ""), ("metrics", set, "a,b"), ("metrics", set, "a,,b"), ("metrics", set, "*"),
            ("nothing", set, "1"), ("nothing", delete, nil), ("nothing", append, "1"),
        ]
        return edits.map { alter(metrics, "some", [$0]) }
            + edits.prefix(3).map { alter(metrics, "", [$0]) }
            + [describe(metrics, "some"), list([]), list([metrics]), list([], version: 0)]
    }

    private static var replacements: [ConfigurationStep] {
        [
            replace(topic, "plain", [("retention.ms", "9000"), ("segment.ms", "80000")]),
            replace(topic, "plain", [("retention.ms", "9000")]), describe(topic, "plain"),
            replace(topic, "plain", [("retention.ms", nil)]), replace(topic, "plain", [("nothing", "x")]),
            replace(topic, "nowhere", [("nothing", "x")]), replace(topic, "nowhere", []),
            replace(topic, "", []), replace(topic, "plain", [("retention.ms", "1"), ("retention.ms", "2")]),
            replace(topic, "plain", [("retention.ms", "x")]), replace(topic, "plain", []),
            describe(topic, "plain"), replace(broker, "1", [("log.retention.ms", "99999")]),
            describe(broker, "1", ["log.retention.ms"]), replace(broker, "1", [("nothing", "9")]),
            replace(broker, "1", [("node.id", "3")]), replace(broker, "1", [("log.retention.ms", "x")]),
            replace(broker, "1", [("log.retention.ms", nil)]), replace(broker, "1", []),
            describe(broker, "1", ["log.retention.ms"]), replace(broker, "2", []), replace(broker, "x", []),
            replace(logger, "1", [("root", "INFO")]), replace(logger, "1", []),
            replace(group, "flock", [("consumer.session.timeout.ms", "50000")]), describe(group, "flock"),
            replace(group, "flock", []), replace(group, "", []),
            replace(metrics, "some", [("interval.ms", "5000")]), describe(metrics, "some"),
            replace(metrics, "some", []), replace(metrics, "", []), list([group, metrics]),
        ]
    }

    private static var unknownKeys: [ConfigurationStep] {
        [0, 1, 3, 99, -1].flatMap { [alter($0, "x", []), replace($0, "x", [])] }
            + [alter([resource(topic, "plain", []), resource(0, "x", [])]), alter([])]
    }
}
