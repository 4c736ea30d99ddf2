// What users with different rights ask of a broker: one request of every kind, about things of which some
// exist and some do not. What Kafka's StandardAuthorizer makes of it is `fixtures/authorization`.
import Base
import Protocol
import Records
import Simulation
import TestSupport

/// Things that rights are about, and requests that name them.
enum AuthorizationWorld {
    /// Topics with one record, one without, and two that come and go; no others exist.
    static let topics = ["apples", "pears", "figs", "grapes"]
    /// Groups with offsets; a consumer group with a member who reads apples is called `daws`.
    static let groups = ["ants", "bees"]
    static let users = 16
    /// The id of a topic that does not exist.
    static let unknownID = UUID(high: 1, low: 1)

    /// A right as ACLs spell it: kind of resource, its name, operation.
    struct Right: Hashable {
        let resourceType: Int64
        let name: String
        let operation: Int64

        var json: JSONValue { [.integer(resourceType), .string(name), .integer(operation)] }
    }

    private static let all: [Right] = {
        func rights(_ type: Int64, _ names: [String], _ operations: [Int64]) -> [Right] {
            names.flatMap { name in operations.map { Right(resourceType: type, name: name, operation: $0) } }
        }
        return rights(2, topics + ["plums", "quinces", "medlars"], [3, 4, 5, 6, 7, 8, 10, 11])
            + rights(3, groups + ["crows", "daws"], [3, 6, 8, 10, 11])
            + rights(4, ["kafka-cluster"], [5, 7, 8, 9, 10, 11, 12])
            + rights(5, ["tx"], [4, 8])
    }()

    /// What a user may do: the first one nothing, the second everything, the others some of it.
    static func rights(of user: Int) -> [Right] {
        guard user > 1 else { return user == 0 ? [] : all }
        var random = SeededRandom(seed: UInt64(user))
        let percentage = random.pick([10, 30, 50, 80])
        return all.filter { _ in random.chance(percentage) }
    }

    /// What is there before the first user comes, as requests of somebody who may do everything.
    static var beginning: [AuthorizationStep] {
        let creation = creation(of: topics)
        let member: JSONValue = [
            "groupId": "daws", "memberId": "daw", "memberEpoch": 0, "rebalanceTimeoutMs": 60_000,
            "subscribedTopicNames": ["apples"], "serverAssignor": "range", "topicPartitions": [],
        ]
        return [AuthorizationStep(.createTopics, 7, creation)]
            + commits + [AuthorizationStep(.consumerGroupHeartbeat, 1, member)]
    }

    /// What brings back that which a request of `key` may have taken away.
    static func restoration(after key: APIKey) -> [AuthorizationStep] {
        switch key {
        case .offsetDelete, .deleteGroups: commits
        case .deleteTopics: [AuthorizationStep(.createTopics, 7, creation(of: ["figs", "grapes"]))]
        case .metadata:
            [
                AuthorizationStep(
                    .deleteTopics, 5, ["topicNames": ["medlars", "plums"], "timeoutMs": 30_000])
            ]
        default: []
        }
    }

    private static func creation(of names: [String]) -> JSONValue {
        let topics: [JSONValue] = names.map { name in
            [
                "name": .string(name), "numPartitions": 1, "replicationFactor": 1, "assignments": [],
                "configs": [],
            ]
        }
        return ["topics": .array(topics), "timeoutMs": 30_000, "validateOnly": false]
    }

    private static var commits: [AuthorizationStep] {
        groups.map { group in
            let partition: JSONValue = [
                "partitionIndex": 0, "committedOffset": 1, "committedLeaderEpoch": -1,
                "committedMetadata": "",
            ]
            let topics: [JSONValue] = ["apples", "pears"].map { name in
                ["name": .string(name), "partitions": [partition]]
            }
            return AuthorizationStep(
                .offsetCommit, 8,
                [
                    "groupId": .string(group), "generationIdOrMemberEpoch": -1, "memberId": "",
                    "groupInstanceId": nil, "topics": .array(topics),
                ])
        }
    }
}

/// A request as it goes to both brokers.
struct AuthorizationStep {
    let key: APIKey
    let version: Int16
    let request: JSONValue

    init(_ key: APIKey, _ version: Int16, _ request: JSONValue) {
        self.key = key
        self.version = version
        self.request = request
    }
}
