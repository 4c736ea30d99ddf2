// Offsets of consumer groups: whose commits count.
internal import Base
internal import Protocol

extension GroupCoordinator {
    /// The first version of OffsetCommit that members with the new protocol may use.
    private static let memberEpochsFrom: Int16 = 9

    /// Why a commit to a consumer group is refused, if it is, in Kafka's order of checks.
    func problem(withConsumerCommit request: OffsetCommitRequest, _ version: Int16) -> ErrorCode? {
        let epoch = request.generationIDOrMemberEpoch
        let group = self[consumer: request.groupID]
        // An operator, or a consumer that only commits.
        if epoch < 0, group.members.isEmpty { return nil }
        guard let member = group.members[request.memberID] else { return .unknownMemberID }
        guard member.classic != nil || version >= Self.memberEpochsFrom else { return .unsupportedVersion }
        return epoch > member.epoch ? member.wrongEpoch : nil
    }

    /// The member of a commit that was under way while its epoch rose: it counts for what the member has had
    /// all the time.
    func lateCommitter(of request: OffsetCommitRequest) -> ConsumerMember? {
        guard let member = groups.consumer[request.groupID]?.members[request.memberID],
            request.generationIDOrMemberEpoch < member.epoch
        else { return nil }
        return member
    }

    /// The topic of a commit, which names it or tells its id.
    func id(of topic: OffsetCommitRequest.OffsetCommitRequestTopic) -> TopicID? {
        topic.topicID == .zero ? topics.topic(named: topic.name)?.id : topic.topicID
    }

    /// Why a member of a consumer group may not read offsets, if it may not.
    func problem(withConsumerFetch request: OffsetFetchRequest.OffsetFetchRequestGroup) -> ErrorCode? {
        guard let group = groups.consumer[request.groupID] else { return nil }
        if request.memberID == nil, request.memberEpoch < 0 { return nil }
        guard let member = group.members[request.memberID ?? ""] else { return .unknownMemberID }
        return member.epoch == request.memberEpoch ? nil : member.wrongEpoch
    }

    /// Takes a consumer group without members back.
    mutating func removeConsumerGroup(_ id: Name) {
        for record in self[consumer: id].tombstones { emit(record) }
        journals[id] = nil
    }
}
