// OffsetCommit, OffsetFetch and OffsetDelete.
internal import Base
package import Protocol

extension GroupCoordinator {
    /// Serves an OffsetCommit, in Kafka's order of checks.
    mutating func commit(_ request: OffsetCommitRequest, _ version: Int16, _ token: ReplyToken) {
        if let problem = problem(with: request, version) {
            return decision.reply(.commitOffsets(.refusal(problem, of: request)), to: token)
        }
        keepSession(of: request)
        let late = lateCommitter(of: request)
        let epoch = request.generationIDOrMemberEpoch
        var response = OffsetCommitResponse()
        let expires: Timestamp? =
            request.retentionTimeMs < 0
            ? nil : Timestamp(milliseconds: now.wall.milliseconds.addingClamped(request.retentionTimeMs))
        response.topics = request.topics.map { topic in
            var answer = OffsetCommitResponse.OffsetCommitResponseTopic()
            answer.name = topic.name
            answer.topicID = topic.topicID
            answer.partitions = topic.partitions.map { partition in
                var result = OffsetCommitResponse.OffsetCommitResponsePartition()
                result.partitionIndex = partition.partitionIndex
                let metadata = partition.committedMetadata ?? ""
                // Kafka counts Java's characters, whatever its key is called.
                guard metadata.utf16.count <= settings.offsetMetadataBytesMax else {
                    result.errorCode = ErrorCode.offsetMetadataTooLarge.rawValue
                    return result
                }
                if let late, !late.has(partition.partitionIndex, of: id(of: topic), since: epoch) {
                    result.errorCode = late.wrongEpoch.rawValue
                    return result
                }
                let committed = CommittedOffset(
                    offset: Offset(partition.committedOffset), leaderEpoch: partition.committedLeaderEpoch,
                    metadata: metadata, committed: now.wall, expires: expires, topicID: topic.topicID)
                emit(
                    OffsetTable.record(request.groupID, topic.name, partition.partitionIndex, committed))
                return result
            }
            return answer
        }
        decision.reply(.commitOffsets(response), to: token)
    }

    /// The first version in which a client understands that a group is not there.
    private static let knowsMissingGroupsFrom: Int16 = 9

    private func problem(with request: OffsetCommitRequest, _ version: Int16) -> ErrorCode? {
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

    /// A commit is a sign of life.
    private mutating func keepSession(of request: OffsetCommitRequest) {
        switch groups.classic[request.groupID]?.state {
        case .stable, .preparingRebalance: restartSession(of: request.memberID, in: request.groupID)
        case .empty, .completingRebalance, .dead, nil: break
        }
    }

    /// Serves the part of an OffsetFetch that is about one group; without topics it gets all that there are.
    mutating func fetch(
        _ request: OffsetFetchRequest.OffsetFetchRequestGroup, _ requireStable: Bool, _ token: ReplyToken
    ) {
        var response = OffsetFetchResponse.OffsetFetchResponseGroup()
        response.groupID = request.groupID
        if let problem = problem(withConsumerFetch: request) {
            response.errorCode = problem.rawValue
            return decision.reply(.fetchOffsets(response), to: token)
        }
        if let topics = request.topics {
            response.topics = topics.map { topic in
                var answer = OffsetFetchResponse.OffsetFetchResponseTopics()
                answer.name = topic.name
                answer.topicID = topic.topicID
                answer.partitions = topic.partitionIndexes.map {
                    .init($0, offsets[request.groupID, topic.name, $0])
                }
                return answer
            }
        } else {
            response.topics = offsets.all(of: request.groupID).map { topic, partitions in
                var answer = OffsetFetchResponse.OffsetFetchResponseTopics()
                answer.name = topic
                answer.partitions = partitions.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }
                return answer
            }
        }
        decision.reply(.fetchOffsets(response), to: token)
    }

    /// Serves an OffsetDelete, in Kafka's order of checks.
    mutating func deleteOffsets(_ request: OffsetDeleteRequest, _ token: ReplyToken) {
        let id = request.groupID
        var response = OffsetDeleteResponse()
        let problem: ErrorCode? =
            if id.isEmpty { .invalidGroupID } else if groups.consumer[id] != nil {
                nil
            } else if let group = groups.classic[id], group.state != .dead {
                group.state == .empty || group.isOfConsumers ? nil : .nonEmptyGroup
            } else { .groupIDNotFound }
        if let problem {
            response.errorCode = problem.rawValue
            return decision.reply(.deleteOffsets(response), to: token)
        }
        response.topics = request.topics.map { topic in
            var answer = OffsetDeleteResponse.OffsetDeleteResponseTopic()
            answer.name = topic.name
            let isRead =
                groups.consumer[id]?.isSubscribed(to: topic.name)
                ?? self[classic: id].isSubscribed(to: topic.name)
            answer.partitions = topic.partitions.map { partition in
                var result = OffsetDeleteResponse.OffsetDeleteResponsePartition()
                result.partitionIndex = partition.partitionIndex
                if isRead {
                    result.errorCode = ErrorCode.groupSubscribedToTopic.rawValue
                } else if offsets[id, topic.name, partition.partitionIndex] != nil {
                    emit(OffsetTable.tombstone(id, topic.name, partition.partitionIndex))
                }
                return result
            }
            return answer
        }
        decision.reply(.deleteOffsets(response), to: token)
    }
}

extension OffsetFetchResponse.OffsetFetchResponsePartitions {
    /// What is known of a partition; -1 if nothing is.
    package init(_ partition: Int32, _ committed: CommittedOffset?) {
        self.init()
        partitionIndex = partition
        committedOffset = committed?.offset.value ?? -1
        committedLeaderEpoch = committed?.leaderEpoch ?? -1
        metadata = committed?.metadata ?? ""
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
