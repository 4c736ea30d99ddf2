// Clients as they should be, beside those that are odd: their requests must be answered, and soon.
import Base
import Foundation
import Protocol
import Records
import TestSupport

struct FuzzLoad {
    private static let topic = "load"
    private static let partitions: Int32 = 4
    private let round: FuzzRound

    init(_ round: FuzzRound) { self.round = round }

    /// Makes the topic unless it is there.
    static func prepare(port: Int) throws {
        let reply = try ComparedPeer(port: port).ask(
            .createTopics, 5,
            [
                "topics": [
                    [
                        "name": .string(topic), "numPartitions": .integer(Int64(partitions)),
                        "replicationFactor": 1, "assignments": [],
                        "configs": [["name": "retention.bytes", "value": "1000000"]],
                    ]
                ], "timeoutMs": 30_000, "validateOnly": false,
            ])
        guard reply != nil else { throw WireConnectionError.timedOut }
    }

    /// Writes and reads, steadily.
    func produceAndFetch() {
        repeatedly(every: 5) { peer, turn in
            let partition: JSONValue = .integer(Int64(turn % Int(Self.partitions)))
            try expect(peer, .produce, 9, produce(partition, bytes: 10_000))
            let wanted: JSONValue = [
                "partition": partition, "fetchOffset": 0, "partitionMaxBytes": 100_000,
            ]
            try expect(
                peer, .fetch, 12,
                [
                    "maxWaitMs": 5, "minBytes": 1, "maxBytes": 100_000,
                    "topics": [["topic": .string(Self.topic), "partitions": [wanted]]],
                ])
        }
    }

    /// Comes, stays a little, and goes, in groups of both kinds.
    ///
    /// Whoever deletes all groups may do so.
    func beInGroups() {
        repeatedly(every: 20) { peer, turn in
            let group: JSONValue = .string("load-\(turn % 3)")
            let join: JSONValue = [
                "groupId": group, "sessionTimeoutMs": 10_000, "rebalanceTimeoutMs": 1_000, "memberId": "",
                "protocolType": "consumer", "protocols": [["name": "range", "metadata": ""]],
            ]
            let joined = try expect(peer, .joinGroup, 3, join)
            let member = joined["memberId"] ?? ""
            let generation = joined["generationId"] ?? 0
            let who: JSONValue = ["groupId": group, "memberId": member, "generationId": generation]
            try expect(peer, .syncGroup, 2, who)
            try expect(peer, .heartbeat, 2, who)
            try expect(peer, .leaveGroup, 2, ["groupId": group, "memberId": member])
            let beat: JSONValue = [
                "groupId": "load-new", "memberId": "member", "memberEpoch": turn % 2 == 0 ? 0 : -1,
                "rebalanceTimeoutMs": 1_000, "subscribedTopicNames": [.string(Self.topic)],
                "topicPartitions": [],
            ]
            try expect(peer, .consumerGroupHeartbeat, 1, beat)
        }
    }

    /// Asks for little, and measures how long it takes.
    func behaveWell() {
        repeatedly(every: 20) { peer, turn in
            let begun = ContinuousClock.now
            switch turn % 3 {
            case 0: try expect(peer, .metadata, 9, ["topics": [["name": .string(Self.topic)]]])
            case 1: try expect(peer, .produce, 9, produce(0, bytes: 100))
            default: try expect(peer, .listGroups, 4, ["statesFilter": ["Dead"]])
            }
            round.took(ContinuousClock.now - begun)
        }
    }

    private func repeatedly(every milliseconds: Int, _ body: (ComparedPeer, Int) throws -> Void) {
        let peer = ComparedPeer(port: round.port)
        for turn in 0... {
            guard !round.isOver, !round.isEnding else { return }
            do { try body(peer, turn) } catch {
                round.problem("a client that is not odd: \(error)")
            }
            pause(milliseconds: milliseconds)
        }
    }

    /// The reply, which must come.
    @discardableResult
    private func expect(
        _ peer: ComparedPeer, _ key: APIKey, _ version: Int16, _ request: JSONValue
    ) throws -> JSONValue {
        guard let reply = try peer.ask(key, version, request, milliseconds: 20_000) else {
            peer.drop()
            throw FuzzError.unanswered(key.name)
        }
        return reply
    }

    private func produce(_ partition: JSONValue, bytes: Int) -> JSONValue {
        var builder = BatchBuilder()
        builder.append(
            timestamp: Timestamp(milliseconds: 1), key: nil, value: [UInt8](repeating: 7, count: bytes))
        let records: JSONValue = [
            "index": partition, "records": .string(Base64.encode((try? builder.finish()) ?? [])),
        ]
        return [
            "transactionalId": nil, "acks": -1, "timeoutMs": 30_000,
            "topicData": [["name": .string(Self.topic), "partitionData": [records]]],
        ]
    }
}

enum FuzzError: Error {
    case unanswered(String)
}
