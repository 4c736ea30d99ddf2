// Plausible requests about groups.
import Base
import Protocol
import Simulation
import TestSupport

extension RequestBases {
    mutating func groupRequest(_ key: APIKey) -> JSONValue? {
        switch key {
        case .offsetCommit: offsetCommit()
        case .offsetFetch: offsetFetch()
        case .findCoordinator:
            ["key": group(), "keyType": 0, "coordinatorKeys": groups()]
        case .joinGroup: joinGroup()
        case .heartbeat: member(nil)
        case .leaveGroup: leaveGroup()
        case .syncGroup: syncGroup()
        case .describeGroups:
            ["groups": groups(), "includeAuthorizedOperations": .bool(random.chance(30))]
        case .listGroups:
            [
                "statesFilter": random.pick([[], [], ["Stable"], ["empty"], ["Dead", "Stable"], ["other"]]),
                "typesFilter": random.pick([[], [], ["classic"], ["Consumer"], ["share"], ["other"]]),
            ]
        case .deleteGroups: ["groupsNames": groups()]
        case .offsetDelete: offsetDelete()
        case .consumerGroupHeartbeat: consumerHeartbeat()
        case .consumerGroupDescribe:
            ["groupIds": groups(), "includeAuthorizedOperations": .bool(random.chance(30))]
        default: nil
        }
    }

    private mutating func group() -> JSONValue {
        .string(random.pick(world.groups + [world.classic, world.prefix + "-nobody"]))
    }

    private mutating func groups() -> JSONValue {
        .array((0..<random.pick([1, 1, 2, 3])).map { _ in group() })
    }

    /// Who says something in a group; nil for one of those that exist.
    private mutating func member(_ others: JSONValue?) -> JSONValue {
        let (group, member, instance): (String, JSONValue, JSONValue) = random.pick([
            (world.classic, "$classic", nil), (world.classic, "$classic", nil),
            (world.classic, "nobody", nil), (world.stationary, "$stationary", .string(world.instance)),
            (world.stationary, "nobody", .string(world.instance)),
            (world.consumer, .string(world.member), nil),
            (world.offsets, "", nil), (world.prefix + "-nobody", "nobody", nil),
        ])
        return [
            "groupId": .string(group), "memberId": member,
            "groupInstanceId": version >= instanceFrom ? instance : nil,
            "generationId": random.pick([1, 1, 1, 1, 2, 0, -1]),
        ]
    }

    /// Every key has instances from about here on; what has none, skips the field.
    private var instanceFrom: Int16 { 3 }

    private mutating func offsetCommit() -> JSONValue {
        let member = member(nil)
        let topics: JSONValue = .array(
            (0..<random.pick([1, 1, 2])).map { _ in
                let name = topic()
                return [
                    "name": .string(name), "topicId": .string("$id \(name)"),
                    "partitions": .array(
                        (0..<random.pick([1, 1, 2])).map { _ in
                            [
                                "partitionIndex": partition(), "committedOffset": random.pick([0, 5, 7]),
                                "committedLeaderEpoch": random.pick([-1, 0, 3]),
                                "committedMetadata": random.pick(["", "note", nil]),
                            ]
                        }),
                ]
            })
        return [
            "groupId": member["groupId"] ?? "", "memberId": member["memberId"] ?? "",
            "groupInstanceId": version >= 7 ? member["groupInstanceId"] ?? nil : nil,
            "generationIdOrMemberEpoch": member["generationId"] ?? 0, "retentionTimeMs": -1, "topics": topics,
        ]
    }

