// ConsumerGroupHeartbeat: a member comes, goes, says what it wants and has, and is told what it shall have.
package import Base
package import Protocol

/// A heartbeat with all that belongs to it.
package struct ConsumerHeartbeat: Sendable {
    package let request: ConsumerGroupHeartbeatRequest
    package let version: Int16
    package let client: GroupClient
    /// The id of a member that has none (version 0).
    package let freshID: UUID

    /// A request of that version from `client`.
    package init(
        _ request: ConsumerGroupHeartbeatRequest, version: Int16, from client: GroupClient, freshID: UUID
    ) {
        self.request = request
        self.version = version
        self.client = client
        self.freshID = freshID
    }

    /// The first version in which members bring their ids.
    private static let memberNamesItselfFrom: Int16 = 1

    /// What is wrong with the request by itself, in Kafka's order of checks.
    fileprivate func problem(_ assignors: [Assignor]) -> GroupRefusal? {
        let isJoining = request.memberEpoch == 0
        func invalid(_ text: String) -> GroupRefusal { GroupRefusal(.invalidRequest, text) }
        let needsID = version >= Self.memberNamesItselfFrom || request.memberEpoch > 0
        if needsID || request.memberEpoch == ConsumerMember.leaveEpoch, request.memberID.isBlank {
            return invalid("MemberId can't be empty.")
        }
        if request.groupID.isBlank { return invalid("GroupId can't be empty.") }
        if request.instanceID?.isBlank == true { return invalid("InstanceId can't be empty.") }
        if request.rackID?.isBlank == true { return invalid("RackId can't be empty.") }
        if isJoining {
            if request.rebalanceTimeoutMs == -1 {
                return invalid("RebalanceTimeoutMs must be provided in first request.")
            }
            if request.topicPartitions?.isEmpty != true {
                return invalid("TopicPartitions must be empty when (re-)joining.")
            }
            if request.subscribedTopicNames == nil, request.subscribedTopicRegex == nil {
                return invalid(
                    "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.")
            }
        } else if request.memberEpoch == ConsumerMember.awayEpoch {
            if request.instanceID == nil { return invalid("InstanceId can't be null.") }
        } else if request.memberEpoch < ConsumerMember.awayEpoch {
            return invalid("MemberEpoch is invalid.")
        }
        if metadataBytes > GroupSettings.memberMetadataBytesMax {
            return invalid("The member says more than \(GroupSettings.memberMetadataBytesMax) bytes.")
        }
        if let name = request.serverAssignor, !assignors.contains(where: { $0.rawValue == name }) {
            let known = assignors.map(\.rawValue).joined(separator: ", ")
            return GroupRefusal(
                .unsupportedAssignor,
                "ServerAssignor \(name) is not supported. Supported assignors: \(known).")
        }
        return nil
    }

    /// What the member says of itself, and will be written down.
    private var metadataBytes: Int {
        let texts = [
            request.groupID, request.memberID, request.instanceID, request.rackID,
            request.subscribedTopicRegex,
            request.serverAssignor, client.id,
        ]
        return (texts + (request.subscribedTopicNames ?? [])).reduce(0) { $0 + ($1?.utf8.count ?? 0) }
    }

    /// Whether it tells everything: a member does so when it comes, and when it missed an answer.
    fileprivate var isFull: Bool {
        request.rebalanceTimeoutMs != -1 && request.topicPartitions != nil
            && (request.subscribedTopicNames != nil || request.subscribedTopicRegex != nil)
    }

    /// The member with what the request says of it.
    fileprivate func updating(_ member: ConsumerMember) -> ConsumerMember {
        var after = member
        after.instanceID = request.instanceID ?? member.instanceID
        after.rackID = request.rackID ?? member.rackID
        if request.rebalanceTimeoutMs != -1 {
            after.rebalanceTimeoutMilliseconds = request.rebalanceTimeoutMs
        }
        after.assignor = request.serverAssignor ?? member.assignor
        if let names = request.subscribedTopicNames { after.subscribedTopics = Set(names) }
        after.pattern = request.subscribedTopicRegex ?? member.pattern
        after.client = client
        after.classic = nil
        return after
    }
}

extension Name {
    /// Whether there is nothing but blanks and control characters, as Java trims them.
    fileprivate var isBlank: Bool { utf8.allSatisfy { $0 <= 0x20 } }
}

/// Which member a request is from.
enum ConsumerIdentity {
    /// One that is in the group, or a new one.
    case member(Name)
    /// A static member that comes back under another id.
    case replacing(Name, by: Name)
}

