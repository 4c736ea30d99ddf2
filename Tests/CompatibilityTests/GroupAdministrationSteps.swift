// What operators ask about groups in a sequence: about several in one request, among them such as are not
// there, are of the other kind, have no name, or are asked about twice.
import Base
import Foundation
import Protocol

/// Groups that both brokers have during all sequences.
enum StandingGroups {
    /// Classic, with an offset and without members.
    static let classic: Name = "standing-classic"
    /// The same of the new protocol.
    static let consumer: Name = "standing-consumer"

    /// Makes them on the broker on `port`.
    static func make(port: Int) throws {
        let broker = try ConsumerComparedBroker(port: port, actors: 0)
        var beat = ConsumerGroupHeartbeatRequest()
        beat.groupID = consumer
        beat.memberID = "founder"
        beat.rebalanceTimeoutMs = 60_000
        beat.subscribedTopicNames = ["t"]
        beat.topicPartitions = []
        _ = try broker.ask(beat, version: 1)
        beat.memberEpoch = -1
        _ = try broker.ask(beat, version: 1)
        for group in [classic, consumer] {
            _ = try broker.ask(OffsetCommitRequest(simple: group, offset: 1), version: 8)
        }
    }
}

extension OffsetCommitRequest {
    /// A commit of somebody who is no member.
    init(simple group: Name, offset: Int64) {
        self.init()
        groupID = group
        generationIDOrMemberEpoch = -1
        var place = OffsetCommitRequestPartition()
        place.committedOffset = offset
        var topic = OffsetCommitRequestTopic()
        topic.name = "t"
        topic.partitions = [place]
        topics = [topic]
    }
}

extension GroupSequence {
    /// A group beside the one that it is about, which has offsets now and then.
    private var neighbour: Name { "\(group)-neighbour" }

    /// The group itself, with others around it.
    private mutating func several(_ others: [Name]) -> [Name] {
        var names = [group]
        while chance(50) { names.append(pick([group, neighbour, "unknown", ""] + others)) }
        return names.shuffled(using: &random)
    }

    /// Gives the neighbour an offset.
    mutating func commitBeside(_ index: Int) throws {
        let request = OffsetCommitRequest(simple: neighbour, offset: 1)
        try tell(index, version: 8) { _ in request }
    }

    /// DescribeGroups or ConsumerGroupDescribe.
    mutating func describe(_ index: Int) throws {
        let names = several([StandingGroups.classic, StandingGroups.consumer])
        if chance(50) {
            var request = DescribeGroupsRequest()
            request.groups = names
            let asked = request
            try tell(index, version: pick([0, 4, 5, 6])) { _ in asked }
        } else {
            var request = ConsumerGroupDescribeRequest()
            request.groupIDs = names
            let asked = request
            try tell(index, version: pick([0, 1])) { _ in asked }
        }
    }

    /// DeleteGroups.
    mutating func delete(_ index: Int) throws {
        var request = DeleteGroupsRequest()
        request.groupsNames = several([])
        let asked = request
        try tell(index, version: pick([0, 2])) { _ in asked }
    }
}
