// Plausible requests about configurations of what exists in a `RequestWorld`.
import Base
import Protocol
import Simulation
import TestSupport

extension RequestBases {
    /// The fields of a request about configurations.
    mutating func configRequest(_ key: APIKey) -> JSONValue {
        switch key {
        case .listConfigResources:
            // All of them are those of other sequences too.
            ["resourceTypes": random.pick([[4], [8], [4, 8]])]
        case .describeConfigs:
            [
                "resources": .array(
                    (0..<random.pick([1, 1, 2])).map { _ in
                        let (type, name) = configured()
                        let keys = random.pick([["retention.ms"], ["cleanup.policy", "nothing"]])
                        return [
                            "resourceType": .integer(type), "resourceName": .string(name),
                            "configurationKeys": type == 4 || random.chance(70)
                                ? .array(keys.map { .string($0) }) : nil,
                        ]
                    }),
                "includeSynonyms": .bool(random.chance(60)), "includeDocumentation": false,
            ]
        default:
            [
                "resources": .array((0..<random.pick([1, 1, 1, 2])).map { _ in alteration() }),
                "validateOnly": .bool(random.chance(30)),
            ]
        }
    }

    private mutating func alteration() -> JSONValue {
        let (type, name) = configured()
        // What is told to the broker holds for other sequences too.
        let values: [(String, String)] =
            switch type {
            case 2:
                [
                    ("retention.ms", "100000"), ("retention.ms", "x"), ("cleanup.policy", "compact"),
                    ("cleanup.policy", "delete"), ("cleanup.policy", "neither"), ("segment.bytes", "2000000"),
                    ("max.message.bytes", "-1"), ("nothing", "x"), ("min.insync.replicas", "1"),
                ]
            case 4: [("num.io.threads", "8"), ("num.io.threads", "x"), ("node.id", "3")]
            case 32:
                [
                    ("consumer.session.timeout.ms", "50000"), ("consumer.session.timeout.ms", "1"),
                    ("consumer.heartbeat.interval.ms", "5000"), ("nothing", "x"),
                ]
            default:
                [("interval.ms", "5000"), ("interval.ms", "1"), ("match", "client_id=a"), ("nothing", "x")]
            }
        let count = random.pick([0, 1, 1, 1, 2])
        return [
            "resourceType": .integer(type), "resourceName": .string(name),
            "configs": .array(
                (0..<count).map { _ in
                    let (key, value) = random.pick(values)
                    return [
                        "name": .string(key), "configOperation": random.pick([0, 0, 0, 1, 2, 3]),
                        "value": random.chance(5) ? nil : .string(value),
                    ]
                }),
        ]
    }

    /// Something that has configurations, and its name.
    private mutating func configured() -> (type: Int64, name: String) {
        let type = random.pick([2, 2, 2, 4, 32, 16])
        let name =
            switch type {
            case 2: topic()
            case 4: "1"
            case 32: random.pick(world.groups)
            default: world.prefix + "-metrics"
            }
        return (Int64(type), name)
    }
}