extension ConsumerGroup {
    /// Finds the member of a request, or says why there is none, in Kafka's order of checks.
    ///
    /// The epoch is nil from members that speak the classic protocol.
    func identity(
        of memberID: Name, instanceID: Name?, epoch: Int32?,
        reporting reported: [ConsumerGroupHeartbeatRequest.TopicPartitions]?, creating: Bool
    ) throws(GroupRefusal) -> ConsumerIdentity {
        guard let instanceID else {
            guard let member = members[memberID] else {
                if creating { return .member(memberID) }
                throw unknownMember(memberID)
            }
            if let epoch { try check(epoch, of: member, reporting: reported) }
            return .member(memberID)
        }
        let present = staticMember(instanceID)
        if creating {
            guard let present else { return .member(memberID) }
            // Between two that speak the new protocol the first one must have said that it goes.
            if epoch != nil, present.classic == nil, present.epoch != ConsumerMember.awayEpoch {
                throw GroupRefusal(
                    .unreleasedInstanceID,
                    "Static member \(memberID) with instance id \(instanceID) cannot join the group because "
                        + "the instance id is owned by \(present.id) member.")
            }
            return .replacing(present.id, by: memberID)
        }
        let member = try member(memberID, ofInstance: instanceID)
        if let epoch { try check(epoch, of: member, reporting: reported) }
        return .member(memberID)
    }

    /// The static member of `instanceID`, if that is `memberID`.
    func member(_ memberID: Name, ofInstance instanceID: Name) throws(GroupRefusal) -> ConsumerMember {
        guard let member = staticMember(instanceID) else {
            throw GroupRefusal(.unknownMemberID, "Instance id \(instanceID) is unknown.")
        }
        guard member.id == memberID else {
            throw GroupRefusal(
                .fencedInstanceID,
                "Static member \(memberID) with instance id \(instanceID) was fenced by member \(member.id).")
        }
        return member
    }

    /// The refusal of somebody who is no member.
    func unknownMember(_ memberID: Name) -> GroupRefusal {
        GroupRefusal(.unknownMemberID, "Member \(memberID) is not a member of group \(id).")
    }

    private func check(
        _ epoch: Int32, of member: ConsumerMember,
        reporting reported: [ConsumerGroupHeartbeatRequest.TopicPartitions]?
    ) throws(GroupRefusal) {
        func fenced(_ kind: String) -> GroupRefusal {
            GroupRefusal(
                .fencedMemberEpoch,
                "The consumer group member has a \(kind) member epoch (\(epoch)) than the one known by the "
                    + "group coordinator (\(member.epoch)). "
                    + "The member must abandon all its partitions and rejoin.")
        }
        if member.state == .unknown, reported?.isEmpty != true {
            throw GroupRefusal(
                .fencedMemberEpoch,
                "The consumer group member is in a unknown state. "
                    + "The member must abandon all its partitions and rejoin.")
        }
        // With epoch 0 a member begins anew.
        if epoch == 0 { return }
        if epoch > member.epoch { throw fenced("greater") }
        if epoch < member.epoch {
            // It may not have got the answer that told it of its epoch; then it has no more than it should.
            guard epoch == member.previousEpoch, let reported, member.assigned.containsAll(of: reported)
            else {
                throw fenced("smaller")
            }
        }
    }
}

extension GroupCoordinator {
    /// Serves a ConsumerGroupHeartbeat.
    mutating func consumerHeartbeat(_ beat: ConsumerHeartbeat, _ token: ReplyToken) {
        var response = ConsumerGroupHeartbeatResponse()
        do throws(GroupRefusal) {
            if let problem = beat.problem(settings.consumer.assignors) { throw problem }
            let isLeaving = beat.request.memberEpoch < 0
            response = isLeaving ? try leaveConsumer(beat.request) : try serve(beat)
        } catch {
            response.errorCode = error.code.rawValue
            response.errorMessage = error.message
        }
        decision.reply(.consumerHeartbeat(response), to: token)
    }

    private mutating func serve(_ beat: ConsumerHeartbeat) throws(GroupRefusal)
        -> ConsumerGroupHeartbeatResponse
    {
        let (request, id) = (beat.request, beat.request.groupID)
        let isJoining = request.memberEpoch == 0
        let requestedID = request.memberID.isEmpty ? Name(beat.freshID.description) : request.memberID
        let conversion = try conversionToConsumer(of: id, creating: isJoining)
        let identity = try (conversion?.group ?? self[consumer: id]).admit(
            requestedID, request, creating: isJoining, membersMax: settings.consumer.membersMax)
        try checkPattern(of: beat, identity, id, conversion?.group)

        // From here on nothing is refused any more.
        if let conversion { convert(id, by: conversion) }
        let memberID = settle(identity, in: id)
        let before = self[consumer: id].members[memberID] ?? ConsumerMember(id: memberID)
        let isNew = self[consumer: id].members[memberID] == nil
        if isNew { note(id, .joined(member: memberID, client: beat.client)) }
        let hasChanged = describe(beat.updating(before), before, in: id, isNew: isNew)
        updateTarget(of: id)
        let after = reconcile(memberID, in: id, mustMatch: hasChanged, reported: request.topicPartitions)
        restartConsumerSession(of: memberID, in: id)

        var response = ConsumerGroupHeartbeatResponse()
        response.memberID = memberID
        response.memberEpoch = after.epoch
        response.heartbeatIntervalMs = configuration(of: id).heartbeatIntervalMilliseconds
        if isJoining || beat.isFull || after.assigned != before.assigned {
            response.assignment = after.assigned.told
        }
        return response
    }

