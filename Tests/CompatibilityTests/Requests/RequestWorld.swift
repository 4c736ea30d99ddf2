// What a sequence of requests finds on both brokers: its own topics and groups, apart from those of others.
import Base
import Protocol
import Simulation
import TestSupport

struct RequestWorld {
    /// What all its names begin with.
    let prefix: String
    /// Two partitions, the first with six records.
    let written: String
    let compacted: String
    let empty: String
    /// Was deleted.
    let gone: String
    /// A stable classic group of one member.
    let classic: String
    /// The same, of a static member.
    let stationary: String
    let instance: String
    /// A consumer group of one member.
    let consumer: String
    let member: String
    /// A group with offsets and without members.
    let offsets: String
    /// The epoch of the consumer group's member.
    var memberEpoch: Int64 = 1
    /// The epoch of the fetch session; 0 for none.
    var fetchEpoch: Int64 = 0

    var groups: [String] { [classic, stationary, consumer, offsets] }

    /// The metadata of a consumer that reads the written topic.
    var subscription: String {
        var subscription = ConsumerProtocolSubscription()
        subscription.topics = [Name(written)]
        return Base64.encode((try? subscription.versionedBytes(version: 1)) ?? [])
    }

    init(seed: UInt64) {
        // With a Kafka that has seen other runs, names must be new.
        prefix = "w\(seed)" + RequestWorld.run
        written = prefix + "-written"
        compacted = prefix + "-compacted"
        empty = prefix + "-empty"
        gone = prefix + "-gone"
        classic = prefix + "-classic"
        stationary = prefix + "-static"
        instance = prefix + "-instance"
        consumer = prefix + "-consumer"
        member = prefix + "-member"
        offsets = prefix + "-offsets"
    }

    /// One of a few topics that come and go.
    func fresh(_ random: inout SeededRandom) -> String { prefix + "-fresh\(random.pick([0, 1, 2]))" }

    private static let run =
        TestEnvironment.variable("APUS_TEST_KAFKA").map { _ in
            "r" + String(UInt32.random(in: 0..<(.max)), radix: 36)
        } ?? ""

    /// Whether `name` belongs to another sequence, or to nobody.
    func isForeign(_ name: String) -> Bool { !name.hasPrefix(prefix + "-") }

    /// The requests that make it.
    var beginning: [(key: APIKey, version: Int16, request: JSONValue)] {
        func topic(_ name: String, _ partitions: JSONValue, _ configs: JSONValue = []) -> JSONValue {
            [
                "name": .string(name), "numPartitions": partitions, "replicationFactor": 1, "assignments": [],
                "configs": configs,
            ]
        }
        let compaction: JSONValue = [["name": "cleanup.policy", "value": "compact"]]
        let join: JSONValue = [["name": "range", "metadata": .string(subscription)]]
        func joining(_ group: String, _ member: JSONValue, _ instance: JSONValue) -> JSONValue {
            [
                "groupId": .string(group), "sessionTimeoutMs": 300_000, "rebalanceTimeoutMs": 60_000,
                "memberId": member, "groupInstanceId": instance, "protocolType": "consumer",
                "protocols": join, "reason": nil,
            ]
        }
        func syncing(_ group: String, _ member: JSONValue, _ instance: JSONValue) -> JSONValue {
            [
                "groupId": .string(group), "memberId": member, "groupInstanceId": instance,
                "generationId": 1, "protocolType": "consumer", "protocolName": "range",
                "assignments": [["memberId": member, "assignment": .string(Base64.encode([1]))]],
            ]
        }
        var steps: [(key: APIKey, version: Int16, request: JSONValue)] = [
            (
                .createTopics, 7,
                [
                    "topics": [
                        topic(written, 2), topic(compacted, 1, compaction), topic(empty, 1), topic(gone, 1),
                    ],
                    "timeoutMs": 30_000, "validateOnly": false,
                ]
            ),
            (
                .deleteTopics, 6,
                [
                    "topics": [["name": .string(gone), "topicId": .string(UUID.zero.description)]],
                    "timeoutMs": 30_000,
                ]
            ),
        ]
        var bases = RequestBases(world: self, version: 9, random: SeededRandom(seed: 1))
        for _ in 0..<3 {
            let records: JSONValue = ["index": 0, "records": .string(bases.batch(isPlain: true))]
            let data: JSONValue = ["name": .string(written), "partitionData": [records]]
            steps.append(
                (
                    .produce, 9,
                    ["transactionalId": nil, "acks": -1, "timeoutMs": 30_000, "topicData": [data]]
                ))
        }
        steps += [
            (.joinGroup, 9, joining(classic, "", nil)), (.joinGroup, 9, joining(classic, "$classic", nil)),
            (.syncGroup, 5, syncing(classic, "$classic", nil)),
            (.joinGroup, 9, joining(stationary, "", .string(instance))),
            (.syncGroup, 5, syncing(stationary, "$stationary", .string(instance))),
            (
                .consumerGroupHeartbeat, 1,
                [
                    "groupId": .string(consumer), "memberId": .string(member), "memberEpoch": 0,
                    "rebalanceTimeoutMs": 60_000, "subscribedTopicNames": [.string(written)],
                    "serverAssignor": "range", "topicPartitions": [],
                ]
            ),
            (
                .offsetCommit, 8,
                [
                    "groupId": .string(offsets), "generationIdOrMemberEpoch": -1, "memberId": "",
                    "groupInstanceId": nil,
                    "topics": [
                        [
                            "name": .string(written),
                            "partitions": [
                                [
                                    "partitionIndex": 0, "committedOffset": 3, "committedLeaderEpoch": 0,
                                    "committedMetadata": "m",
                                ]
                            ],
                        ]
                    ],
                ]
            ),
        ]
        return steps
    }

    /// Takes note of what a broker chose: what it is called in later requests.
    mutating func learn(_ key: APIKey, _ request: JSONValue, _ replies: [JSONValue], _ peers: [ComparedPeer])
    {
        switch key {
        case .joinGroup:
            let group = request["groupId"]?.text
            let name = group == classic ? "$classic" : group == stationary ? "$stationary" : nil
            for (peer, reply) in zip(peers, replies) {
                guard let name, let id = reply["memberId"]?.text, !id.isEmpty else { continue }
                // A round that the member did not get into leaves it as it is.
                if reply["errorCode"] == 0 || reply["errorCode"] == 79 { peer.names.ids[name] = .string(id) }
            }
        case .fetch where replies[0]["errorCode"] == 0 && replies[0]["sessionId"] != 0:
            guard replies[0]["sessionId"] != nil else { return }
            for (peer, reply) in zip(peers, replies) { peer.names.ids["$session"] = reply["sessionId"] }
            fetchEpoch += 1
        case .consumerGroupHeartbeat where replies[0]["errorCode"] == 0:
            if replies[0]["memberId"]?.text == member {
                memberEpoch = max(0, replies[0]["memberEpoch"]?.integer ?? 0)
            }
        default: break
        }
    }
}
