// Members that speak the classic protocol in a consumer group, while an application is being upgraded: they
// join, sync and send heartbeats as ever, and are told to join again whenever there is something to give up
// or to get.
internal import Base
internal import Protocol

extension GroupCoordinator {
    /// Serves a JoinGroup to a consumer group that has members, in Kafka's order of checks.
    mutating func joinConsumer(_ attempt: JoinAttempt) {
        do throws(GroupRefusal) {
            try joinConsumer(attempt, attempt.request.groupID)
        } catch {
            refuseJoin(attempt.token, error.code, "")
        }
    }

    private mutating func joinConsumer(_ attempt: JoinAttempt, _ id: Name) throws(GroupRefusal) {
        let request = attempt.request
        let isNew = request.memberID.isEmpty
        let requestedID = isNew ? attempt.newMemberID : request.memberID
        if settings.consumer.migration == .disabled {
            throw GroupRefusal(.inconsistentGroupProtocol, "the migration of groups is disabled")
        }
        let group = self[consumer: id]
        try group.checkRoom(for: requestedID, settings.consumer.membersMax)
        guard group.supports(type: request.protocolType, request.protocols),
            let first = request.protocols.first
        else { throw GroupRefusal(.inconsistentGroupProtocol) }
        if isNew, attempt.needsKnownID { return refuseJoin(attempt.token, .memberIDRequired, requestedID) }
        let identity = try group.identity(
            of: requestedID, instanceID: request.groupInstanceID, epoch: nil, reporting: nil,
            creating: request.groupInstanceID == nil || isNew)
        guard let subscription = try? ConsumerProtocolSubscription(versioned: first.metadata) else {
            throw GroupRefusal(.inconsistentGroupProtocol, "the subscription cannot be read")
        }
        var replaced: Set<Name> = []
        if case .replacing(let formerID, _) = identity { replaced = [formerID] }

        let memberID = settle(identity, in: id)
        let before = self[consumer: id].members[memberID] ?? ConsumerMember(id: memberID)
        let isUnknown = self[consumer: id].members[memberID] == nil
        if isUnknown { note(id, .joined(member: memberID, client: attempt.client)) }
        let hasChanged = describe(
            attempt.updating(before, subscription), before, in: id, isNew: isUnknown)
        // Whoever replaced the last one with the new protocol makes the group classic.
        if !replaced.isEmpty, canBecomeClassic(id, without: []) {
            return downgrade(id, memberID, attempt, hasChanged, subscription)
        }
        updateTarget(of: id)
        let after = reconcile(
            memberID, in: id, mustMatch: hasChanged, reported: reported(by: subscription))
        deadlines.cancel(.consumer(.rejoin, group: id, member: memberID))
        restartConsumerSession(of: memberID, in: id)
        deadlines.set(
            .consumer(.sync, group: id, member: memberID),
            at: now.after(milliseconds: attempt.rebalanceTimeoutMilliseconds))
        answerJoin(after, attempt)
    }

    private mutating func downgrade(
        _ id: Name, _ memberID: Name, _ attempt: JoinAttempt, _ hasChanged: Bool,
        _ subscription: ConsumerProtocolSubscription
    ) {
        let after = reconcile(memberID, in: id, mustMatch: hasChanged, reported: reported(by: subscription))
        let value = classicValue(of: self[consumer: id], without: [])
        writeClassic(id, value, self[consumer: id].members.mapValues { $0.classic?.protocols ?? [] })
        answerJoin(after, attempt)
        if hasChanged { rebalanceOrGoOn(id, "\(memberID) came back with another subscription") }
    }

    private mutating func answerJoin(_ member: ConsumerMember, _ attempt: JoinAttempt) {
        var response = JoinGroupResponse()
        response.memberID = member.id
        response.generationID = member.epoch
        response.protocolType = ClassicGroup.consumerProtocolType
        response.protocolName = member.classic?.protocols.first?.name
        decision.reply(.join(response), to: attempt.token)
    }

    /// What a subscription says that its member has, by ids.
    private func reported(
        by subscription: ConsumerProtocolSubscription
    ) -> [ConsumerGroupHeartbeatRequest.TopicPartitions] {
        subscription.ownedPartitions.compactMap { owned in
            guard let topic = topics.topic(named: owned.topic) else { return nil }
            var entry = ConsumerGroupHeartbeatRequest.TopicPartitions()
            entry.topicID = topic.id
            entry.partitions = owned.partitions
            return entry
        }
    }

    /// The classic member of a request to a consumer group, in Kafka's order of checks.
    private func classicMember(
        _ memberID: Name, _ instanceID: Name?, _ generation: Int32, in id: Name
    ) throws(GroupRefusal) -> ConsumerMember {
        let group = self[consumer: id]
        let member: ConsumerMember
        if let instanceID {
            member = try group.member(memberID, ofInstance: instanceID)
        } else {
            guard let known = group.members[memberID] else { throw group.unknownMember(memberID) }
            member = known
        }
        guard member.classic != nil else { throw GroupRefusal(.unknownMemberID) }
        guard member.epoch == generation else { throw GroupRefusal(.illegalGeneration) }
        return member
    }

