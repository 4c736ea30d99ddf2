// What members of the new protocol do in a sequence of requests to a group that has classic ones as well: the
// group changes its kind with who comes and goes.
import Base
import Foundation
import Protocol
import TestSupport

/// What a member of the new protocol has been told.
struct Newcomer {
    var epoch: Int32 = 0
    /// The partitions that it has, by the names of their topics.
    var owned: [Name: [Int32]] = [:]

    /// Takes note of a reply to its heartbeat.
    mutating func hear(_ reply: JSONValue) {
        switch ErrorCode(rawValue: Int16(clamping: reply["errorCode"]?.integer ?? 0)) {
        case .some(.none): epoch = Int32(clamping: max(0, reply["memberEpoch"]?.integer ?? 0))
        case .fencedMemberEpoch, .unknownMemberID, .groupIDNotFound: self = Newcomer()
        default: break
        }
        guard case .array(let told)? = reply["assignment"]?["topicPartitions"] else { return }
        owned = [:]
        for entry in told {
            guard let topic = entry["topicId"]?.text, case .array(let partitions)? = entry["partitions"]
            else {
                continue
            }
            owned[Name(topic)] = partitions.map { Int32(clamping: $0.integer ?? 0) }
        }
    }
}

extension GroupSequence {
    /// A heartbeat: mostly the next one of its membership, else the first or the last.
    mutating func beat(_ index: Int, _ newcomer: Newcomer) throws {
        let isLeaving = newcomer.epoch > 0 && chance(15)
        let epoch = isLeaving ? -1 : aimed(newcomer.epoch)
        let isFull = epoch == 0 || chance(30)
        if epoch <= 0 { actors[index].newcomer = Newcomer() }
        let topic = pick(["t", "t", "u"] as [Name])
        try tell(index, version: 1) { [group] broker in
            var request = ConsumerGroupHeartbeatRequest()
            request.groupID = group
            // Behind all ids that a broker makes up.
            request.memberID = "~newcomer\(index)"
            request.memberEpoch = epoch
            if isFull {
                request.rebalanceTimeoutMs = 60_000
                request.subscribedTopicNames = [topic]
                request.serverAssignor = "range"
            }
            guard epoch >= 0 else { return request }
            let owned = epoch == 0 ? [:] : newcomer.owned
            request.topicPartitions = owned.sorted { $0.key < $1.key }.map { topic, partitions in
                var entry = ConsumerGroupHeartbeatRequest.TopicPartitions()
                entry.topicID = broker.topicIDs[topic] ?? TopicID(high: 0, low: 0)
                entry.partitions = partitions
                return entry
            }
            return request
        }
    }
}