    /// An expression that is new to the group must be valid.
    private func checkPattern(
        of beat: ConsumerHeartbeat, _ identity: ConsumerIdentity, _ id: Name, _ converted: ConsumerGroup?
    ) throws(GroupRefusal) {
        guard let pattern = beat.request.subscribedTopicRegex, !pattern.isEmpty,
            converted != nil
                || self[consumer: id].patternSubscribers[pattern] == nil
        else { return }
        do throws(TopicPatternError) {
            _ = try TopicPattern(pattern).matches("")
        } catch {
            throw GroupRefusal(
                .invalidRegularExpression,
                "SubscribedTopicRegex `\(pattern)` is not a valid regular expression: \(error.description).")
        }
    }

    /// Makes the member of an identity what it says: a static member that came back takes its former place.
    mutating func settle(_ identity: ConsumerIdentity, in id: Name) -> Name {
        switch identity {
        case .member(let memberID): return memberID
        case .replacing(let formerID, let memberID):
            guard var member = self[consumer: id].members[formerID] else { return memberID }
            let target = self[consumer: id].targets[formerID] ?? [:]
            removeConsumer(formerID, from: id)
            member.id = memberID
            member.epoch = 0
            member.previousEpoch = 0
            // Whatever epoch it commits with from now on, it has had them.
            member.assigned = member.assigned.mapValues { $0.mapValues { _ in 0 } }
            emit(member.metadataRecord(of: id))
            var value = ConsumerGroupTargetAssignmentMemberValue()
            value.topicPartitions = target.written
            emit(.consumerTargetMember(.init(id, memberID), value))
            emit(member.currentRecord(of: id))
            note(id, .returned(instance: member.instanceID ?? "", member: memberID))
            return memberID
        }
    }

    /// Writes down what a member says of itself, and what follows for the group; whether it reads other
    /// topics.
    mutating func describe(
        _ after: ConsumerMember, _ before: ConsumerMember, in id: Name, isNew: Bool
    ) -> Bool {
        if isNew || after != before { emit(after.metadataRecord(of: id)) }
        let hasNewPattern = after.pattern != before.pattern
        if hasNewPattern { forgetPatterns(in: id) }
        let hasChanged = after.subscribedTopics != before.subscribedTopics || hasNewPattern
        lookAtTopics(of: id, hasChanged ? "\(after.id) changed its subscription" : nil)
        return hasChanged
    }

    /// Takes one step towards the target, if there is one to take.
    mutating func reconcile(
        _ memberID: Name, in id: Name, mustMatch: Bool,
        reported: [ConsumerGroupHeartbeatRequest.TopicPartitions]?
    ) -> ConsumerMember {
        guard let member = self[consumer: id].members[memberID] else { return ConsumerMember(id: memberID) }
        guard mustMatch || !member.isReconciled(to: self[consumer: id].assignmentEpoch) else { return member }
        let after = step(member, in: self[consumer: id], mustMatch: mustMatch, reported: reported)
        guard after != member else { return member }
        emit(after.currentRecord(of: id))
        let deadline = GroupDeadline.consumer(.revocation, group: id, member: memberID)
        if after.state == .unrevokedPartitions, after.classic == nil {
            deadlines.set(deadline, at: now.after(milliseconds: after.rebalanceTimeoutMilliseconds))
        } else {
            deadlines.cancel(deadline)
        }
        return after
    }

    // Apart, so that no copy of the group is held while it is changed.
    private func step(
        _ member: ConsumerMember, in group: ConsumerGroup, mustMatch: Bool,
        reported: [ConsumerGroupHeartbeatRequest.TopicPartitions]?
    ) -> ConsumerMember {
        Reconciliation(
            targetEpoch: group.assignmentEpoch, target: group.targets[member.id] ?? [:],
            subscribed: Set(group.topicNames(of: member).compactMap { topics.topic(named: $0)?.id }),
            mustMatchSubscription: mustMatch, reported: reported,
            isOwned: { group.owner(of: $0, $1) != nil }
        )
        .step(member)
    }
}

extension ConsumerGroup {
    /// Finds the member of a heartbeat if there is room for it.
    fileprivate func admit(
        _ memberID: Name, _ request: ConsumerGroupHeartbeatRequest, creating: Bool, membersMax: Int32
    ) throws(GroupRefusal) -> ConsumerIdentity {
        try checkRoom(for: memberID, membersMax)
        return try identity(
            of: memberID, instanceID: request.instanceID, epoch: request.memberEpoch,
            reporting: request.topicPartitions, creating: creating)
    }

    /// Refuses whoever is not in a full group.
    func checkRoom(for memberID: Name, _ membersMax: Int32) throws(GroupRefusal) {
        guard members.count >= membersMax, members[memberID] == nil else { return }
        throw GroupRefusal(
            .groupMaxSizeReached,
            "The consumer group has reached its maximum capacity of \(membersMax) members.")
    }
}
