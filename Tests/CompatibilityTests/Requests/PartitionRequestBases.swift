// Plausible requests about partitions, where they lie and who leads them.
import Base
import Protocol
import Simulation
import TestSupport

extension RequestBases {
    /// The fields of a request about partitions; nil for all other keys.
    mutating func partitionRequest(_ key: APIKey) -> JSONValue? {
        switch key {
        case .createPartitions:
            [
                "topics": several { $0.increase() }, "timeoutMs": 30_000,
                "validateOnly": .bool(random.chance(40)),
            ]
        case .describeTopicPartitions: describeTopicPartitions()
        case .describeLogDirs:
            ["topics": numbered(called: "topic", in: "partitions")]
        case .describeProducers:
            ["topics": numbered(called: "name", in: "partitionIndexes")]
        case .describeQuorum:
            [
                "topics": several { bases in
                    [
                        "topicName": .string(
                            bases.random.chance(80) ? "__cluster_metadata" : bases.topic()),
                        "partitions": bases.several { ["partitionIndex": $0.random.pick([0, 0, 0, 1])] },
                    ]
                }
            ]
        case .electLeaders:
            [
                "electionType": random.pick([0, 0, 1]),
                "topicPartitions": numbered(called: "topic", in: "partitions"), "timeoutMs": 30_000,
            ]
        case .alterPartitionReassignments:
            [
                "timeoutMs": 30_000, "allowReplicationFactorChange": .bool(random.chance(70)),
                "topics": several { bases in
                    ["name": .string(bases.topic()), "partitions": bases.several { $0.reassignment() }]
                },
            ]
        case .listPartitionReassignments:
            [
                "timeoutMs": 30_000,
                "topics": random.chance(20) ? nil : numbered(called: "name", in: "partitionIndexes"),
            ]
        default: nil
        }
    }

    /// Topics with the numbers of some partitions.
    private mutating func numbered(called name: String, in partitions: String) -> JSONValue {
        several { bases in
            .object([
                JSONMember(name, .string(bases.topic())),
                JSONMember(partitions, bases.several { $0.partition() }),
            ])
        }
    }

    private mutating func increase() -> JSONValue {
        let assignments: JSONValue = [
            [["brokerIds": [1]]], [["brokerIds": [1]], ["brokerIds": [1]]], [["brokerIds": [2]]],
            [["brokerIds": [1, 1]]], [["brokerIds": []]], [],
        ]
        return [
            "name": .string(random.chance(60) ? world.fresh(&random) : topic()),
            "count": random.pick([1, 2, 2, 3, 3, 4]),
            "assignments": random.chance(70) ? nil : random.pick(assignments.elements),
        ]
    }

    private mutating func reassignment() -> JSONValue {
        let replicas: [JSONValue] = [nil, [1], [1], [2], [1, 2], [1, 1], []]
        return ["partitionIndex": partition(), "replicas": random.pick(replicas)]
    }

    private mutating func describeTopicPartitions() -> JSONValue {
        let names = (0..<random.pick([1, 2, 3])).map { _ in topic() }
        let start: JSONValue = [
            "topicName": .string(random.chance(80) ? random.pick(names) : topic()),
            "partitionIndex": random.pick([0, 0, 1, 1, 2]),
        ]
        return [
            "topics": .array(names.map { ["name": .string($0)] }),
            "responsePartitionLimit": random.pick([2_000, 2_000, 1, 2, 0]),
            "cursor": random.chance(30) ? start : nil,
        ]
    }
}
