// OffsetCommit: what is stored, and why what is not.
internal import Base
package import Protocol

extension GroupCoordinator {
    /// Serves an OffsetCommit, in Kafka's order of checks.
    mutating func commit(_ request: OffsetCommitRequest, _ version: Int16, _ token: ReplyToken) {
        begin(OffsetCommitWork(request, version), .group(request.groupID), token)
    }

    /// The first version in which a client understands that a group is not there.
    private static let knowsMissingGroupsFrom: Int16 = 9

    fileprivate func problem(with request: OffsetCommitRequest, _ version: Int16) -> ErrorCode? {
        if groups.consumer[request.groupID] != nil { return problem(withConsumerCommit: request, version) }
        let generation = request.generationIDOrMemberEpoch
        guard let group = groups.classic[request.groupID] else {
            // Someone who commits without being a member needs no group (simple consumers, operators).
            if generation < 0 { return nil }
            return version >= Self.knowsMissingGroupsFrom ? .groupIDNotFound : .illegalGeneration
        }
        if generation < 0, group.state == .empty { return nil }
        if generation >= 0 || !request.memberID.isEmpty || request.groupInstanceID != nil {
            if let problem = group.problem(
                withMember: request.memberID, instanceID: request.groupInstanceID)
            {
                return problem
            }
            if generation != group.generation { return .illegalGeneration }
        } else if group.state != .empty {
            return .unknownMemberID
        }
        // The member knows the generation, but not yet what it was given in it.
        return group.state == .completingRebalance ? .rebalanceInProgress : nil
    }

    /// Why the offset of one partition is not taken, in a transaction or out of one: its note is too long, or
    /// it is no longer that of `late`, whose epoch rose while the commit was under way.
    func problem(
        withOffsetOf partition: Int32, of topic: TopicID?, _ metadata: String, by late: ConsumerMember?,
        since epoch: Int32
    ) -> ErrorCode? {
        // Kafka counts Java's characters, whatever its key is called.
        if metadata.utf16.count > settings.offsetMetadataBytesMax { return .offsetMetadataTooLarge }
        guard let late, !late.has(partition, of: topic, since: epoch) else { return nil }
        return late.wrongEpoch
    }

    /// A commit is a sign of life.
    fileprivate mutating func keepSession(of request: OffsetCommitRequest) {
        switch groups.classic[request.groupID]?.state {
        case .stable, .preparingRebalance: restartSession(of: request.memberID, in: request.groupID)
        case .empty, .completingRebalance, .dead, nil: break
        }
    }
}

/// A commit, which may name very many partitions.
private struct OffsetCommitWork: LongWork {
    private let request: OffsetCommitRequest
    private let version: Int16
    private var walk = PartitionWalk()
    private var response = OffsetCommitResponse()

    init(_ request: OffsetCommitRequest, _ version: Int16) {
        self.request = request
        self.version = version
        response.topics.reserveCapacity(request.topics.count)
    }

    var reply: GroupReply? { .commitOffsets(response) }

    mutating func advance(_ shard: inout GroupCoordinator) -> Bool {
        // A member may fall silent, or be fenced, between two slices.
        let problem = shard.problem(with: request, version)
        if problem == nil { shard.keepSession(of: request) }
        let late = problem == nil ? shard.lateCommitter(of: request) : nil
        let expires: Timestamp? =
            request.retentionTimeMs < 0
            ? nil
            : Timestamp(milliseconds: shard.now.wall.milliseconds.addingClamped(request.retentionTimeMs))
        var room = SliceLimits.stepsMax
        while let (index, places) = walk.next(
            of: request.topics.count, &room, { request.topics[$0].partitions.count })
        {
            let topic = request.topics[index]
            if response.topics.count == index {
                var answer = OffsetCommitResponse.OffsetCommitResponseTopic()
                answer.name = topic.name
                answer.topicID = topic.topicID
                response.topics.append(answer)
            }
            response.topics[index].partitions += topic.partitions[places].map { partition in
                var result = OffsetCommitResponse.OffsetCommitResponsePartition()
                result.partitionIndex = partition.partitionIndex
                let code = problem ?? store(partition, topic, late, expires, &shard)
                result.errorCode = code?.rawValue ?? ErrorCode.none.rawValue
                return result
            }
        }
        return walk.isAtEnd(of: request.topics.count)
    }

    /// Stores one offset; why not, if it does not.
    private func store(
        _ partition: OffsetCommitRequest.OffsetCommitRequestPartition,
        _ topic: OffsetCommitRequest.OffsetCommitRequestTopic, _ late: ConsumerMember?, _ expires: Timestamp?,
        _ shard: inout GroupCoordinator
    ) -> ErrorCode? {
        let metadata = partition.committedMetadata ?? ""
        if let problem = shard.problem(
            withOffsetOf: partition.partitionIndex, of: shard.id(of: topic), metadata, by: late,
            since: request.generationIDOrMemberEpoch)
        {
            return problem
        }
        let committed = CommittedOffset(
            offset: Offset(partition.committedOffset), leaderEpoch: partition.committedLeaderEpoch,
            metadata: metadata, committed: shard.now.wall, expires: expires, topicID: topic.topicID)
        shard.emit(OffsetTable.record(request.groupID, topic.name, partition.partitionIndex, committed))
        return nil
    }
}

extension OffsetCommitResponse {
    /// A reply that gives every partition the same error.
    package static func refusal(_ code: ErrorCode, of request: OffsetCommitRequest) -> OffsetCommitResponse {
        var response = OffsetCommitResponse()
        response.topics = request.topics.map { topic in
            var answer = OffsetCommitResponseTopic()
            answer.name = topic.name
            answer.topicID = topic.topicID
            answer.partitions = topic.partitions.map { partition in
                var result = OffsetCommitResponsePartition()
                result.partitionIndex = partition.partitionIndex
                result.errorCode = code.rawValue
                return result
            }
            return answer
        }
        return response
    }
}

extension Int64 {
    /// The sum, or the greatest number where it would be greater.
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
