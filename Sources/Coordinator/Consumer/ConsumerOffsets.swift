// Offsets of consumer groups: whose commits count, and when nobody needs them any more.
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
        if member.classic != nil { return epoch == member.epoch ? nil : .illegalGeneration }
        guard version >= Self.memberEpochsFrom else { return .unsupportedVersion }
        if epoch == member.epoch { return nil }
        guard epoch < member.epoch else { return .staleMemberEpoch }
        // A commit that was under way while the epoch rose counts for what the member has had all the time.
        let isCovered = request.topics.allSatisfy { topic in
            let id = topic.topicID == .zero ? topics.topic(named: topic.name)?.id : topic.topicID
            guard let id else { return false }
            return topic.partitions.allSatisfy { partition in
                let since =
                    member.assigned[id]?[partition.partitionIndex]
                    ?? member.pendingRevocation[id]?[partition.partitionIndex]
                return since.map { $0 <= epoch } ?? false
            }
        }
        return isCovered ? nil : .staleMemberEpoch
    }

    /// Why a member of a consumer group may not read offsets, if it may not.
    func problem(withConsumerFetch request: OffsetFetchRequest.OffsetFetchRequestGroup) -> ErrorCode? {
        guard let group = groups.consumer[request.groupID] else { return nil }
        if request.memberID == nil, request.memberEpoch < 0 { return nil }
        guard let member = group.members[request.memberID ?? ""] else { return .unknownMemberID }
        guard member.epoch != request.memberEpoch else { return nil }
        return member.classic == nil ? .staleMemberEpoch : .illegalGeneration
    }

    /// Forgets offsets of consumer groups that have expired, and groups that have neither members nor
    /// offsets.
    mutating func expireConsumers() {
        for id in groups.consumer.keys.sorted() {
            var count = 0
            for (topic, partition, committed) in expirable(of: self[consumer: id]) where isExpired(committed)
            {
                emit(OffsetTable.tombstone(id, topic, partition))
                count += 1
            }
            if count > 0 { note(id, .offsetsExpired(count)) }
            if self[consumer: id].members.isEmpty, offsets.isEmpty(id) { removeConsumerGroup(id) }
        }
    }

    /// When the next offset of a consumer group expires as things stand.
    var nextConsumerExpiry: Timestamp? {
        groups.consumer.values.flatMap { expirable(of: $0) }.map { expiry(of: $0.committed) }.min()
    }

    /// Takes a consumer group without members back.
    mutating func removeConsumerGroup(_ id: String) {
        for record in self[consumer: id].tombstones { emit(record) }
        journals[id] = nil
    }

    /// The offsets of topics that the group does not read.
    private func expirable(
        of group: ConsumerGroup
    ) -> [(topic: String, partition: Int32, committed: CommittedOffset)] {
        offsets.all(of: group.id).filter { !group.isSubscribed(to: $0.topic) }.flatMap { topic, partitions in
            partitions.sorted { $0.key < $1.key }.map { (topic, $0.key, $0.value) }
        }
    }

    private func isExpired(_ committed: CommittedOffset) -> Bool { expiry(of: committed) <= now.wall }

    private func expiry(of committed: CommittedOffset) -> Timestamp {
        if let expires = committed.expires { return expires }
        let (sum, overflow) = committed.committed.milliseconds.addingReportingOverflow(
            settings.offsetRetentionMilliseconds)
        return Timestamp(milliseconds: overflow ? .max : sum)
    }
}