    /// Serves a SyncGroup to a consumer group.
    mutating func syncConsumer(_ request: SyncGroupRequest, _ token: ReplyToken) {
        let id = request.groupID
        do throws(GroupRefusal) {
            let member = try classicMember(
                request.memberID, request.groupInstanceID, request.generationID, in: id)
            let first = member.classic?.protocols.first
            let isConsistent =
                (request.protocolType ?? ClassicGroup.consumerProtocolType)
                == ClassicGroup.consumerProtocolType
                && (request.protocolName ?? first?.name) == first?.name
            guard isConsistent else { throw GroupRefusal(.inconsistentGroupProtocol) }
            if self[consumer: id].assignmentEpoch > member.epoch, member.state != .unrevokedPartitions {
                expectRejoin(of: member, in: id)
                throw GroupRefusal(.rebalanceInProgress)
            }
            deadlines.cancel(.consumer(.sync, group: id, member: member.id))
            restartConsumerSession(of: member.id, in: id)
            var response = SyncGroupResponse()
            response.protocolType = ClassicGroup.consumerProtocolType
            response.protocolName = first?.name
            response.assignment = classicAssignment(member.assigned.partitions, first?.metadata ?? [])
            decision.reply(.sync(response), to: token)
        } catch {
            refuseSync(token, error.code)
        }
    }

    /// Serves a Heartbeat to a consumer group.
    mutating func heartbeatConsumer(_ request: HeartbeatRequest) -> ErrorCode {
        let id = request.groupID
        do throws(GroupRefusal) {
            let member = try classicMember(
                request.memberID, request.groupInstanceID, request.generationID, in: id)
            restartConsumerSession(of: member.id, in: id)
            let group = self[consumer: id]
            let mustRejoin =
                member.epoch < group.assignmentEpoch || member.state == .unrevokedPartitions
                || (member.state == .unreleasedPartitions && !group.isWaitingForOthers(member))
            guard mustRejoin else { return .none }
            expectRejoin(of: member, in: id)
            return .rebalanceInProgress
        } catch {
            return error.code
        }
    }

    private mutating func expectRejoin(of member: ConsumerMember, in id: Name) {
        let deadline = GroupDeadline.consumer(.rejoin, group: id, member: member.id)
        guard deadlines[deadline] == nil else { return }
        deadlines.set(deadline, at: now.after(milliseconds: member.rebalanceTimeoutMilliseconds))
    }

    /// Serves a LeaveGroup to a consumer group; operators remove members of either protocol so.
    mutating func leaveConsumer(_ request: LeaveGroupRequest) -> [ErrorCode] {
        let id = request.groupID
        var leaving: Set<Name> = []
        let codes = request.members.map { identity in
            let group = self[consumer: id]
            let member: ConsumerMember
            if let instance = identity.groupInstanceID {
                guard let known = group.staticMember(instance) else { return ErrorCode.unknownMemberID }
                if !identity.memberID.isEmpty, known.id != identity.memberID { return .fencedInstanceID }
                member = known
            } else {
                guard let known = group.members[identity.memberID] else { return .unknownMemberID }
                member = known
            }
            note(id, .left(member: member.id, reason: identity.reason ?? "not provided"))
            leaving.insert(member.id)
            return .none
        }
        fence(leaving, of: id, "\(leaving.sorted().joined(separator: ", ")) left")
        return codes
    }
}

extension ConsumerGroup {
    /// Whether a classic member with these protocols could be in the group beside the other classic ones.
    fileprivate func supports(
        type: Name, _ protocols: [JoinGroupRequest.JoinGroupRequestProtocol]
    ) -> Bool {
        guard type == ClassicGroup.consumerProtocolType else { return false }
        return protocols.contains { classicSupporters[$0.name, default: 0] == classicMemberCount }
    }
}

extension JoinAttempt {
    /// A member with what this join says of it.
    fileprivate func updating(
        _ member: ConsumerMember, _ subscription: ConsumerProtocolSubscription
    ) -> ConsumerMember {
        var after = member
        after.instanceID = request.groupInstanceID ?? member.instanceID
        if let rack = subscription.rackID, !rack.isEmpty { after.rackID = rack }
        after.rebalanceTimeoutMilliseconds = rebalanceTimeoutMilliseconds
        after.subscribedTopics = Set(subscription.topics)
        after.pattern = ""
        after.client = client
        after.classic = .init(
            sessionTimeoutMilliseconds: request.sessionTimeoutMs,
            protocols: request.protocols.map { .init(name: $0.name, metadata: $0.metadata) })
        return after
    }
}
