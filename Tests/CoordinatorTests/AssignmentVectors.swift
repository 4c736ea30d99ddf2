// The questions and answers of fixtures/assignments.
import Base
import Coordinator
import TestSupport

struct AssignmentVector: Sendable {
    typealias Assignment = [Name: [Name: [Int32]]]

    let line: Int
    let assignor: Assignor
    let partitions: [Name: Int]
    let subscriptions: [Name: [Name]]
    let instances: [Name: Name]
    let owned: Assignment?
    let expected: Assignment

    static let all: [AssignmentVector] = (try? load()) ?? []

    private static func load() throws -> [AssignmentVector] {
        try Fixture.objects("assignments/assignments.jsonl.gz").enumerated().map {
            try AssignmentVector(line: $0.offset + 1, $0.element)
        }
    }

    private init(line: Int, _ object: JSONValue) throws {
        self.line = line
        guard let name = object["assignor"]?.text, let assignor = Assignor(rawValue: Name(name)),
            case .object(let partitions)? = object["partitions"],
            case .object(let subscriptions)? = object["subscriptions"], let assignment = object["assignment"]
        else { throw Fixture.Malformed(line: line) }
        self.assignor = assignor
        self.partitions = Dictionary(
            uniqueKeysWithValues: partitions.map { (Name($0.key), Int($0.value.integer ?? 0)) })
        self.subscriptions = Dictionary(
            uniqueKeysWithValues: subscriptions.map { (Name($0.key), Self.texts($0.value)) })
        if case .object(let instances)? = object["instances"] {
            self.instances = Dictionary(
                uniqueKeysWithValues: instances.map { (Name($0.key), Name($0.value.text ?? "")) })
        } else {
            instances = [:]
        }
        owned = object["owned"].map(Self.assignment)
        expected = Self.assignment(assignment)
    }

    /// A question of a test's own.
    init(partitions: [Name: Int], subscriptions: [Name: [Name]], owned: Assignment) {
        line = 0
        assignor = .sticky
        self.partitions = partitions
        self.subscriptions = subscriptions
        instances = [:]
        self.owned = owned
        expected = [:]
    }

    private static func texts(_ value: JSONValue) -> [Name] {
        guard case .array(let items) = value else { return [] }
        return items.compactMap { $0.text.map { Name($0) } }
    }

    private static func assignment(_ value: JSONValue) -> Assignment {
        guard case .object(let members) = value else { return [:] }
        return Dictionary(
            uniqueKeysWithValues: members.map { member in
                let name = Name(member.key)
                guard case .object(let topics) = member.value else { return (name, [:]) }
                let shares = topics.map { topic -> (Name, [Int32]) in
                    guard case .array(let items) = topic.value else { return (Name(topic.key), []) }
                    return (Name(topic.key), items.compactMap { $0.integer.map { Int32($0) } }.sorted())
                }
                return (name, Dictionary(uniqueKeysWithValues: shares).filter { !$0.value.isEmpty })
            })
    }

    /// Topics in the order of `problem`.
    var topics: [Name] { partitions.keys.sorted() }
    /// Members in the order of `problem`.
    var members: [Name] { subscriptions.keys.sorted() }

    /// The question in the assignors' terms, as if members owned `owned`.
    func problem(owning owned: Assignment?) -> AssignmentProblem {
        let topics = topics
        let places = Dictionary(uniqueKeysWithValues: topics.enumerated().map { ($0.element, $0.offset) })
        return AssignmentProblem(
            partitionCounts: topics.map { partitions[$0] ?? 0 },
            members: members.map { member in
                AssignmentProblem.Member(
                    id: member, instanceID: instances[member],
                    topics: (subscriptions[member] ?? []).compactMap { places[$0] }.sorted(),
                    owned: (owned?[member] ?? [:]).flatMap { topic, partitions in
                        partitions.compactMap { partition in
                            places[topic].map { PartitionSlot(topic: $0, partition: partition) }
                        }
                    }, generation: 1)
            })
    }

    /// An answer in the vectors' terms.
    func named(_ shares: Shares) -> Assignment {
        let topics = topics
        return Dictionary(
            uniqueKeysWithValues: zip(members, shares).map { member, shares in
                (member, Dictionary(uniqueKeysWithValues: shares.map { (topics[$0.topic], $0.partitions) }))
            })
    }
}
