// TxnOffsetCommit: offsets that count once a transaction commits.
internal import Base
package import Protocol

extension GroupCoordinator {
    /// Serves a TxnOffsetCommit; `permission` is what the log asked the transaction's coordinator for.
    mutating func commit(
        _ request: TxnOffsetCommitRequest, permission: UInt64?, _ token: ReplyToken
    ) {
        if let problem = problem(with: request) {
            return decision.reply(.commitInTransaction(.refusal(problem, of: request)), to: token)
        }
        let late = lateCommitter(of: request)
        var records: [GroupRecord] = []
        var response = TxnOffsetCommitResponse()
        response.topics = request.topics.map { topic in
            var answer = TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic()
            answer.name = topic.name
            let id = topics.topic(named: topic.name)?.id
            answer.partitions = topic.partitions.map { partition in
                var result = TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition()
                result.partitionIndex = partition.partitionIndex
                let metadata = partition.committedMetadata ?? ""
                if let code = problem(
                    withOffsetOf: partition.partitionIndex, of: id, metadata, by: late,
                    since: request.generationID)
                {
                    // Whoever has transactions knows nothing of members' epochs.
                    let told: ErrorCode = code == .staleMemberEpoch ? .illegalGeneration : code
                    result.errorCode = told.rawValue
                } else {
                    let committed = CommittedOffset(
                        offset: Offset(partition.committedOffset),
                        leaderEpoch: partition.committedLeaderEpoch, metadata: metadata, committed: now.wall,
                        expires: nil, topicID: id ?? .zero)
                    records.append(
                        OffsetTable.record(
                            request.groupID, topic.name, partition.partitionIndex, committed))
                }
                return result
            }
            return answer
        }
        let reply = GroupReply.commitInTransaction(response)
        guard !records.isEmpty else { return decision.reply(reply, to: token) }
        decision.transactionalWrites.append(
            TransactionalWrite(
                of: records,
                by: TransactionalProducer(
                    id: ProducerID(request.producerID), epoch: request.producerEpoch),
                permission: permission, token: token, reply: reply
            ) { .commitInTransaction(.refusal($0, of: request)) })
    }

    /// Why a member may not commit (KIP-447), in Kafka's order of checks; old clients do not say who they
    /// are, and may.
    private func problem(with request: TxnOffsetCommitRequest) -> ErrorCode? {
        if request.groupID.isEmpty { return .invalidGroupID }
        let generation = request.generationID
        let saysNothing =
            generation < 0 && request.memberID.isEmpty && request.groupInstanceID == nil
        if let group = groups.consumer[request.groupID] {
            if generation < 0 && group.members.isEmpty || saysNothing { return nil }
            guard let member = group.members[request.memberID] else { return .unknownMemberID }
            return generation > member.epoch ? .illegalGeneration : nil
        }
        guard let group = groups.classic[request.groupID] else {
            return generation < 0 ? nil : .illegalGeneration
        }
        if generation < 0 && group.state == .empty || saysNothing { return nil }
        if let problem = group.problem(withMember: request.memberID, instanceID: request.groupInstanceID) {
            return problem
        }
        return generation == group.generation ? nil : .illegalGeneration
    }

    /// The member of a commit that was under way while its epoch rose.
    private func lateCommitter(of request: TxnOffsetCommitRequest) -> ConsumerMember? {
        guard let member = groups.consumer[request.groupID]?.members[request.memberID],
            request.generationID < member.epoch
        else { return nil }
        return member
    }
}

extension TxnOffsetCommitResponse {
    /// A reply that gives every partition the same error.
    package static func refusal(
        _ code: ErrorCode, of request: TxnOffsetCommitRequest
    ) -> TxnOffsetCommitResponse {
        var response = TxnOffsetCommitResponse()
        response.topics = request.topics.map { topic in
            var answer = TxnOffsetCommitResponseTopic()
            answer.name = topic.name
            answer.partitions = topic.partitions.map { partition in
                var result = TxnOffsetCommitResponsePartition()
                result.partitionIndex = partition.partitionIndex
                result.errorCode = code.rawValue
                return result
            }
            return answer
        }
        return response
    }
}
