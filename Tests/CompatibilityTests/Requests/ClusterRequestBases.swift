// Plausible requests about what the cluster as a whole keeps, in the names of a `RequestWorld`.
import Base
import Protocol
import Simulation
import TestSupport

extension RequestBases {
    /// The fields of a request about quotas or users.
    mutating func clusterRequest(_ key: APIKey) -> JSONValue {
        switch key {
        case .describeClientQuotas:
            [
                "components": .array(quotaComponents()), "strict": .bool(random.chance(50)),
            ]
        case .describeUserScramCredentials:
            ["users": .array((0..<random.pick([1, 1, 2, 3])).map { _ in ["name": .string(userName())] })]
        case .alterUserScramCredentials:
            [
                "deletions": .array(
                    (0..<random.pick([0, 0, 1, 1, 2])).map { _ in
                        ["name": .string(userName()), "mechanism": random.pick([1, 1, 2])]
                    }),
                "upsertions": .array((0..<random.pick([0, 1, 1, 2])).map { _ in upsertion() }),
            ]
        case .alterClientQuotas:
            [
                "entries": .array((0..<random.pick([1, 1, 1, 2])).map { _ in quotaEntry() }),
                "validateOnly": .bool(random.chance(20)),
            ]
        default: ofOneNode(key)
        }
    }

    /// What a cluster of one node without authentication answers always in the same way.
    private mutating func ofOneNode(_ key: APIKey) -> JSONValue {
        switch key {
        case .describeAcls: accessRule(filtering: true)
        case .createAcls:
            ["creations": .array((0..<random.pick([0, 1, 2])).map { _ in accessRule(filtering: false) })]
        case .deleteAcls:
            ["filters": .array((0..<random.pick([0, 1, 2])).map { _ in accessRule(filtering: true) })]
        case .createDelegationToken:
            [
                "ownerPrincipalType": "User", "ownerPrincipalName": .string(userName()),
                "renewers": [["principalType": "User", "principalName": "r"]], "maxLifetimeMs": -1,
            ]
        case .renewDelegationToken: ["hmac": "AQ==", "renewPeriodMs": 1000]
        case .expireDelegationToken: ["hmac": "AQ==", "expiryTimePeriodMs": 1000]
        case .describeDelegationToken:
            ["owners": [["principalType": "User", "principalName": .string(userName())]]]
        case .updateFeatures:
            [
                "timeoutMs": 30_000, "validateOnly": true,
                "featureUpdates": .array((0..<random.pick([0, 1, 1, 2])).map { _ in featureUpdate() }),
            ]
        case .unregisterBroker: ["brokerId": random.pick([2, 0, -1])]
        case .addRaftVoter:
            [
                "clusterId": nil, "timeoutMs": 1000, "voterId": random.pick([1, 2]),
                "voterDirectoryId": "AAAAAAAAAAAAAAAAAAAABQ",
                "listeners": [
                    ["name": random.pick(["CONTROLLER", "controller", "OTHER"]), "host": "h", "port": 5]
                ], "ackWhenCommitted": true,
            ]
        default:
            [
                "clusterId": nil, "voterId": random.pick([1, 2]),
                "voterDirectoryId": "AAAAAAAAAAAAAAAAAAAABQ",
            ]
        }
    }

    private mutating func accessRule(filtering: Bool) -> JSONValue {
        let end = filtering ? "Filter" : ""
        return .object([
            JSONMember("resourceType" + end, random.pick([1, 2, 3, 4])),
            JSONMember("resourceName" + end, .string(topic())),
            JSONMember(filtering ? "patternTypeFilter" : "resourcePatternType", random.pick([3, 3, 4])),
            JSONMember("principal" + end, "User:a"), JSONMember("host" + end, "*"),
            JSONMember("operation", random.pick([1, 2, 3, 4])),
            JSONMember("permissionType", random.pick([2, 3])),
        ])
    }

    /// What is only checked: features are those of all sequences.
    private mutating func featureUpdate() -> JSONValue {
        let (name, levels): (String, [JSONValue]) = random.pick([
            ("group.version", [1, 1, 2, -1]), ("metadata.version", [30, 30, 29, 31, 6, 7]),
            ("nothing", [0, 1]),
        ])
        return [
            "feature": .string(name), "maxVersionLevel": random.pick(levels), "allowDowngrade": false,
            "upgradeType": random.pick([1, 1, 1, 2, 3, 0]),
        ]
    }

    private mutating func userName() -> String { world.prefix + random.pick(["-u", "-v", "-w"]) }

    private mutating func upsertion() -> JSONValue {
        [
            "name": .string(userName()), "mechanism": random.pick([1, 1, 2]),
            "iterations": random.pick([4096, 8192, 16_384, 4095, 16_385]), "salt": "c2FsdA==",
            "saltedPassword": "cGFzc3dvcmQ=",
        ]
    }

    /// Somebody of this sequence, and hosts that nobody has.
    private mutating func quotaName(_ type: String) -> String {
        type == "ip" ? random.pick(["10.1.2.3", "::2"]) : world.prefix + random.pick(["-a", "-b"])
    }

    private mutating func quotaTypes() -> [String] {
        random.pick([["user"], ["user"], ["client-id"], ["user", "client-id"], ["ip"], ["user", "ip"]])
    }

    private mutating func quotaComponents() -> [JSONValue] {
        quotaTypes().map { type in
            let match = random.pick([0, 0, 0, 1, 2])
            return [
                "entityType": .string(type), "matchType": .integer(Int64(match)),
                "match": match == 0 ? .string(quotaName(type)) : nil,
            ]
        }
    }

    private mutating func quotaEntry() -> JSONValue {
        let types = quotaTypes()
        // Addresses belong to all sequences, and have no quotas that others could see.
        let values: [(String, JSONValue)] =
            types.contains("ip")
            ? [("connection_creation_rate", .number(0.5)), ("producer_byte_rate", .number(1000))]
            : [
                ("producer_byte_rate", .number(1000)), ("consumer_byte_rate", .number(2000)),
                ("request_percentage", .number(12.5)),
                ("controller_mutation_rate", .number(3.25)), ("producer_byte_rate", .number(0)),
                ("consumer_byte_rate", .number(1.5)), ("nothing", .number(1)),
            ]
        return [
            "entity": .array(
                types.map { ["entityType": .string($0), "entityName": .string(quotaName($0))] }),
            "ops": .array(
                (0..<random.pick([0, 1, 1, 1, 2])).map { _ in
                    let (key, value) = random.pick(values)
                    return ["key": .string(key), "value": value, "remove": .bool(random.chance(25))]
                }),
        ]
    }
}
