// The requests of users with different rights about transactions: in the name of a producer that nobody is,
// so that what is permitted changes nothing.
import Base
import Protocol
import TestSupport

extension AuthorizationWorld {
    /// Requests about the transactional id `tx`, which some users have rights to, and `ty`, which nobody has.
    static func transactionRequests(_ key: APIKey) -> [JSONValue]? {
        switch key {
        case .addPartitionsToTxn: additions
        case .addOffsetsToTxn:
            [("tx", "ants"), ("tx", "crows"), ("ty", "ants")].map { id, group in
                producing(id, ["groupId": .string(group)])
            }
        case .endTxn: ids.map { producing($0, ["committed": true]) }
        case .writeTxnMarkers: [markers]
        case .txnOffsetCommit: offsets
        case .describeTransactions: [["transactionalIds": ["tx", "ty"]]]
        case .listTransactions:
            [
                [
                    "stateFilters": [], "producerIdFilters": [], "durationFilter": -1,
                    "transactionalIdPattern": nil,
                ]
            ]
        default: nil
        }
    }

    private static let ids = ["tx", "ty"]
    private static let places: JSONValue = .array(
        ["apples", "pears", "plums"].map { ["name": .string($0), "partitions": [0]] })

    /// A request of the producer that nobody is.
    private static func producing(_ id: String, _ more: JSONValue) -> JSONValue {
        guard case .object(let members) = more else { return more }
        return .object(
            [
                JSONMember("transactionalId", .string(id)), JSONMember("producerId", 4_242),
                JSONMember("producerEpoch", 0),
            ] + members)
    }

    /// Up to version 3 for clients, then for brokers.
    private static var additions: [JSONValue] {
        let transactions = ids.map { producing($0, ["verifyOnly": false, "topics": places]) }
        return ids.map { id in
            [
                "v3AndBelowTransactionalId": .string(id), "v3AndBelowProducerId": 4_242,
                "v3AndBelowProducerEpoch": 0, "v3AndBelowTopics": places,
                "transactions": .array(transactions),
            ]
        }
    }

    /// Nothing is written: the topic does not exist.
    private static let markers: JSONValue = [
        "markers": [
            [
                "producerId": 4_242, "producerEpoch": 0, "transactionResult": false, "coordinatorEpoch": 0,
                "transactionVersion": 0, "topics": [["name": "plums", "partitionIndexes": [0]]],
            ]
        ]
    ]

    private static var offsets: [JSONValue] {
        let partition: JSONValue = [
            "partitionIndex": 0, "committedOffset": 1, "committedLeaderEpoch": -1, "committedMetadata": "",
        ]
        let topics: JSONValue = .array(
            ["apples", "pears", "plums"].map { ["name": .string($0), "partitions": [partition]] })
        return [("tx", "ants"), ("tx", "crows"), ("ty", "ants")].map { id, group in
            producing(
                id,
                [
                    "groupId": .string(group), "generationId": -1, "memberId": "", "groupInstanceId": nil,
                    "topics": topics,
                ])
        }
    }
}
