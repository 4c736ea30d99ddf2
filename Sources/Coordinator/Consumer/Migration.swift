// Groups change their kind while they live: the first member with the new protocol makes a classic group a
// consumer group, and when the last of them goes the group becomes classic again.
internal import Base
internal import Protocol

/// What becomes of a classic group.
struct ConsumerConversion {
    /// The group that it becomes.
    let group: ConsumerGroup
    /// What must be written for that.
    let records: [GroupRecord]
    /// Whether it had members, which are told to join again.
    let hasMembers: Bool
}

// MARK: - From classic to consumer

extension GroupCoordinator {
    /// What has to be done before `id` can be used as a consumer group; nil if nothing.
    func conversionToConsumer(of id: Name, creating: Bool) throws(GroupRefusal) -> ConsumerConversion? {
        if groups.consumer[id] != nil { return nil }
        guard let classic = groups.classic[id] else {
            if creating { return nil }
            throw GroupRefusal(.groupIDNotFound, "Consumer group \(id) not found.")
        }
        guard creating else {
            throw GroupRefusal(.groupIDNotFound, "Group \(id) is not a consumer group.")
        }
        let tombstone = GroupRecord.classicGroup(ClassicGroup.key(id), nil)
        if classic.state == .empty {
            return ConsumerConversion(group: ConsumerGroup(id: id), records: [tombstone], hasMembers: false)
        }
        try checkUpgrade(of: classic)
        let records = try upgradeRecords(of: classic)
        var group = ConsumerGroup(id: id)
        for record in records { group.apply(record) }
        return ConsumerConversion(group: group, records: [tombstone] + records, hasMembers: true)
    }

    private func checkUpgrade(of classic: ClassicGroup) throws(GroupRefusal) {
        func refused(_ reason: String) -> GroupRefusal {
            GroupRefusal(
                .groupIDNotFound,
                "Cannot upgrade classic group \(classic.id) to consumer group because \(reason).")
        }
        guard settings.consumer.migration.allowsUpgrade else { throw refused("online upgrade is disabled") }
        guard classic.isOfConsumers else {
            throw refused("the group does not use the consumer embedded protocol")
        }
        guard classic.members.count <= settings.consumer.membersMax else {
            throw refused("the group size exceeds the consumer group maximum size")
        }
    }

    /// The group as it stands, in the records of a consumer group: members keep what they have, and their
    /// generation is everybody's epoch.
    private func upgradeRecords(of classic: ClassicGroup) throws(GroupRefusal) -> [GroupRecord] {
        let id = classic.id
        var members: [ConsumerMember] = []
        for former in classic.membersInOrder { members.append(try upgraded(former, of: classic)) }
        var epoch = ConsumerGroupMetadataValue()
        epoch.epoch = classic.generation
        var target = ConsumerGroupTargetAssignmentMetadataValue()
        target.assignmentEpoch = classic.generation
        var records = members.map { $0.metadataRecord(of: id) }
        records.append(.consumerGroup(.init(id), epoch))
        records += members.map { member in
            var value = ConsumerGroupTargetAssignmentMemberValue()
            value.topicPartitions = member.assigned.partitions.written
            return .consumerTargetMember(.init(id, member.id), value)
        }
        records.append(.consumerTarget(.init(id), target))
        records += members.map { $0.currentRecord(of: id) }
        return records
    }

    private func upgraded(
        _ former: ClassicMember, of classic: ClassicGroup
    ) throws(GroupRefusal) -> ConsumerMember {
        func refused(_ reason: String) -> GroupRefusal {
            GroupRefusal(
                .groupIDNotFound,
                "Cannot upgrade classic group \(classic.id) to consumer group because \(reason)")
        }
        let malformed = refused("the embedded consumer protocol is malformed.")
        // Before the first vote there is no protocol yet, and all of a consumer's tell the same topics.
        let name = classic.protocolName ?? former.protocols.first?.name ?? ""
        guard let subscription = try? ConsumerProtocolSubscription(versioned: former.metadata(for: name))
        else {
            throw malformed
        }
        var member = ConsumerMember(id: former.id)
        if !former.assignment.isEmpty {
            guard let assignment = try? ConsumerProtocolAssignment(versioned: former.assignment) else {
                throw malformed
            }
            guard assignment.userData?.isEmpty != false else {
                throw refused(
                    "an unsupported custom assignor is in use. Please refer to the documentation or "
                        + "switch to a default assignor before re-attempting the upgrade.")
            }
            for entry in assignment.assignedPartitions {
                guard let topic = topics.topic(named: entry.topic) else { continue }
                for partition in entry.partitions {
                    member.assigned[topic.id, default: [:]][partition] = classic.generation
                }
            }
        }
        member.instanceID = former.instanceID
        member.rackID = subscription.rackID
        member.client = former.client
        member.rebalanceTimeoutMilliseconds = former.rebalanceTimeoutMilliseconds
        member.subscribedTopics = Set(subscription.topics)
        member.classic = .init(
            sessionTimeoutMilliseconds: former.sessionTimeoutMilliseconds,
            protocols: former.protocols.map { .init(name: $0.name, metadata: $0.metadata) })
        member.epoch = classic.generation
        member.previousEpoch = classic.generation
        return member
    }

