// The requests of users with different rights about what the cluster as a whole keeps.
import Base
import Protocol
import TestSupport

extension AuthorizationWorld {
    /// Requests that change nothing; nil for a key that is not about the cluster.
    static func clusterRequests(_ key: APIKey) -> [JSONValue]? {
        switch key {
        case .describeClientQuotas:
            [["components": [["entityType": "user", "matchType": 0, "match": "nobody"]], "strict": false]]
        case .alterClientQuotas:
            [
                [
                    "entries": .array(
                        ["somebody", ""].map { name in
                            [
                                "entity": [["entityType": "user", "entityName": .string(name)]],
                                "ops": [
                                    ["key": "producer_byte_rate", "value": .number(1000), "remove": false]
                                ],
                            ]
                        }), "validateOnly": true,
                ]
            ]
        case .describeUserScramCredentials:
            [["users": [["name": "nobody"], ["name": "somebody"]]]]
        case .alterReplicaLogDirs:
            [
                [
                    "dirs": [
                        [
                            "path": "/nowhere",
                            "topics": [
                                ["name": "t0", "partitions": [0, 9]], ["name": "nothing", "partitions": [0]],
                            ],
                        ]
                    ]
                ]
            ]
        case .alterUserScramCredentials:
            [
                [
                    "deletions": [["name": "nobody", "mechanism": 1]],
                    "upsertions": [
                        [
                            "name": "somebody", "mechanism": 7, "iterations": 4096, "salt": "AQ==",
                            "saltedPassword": "AQ==",
                        ]
                    ],
                ]
            ]
        default: requestsOfOneNode(key)
        }
    }

    /// What a cluster of one node without authentication answers always in the same way.
    ///
    /// Requests about tokens are not among them: their answers depend on the listener.
    private static func requestsOfOneNode(_ key: APIKey) -> [JSONValue]? {
        switch key {
        case .describeAcls:
            [
                [
                    "resourceTypeFilter": 5, "resourceNameFilter": "nothing", "patternTypeFilter": 3,
                    "principalFilter": "User:nobody", "hostFilter": nil, "operation": 1, "permissionType": 1,
                ]
            ]
        case .createAcls: [["creations": []], ["creations": [ruleOfNobody]]]
        case .deleteAcls: [["filters": []], ["filters": [filterOfNobody]]]
        case .updateFeatures:
            [
                [
                    "timeoutMs": 1000, "validateOnly": true,
                    "featureUpdates": [
                        [
                            "feature": "nothing", "maxVersionLevel": 1, "allowDowngrade": false,
                            "upgradeType": 1,
                        ]
                    ],
                ]
            ]
        case .unregisterBroker: [["brokerId": 77]]
        case .addRaftVoter:
            [
                [
                    "clusterId": nil, "timeoutMs": 1000, "voterId": -1,
                    "voterDirectoryId": .string(unknownID.description), "listeners": [],
                    "ackWhenCommitted": true,
                ]
            ]
        case .removeRaftVoter:
            [["clusterId": nil, "voterId": -1, "voterDirectoryId": .string(unknownID.description)]]
        default: nil
        }
    }

    private static let ruleOfNobody: JSONValue = [
        "resourceType": 5, "resourceName": "nothing", "resourcePatternType": 3, "principal": "User:nobody",
        "host": "*", "operation": 8, "permissionType": 3,
    ]
    private static let filterOfNobody: JSONValue = [
        "resourceTypeFilter": 5, "resourceNameFilter": "nothing", "patternTypeFilter": 3,
        "principalFilter": "User:nobody", "hostFilter": "1.2.3.4", "operation": 8, "permissionType": 3,
    ]
}