    private mutating func offsetFetch() -> JSONValue {
        let topics: JSONValue = .array(
            (0..<random.pick([1, 1, 2])).map { _ in
                let name = topic()
                return [
                    "name": .string(name), "topicId": .string("$id \(name)"),
                    "partitionIndexes": .array((0..<random.pick([1, 2])).map { _ in partition() }),
                ]
            })
        let groups: [JSONValue] = (0..<random.pick([1, 1, 2])).map { _ in
            let isMember = random.chance(20)
            return [
                "groupId": isMember ? .string(world.consumer) : group(),
                "memberId": isMember ? .string(world.member) : nil,
                "memberEpoch": isMember ? random.pick([1, 1, 0, 2]) : -1,
                "topics": random.chance(25) ? nil : topics,
            ]
        }
        return [
            "groupId": group(), "topics": version >= 2 && random.chance(25) ? nil : topics,
            "groups": .array(groups), "requireStable": .bool(random.chance(30)),
        ]
    }

    private mutating func offsetDelete() -> JSONValue {
        [
            "groupId": group(),
            "topics": .array(
                (0..<random.pick([1, 1, 2])).map { _ in
                    ["name": .string(topic()), "partitions": [["partitionIndex": partition()]]]
                }),
        ]
    }

    private mutating func joinGroup() -> JSONValue {
        let kind = random.pick([0, 0, 1, 2, 3])
        let isStatic = kind == 2 && version >= 5
        // Each at most once with a group of its own; with others in it a round would wait for them.
        let group =
            [
                world.prefix + "-join\(random.pick([0, 1, 2, 3]))", world.classic, world.stationary,
                world.offsets,
            ][kind]
        return [
            "groupId": .string(group), "sessionTimeoutMs": 60_000, "rebalanceTimeoutMs": 60_000,
            "memberId": kind == 1 ? "$classic" : isStatic ? random.pick(["", "$stationary"]) : "",
            "groupInstanceId": isStatic ? .string(world.instance) : nil, "protocolType": "consumer",
            "protocols": .array(
                random.pick([["range"], ["range"], ["range", "roundrobin"]]).map {
                    ["name": .string($0), "metadata": .string(world.subscription)]
                }), "reason": nil,
        ]
    }

    private mutating func leaveGroup() -> JSONValue {
        let member = member(nil)
        let identity: JSONValue = [
            "memberId": member["memberId"] ?? "",
            "groupInstanceId": member["groupInstanceId"] ?? nil, "reason": "test",
        ]
        return [
            "groupId": member["groupId"] ?? "", "memberId": member["memberId"] ?? "",
            "members": .array(Array(repeating: identity, count: random.pick([1, 1, 2]))),
        ]
    }

    private mutating func syncGroup() -> JSONValue {
        let member = member(nil)
        let isLeader = random.chance(50)
        return [
            "groupId": member["groupId"] ?? "", "memberId": member["memberId"] ?? "",
            "groupInstanceId": member["groupInstanceId"] ?? nil,
            "generationId": member["generationId"] ?? 0, "protocolType": "consumer", "protocolName": "range",
            "assignments": isLeader
                ? [["memberId": member["memberId"] ?? "", "assignment": .string(Base64.encode([1, 2]))]] : [],
        ]
    }

    private mutating func consumerHeartbeat() -> JSONValue {
        let isNew = random.chance(20)
        let epoch = isNew ? 0 : random.pick([world.memberEpoch, world.memberEpoch, world.memberEpoch, -1, 9])
        let isFull = epoch == 0 || random.chance(20)
        let name = random.pick([world.written, world.empty])
        return [
            "groupId": .string(
                random.pick([
                    world.consumer, world.consumer, world.consumer, world.classic, world.offsets,
                    world.prefix + "-nobody",
                ])),
            "memberId": .string(isNew ? world.member + "\(random.pick([0, 1]))" : world.member),
            "memberEpoch": .integer(epoch), "rebalanceTimeoutMs": isFull ? 60_000 : -1,
            "subscribedTopicNames": isFull ? [.string(name)] : nil,
            "serverAssignor": isFull ? random.pick(["range", "range", nil]) : nil,
            "topicPartitions": epoch == 0
                ? [] : random.chance(30) ? [["topicId": .string("$id \(name)"), "partitions": [0]]] : nil,
        ]
    }
}