    /// Makes the group what was worked out.
    mutating func convert(_ id: Name, by conversion: ConsumerConversion) {
        let former = groups.classic[id]
        for member in former?.membersInOrder ?? [] {
            if let token = member.awaitingJoin { refuseJoin(token, .rebalanceInProgress, member.id) }
            if let token = member.awaitingSync { refuseSync(token, .rebalanceInProgress) }
        }
        let known = (former?.members.keys).map { Array($0) } ?? []
        cancelClassicDeadlines(id, members: known + (former?.pendingJoins ?? []))
        for record in conversion.records { emit(record) }
        for memberID in self[consumer: id].members.keys.sorted() {
            restartConsumerSession(of: memberID, in: id)
        }
        if conversion.hasMembers { note(id, .rebalanceBegan(reason: "it became a consumer group")) }
    }
}

extension ConsumerGroup {
    /// Takes one of the records of a consumer group.
    mutating func apply(_ record: GroupRecord) {
        switch record {
        case .consumerGroup(_, let value?): adopt(value)
        case .consumerPartitions(_, let value): adopt(value)
        case .consumerMember(let key, let value): adopt(value, of: key.memberID)
        case .consumerTarget(_, let value): adopt(value)
        case .consumerTargetMember(let key, let value): adopt(value, of: key.memberID)
        case .consumerCurrent(let key, let value): adopt(value, of: key.memberID)
        case .consumerRegex(let key, let value): adopt(value, of: key.regularExpression)
        case .consumerGroup(_, nil), .offsetCommit, .classicGroup: break
        }
    }
}

// MARK: - From consumer to classic

extension GroupCoordinator {
    /// Whether without these members only classic ones are left.
    func canBecomeClassic(_ id: Name, without leaving: Set<Name>) -> Bool {
        let group = self[consumer: id]
        let left = group.members.count - leaving.count
        guard left > 0, left <= settings.membersMax, settings.consumer.migration.allowsDowngrade else {
            return false
        }
        let classicLeaving = leaving.count { group.members[$0]?.classic != nil }
        return group.classicMemberCount - classicLeaving == left
    }

    /// Makes a consumer group classic, without the members that leave; the others are called together.
    mutating func becomeClassic(_ id: Name, without leaving: Set<Name>, _ reason: String) {
        let value = classicValue(of: self[consumer: id], without: leaving)
        let protocols = self[consumer: id].members.mapValues { $0.classic?.protocols ?? [] }
        writeClassic(id, value, protocols)
        rebalanceOrGoOn(id, "it became a classic group: \(reason)")
    }

    /// Writes a group down as a classic one, and lets its members' sessions go on.
    mutating func writeClassic(
        _ id: Name, _ value: GroupMetadataValue, _ protocols: [Name: [ConsumerMember.ClassicProtocol]]
    ) {
        for memberID in self[consumer: id].members.keys { cancelConsumerDeadlines(of: memberID, in: id) }
        for record in self[consumer: id].tombstones { emit(record) }
        emit(.classicGroup(ClassicGroup.key(id), value))
        for written in value.members {
            // The record has only the protocol that was voted for.
            self[classic: id].update(written.memberID) { member in
                member.protocols = (protocols[written.memberID] ?? []).map {
                    var entry = JoinGroupRequest.JoinGroupRequestProtocol()
                    entry.name = $0.name
                    entry.metadata = $0.metadata
                    return entry
                }
            }
            restartSession(of: written.memberID, in: id)
        }
    }

    /// A consumer group of classic members as the record of a classic one.
    func classicValue(of group: ConsumerGroup, without leaving: Set<Name>) -> GroupMetadataValue {
        let members = group.members.values.filter { !leaving.contains($0.id) }.sorted { $0.id < $1.id }
        let common = members.first?.classic?.protocols.first { choice in
            members.allSatisfy { $0.classic?.protocols.contains { $0.name == choice.name } == true }
        }
        var value = GroupMetadataValue()
        value.protocolType = ClassicGroup.consumerProtocolType
        value.generation = group.epoch
        value.protocol = common?.name
        value.leader = members.first?.id
        value.currentStateTimestamp = now.wall.milliseconds
        value.members = members.map { member in
            let metadata = member.classic?.protocols.first { $0.name == common?.name }?.metadata ?? []
            var written = GroupMetadataValue.MemberMetadata(member.id, member.instanceID, member.client)
            written.rebalanceTimeout = member.rebalanceTimeoutMilliseconds
            written.sessionTimeout = member.classic?.sessionTimeoutMilliseconds ?? 0
            written.subscription = metadata
            // What it was heading for: the others have given that up, or are called together now.
            written.assignment = classicAssignment(group.targets[member.id] ?? [:], metadata)
            return written
        }
        return value
    }

    /// A share in the words of the classic protocol and the version of its member's subscription.
    func classicAssignment(_ share: TargetPartitions, _ metadata: [UInt8]) -> [UInt8] {
        var assignment = ConsumerProtocolAssignment()
        assignment.assignedPartitions = share.compactMap { id, partitions in
            guard let topic = topics.topic(id) else { return nil }
            var entry = ConsumerProtocolAssignment.TopicPartition()
            entry.topic = topic.name
            entry.partitions = partitions.sorted()
            return entry
        }
        .sorted { $0.topic < $1.topic }
        let newest = ConsumerProtocolAssignment.versions.range.upperBound
        let said = metadata.count >= 2 ? Int16(bitPattern: UInt16(metadata[0]) << 8 | UInt16(metadata[1])) : 0
        // Every string in it is the name of a topic that exists, so that it can be written.
        return (try? assignment.versionedBytes(version: min(max(said, 0), newest))) ?? []
    }
}
