// A member of a consumer group (KIP-848): what it said of itself, and how far it is on the way from the
// partitions that it has to those that it should have.
package import Base
internal import Protocol

/// How far a member is with its epoch's assignment.
package enum ConsumerMemberState: Int8, Sendable {
    /// It has what the assignment of its epoch gives it.
    case stable = 0
    /// It was asked to give partitions up and has not confirmed that yet; its epoch stays until then.
    case unrevokedPartitions = 1
    /// Partitions that it should have are still with others.
    case unreleasedPartitions = 2
    /// A newer Kafka knew more states.
    case unknown = 127
}

/// A member of a consumer group.
package struct ConsumerMember: Hashable, Sendable {
    /// A static member that will be back within its session (-2 on the wire).
    package static let awayEpoch: Int32 = -2
    /// The epoch with which members leave for good.
    package static let leaveEpoch: Int32 = -1

    package var id: Name
    package var instanceID: Name?
    package var rackID: Name?
    package var client = GroupClient(id: "", host: "")
    package var rebalanceTimeoutMilliseconds: Int32 = -1
    package var subscribedTopics: Set<Name> = []
    /// Empty for none.
    package var pattern: Name = ""
    /// The assignor that it asks for.
    package var assignor: Name?
    /// What a member brought that speaks the classic protocol.
    package var classic: ClassicSide?

    package var epoch: Int32 = 0
    package var previousEpoch: Int32 = 0
    package var state = ConsumerMemberState.stable
    package var assigned: HeldPartitions = [:]
    package var pendingRevocation: HeldPartitions = [:]

    /// What a member brought that speaks the classic protocol.
    package struct ClassicSide: Hashable, Sendable {
        package var sessionTimeoutMilliseconds: Int32
        package var protocols: [ClassicProtocol]
    }

    /// A way to assign that a classic member supports, with its subscription.
    package struct ClassicProtocol: Hashable, Sendable {
        package var name: Name
        package var metadata: [UInt8]
    }

    /// A member that has said nothing yet.
    init(id: Name) { self.id = id }

    /// Whether it has what the assignment of `epoch` gives it.
    func isReconciled(to epoch: Int32) -> Bool { state == .stable && self.epoch == epoch }

    /// What a request with another epoch than the member's is answered.
    var wrongEpoch: ErrorCode { classic == nil ? .staleMemberEpoch : .illegalGeneration }

    /// Whether it has had a partition since `epoch` or longer.
    func has(_ partition: Int32, of topic: TopicID?, since epoch: Int32) -> Bool {
        guard let topic else { return false }
        let granted = assigned[topic]?[partition] ?? pendingRevocation[topic]?[partition]
        return granted.map { $0 <= epoch } ?? false
    }

    /// Goes on to `epoch`; a reply that got lost may still make it come with the one before.
    mutating func advance(to epoch: Int32) {
        previousEpoch = self.epoch
        self.epoch = epoch
    }
}

// MARK: - Records

extension ConsumerMember {
    /// What it said of itself, as a record.
    func metadataRecord(of group: Name) -> GroupRecord {
        var value = ConsumerGroupMemberMetadataValue()
        value.instanceID = instanceID
        value.rackID = rackID
        value.clientID = client.id
        value.clientHost = client.host
        value.subscribedTopicNames = subscribedTopics.sorted()
        value.subscribedTopicRegex = pattern
        value.rebalanceTimeoutMs = rebalanceTimeoutMilliseconds
        value.serverAssignor = assignor
        value.classicMemberMetadata = classic.map { side in
            var written = ConsumerGroupMemberMetadataValue.ClassicMemberMetadata()
            written.sessionTimeoutMs = side.sessionTimeoutMilliseconds
            written.supportedProtocols = side.protocols.map {
                var entry = ConsumerGroupMemberMetadataValue.ClassicProtocol()
                entry.name = $0.name
                entry.metadata = $0.metadata
                return entry
            }
            return written
        }
        return .consumerMember(.init(group, id), value)
    }

    /// Takes what a record says of it.
    mutating func adopt(_ value: ConsumerGroupMemberMetadataValue) {
        instanceID = value.instanceID
        rackID = value.rackID
        client = GroupClient(id: value.clientID, host: value.clientHost)
        subscribedTopics = Set(value.subscribedTopicNames)
        pattern = value.subscribedTopicRegex ?? ""
        rebalanceTimeoutMilliseconds = value.rebalanceTimeoutMs
        assignor = value.serverAssignor
        classic = value.classicMemberMetadata.map { written in
            ClassicSide(
                sessionTimeoutMilliseconds: written.sessionTimeoutMs,
                protocols: written.supportedProtocols.map { .init(name: $0.name, metadata: $0.metadata) })
        }
    }

    /// What it has, as a record.
    func currentRecord(of group: Name) -> GroupRecord {
        var value = ConsumerGroupCurrentMemberAssignmentValue()
        value.memberEpoch = epoch
        value.previousMemberEpoch = previousEpoch
        value.state = state.rawValue
        value.assignedPartitions = assigned.written
        value.partitionsPendingRevocation = pendingRevocation.written
        return .consumerCurrent(.init(group, id), value)
    }

    /// Takes what a record says that it has; nil is the record of its end.
    mutating func adopt(_ value: ConsumerGroupCurrentMemberAssignmentValue?) {
        epoch = value?.memberEpoch ?? Self.leaveEpoch
        previousEpoch = value?.previousMemberEpoch ?? Self.leaveEpoch
        state = value.map { ConsumerMemberState(rawValue: $0.state) ?? .unknown } ?? .stable
        assigned = HeldPartitions(value?.assignedPartitions ?? [], epoch: epoch)
        pendingRevocation = HeldPartitions(value?.partitionsPendingRevocation ?? [], epoch: epoch)
    }
}

// MARK: - Keys

extension ConsumerGroupMemberMetadataKey {
    init(_ group: Name, _ member: Name) {
        self.init()
        groupID = group
        memberID = member
    }
}

extension ConsumerGroupCurrentMemberAssignmentKey {
    init(_ group: Name, _ member: Name) {
        self.init()
        groupID = group
        memberID = member
    }
}

extension ConsumerGroupTargetAssignmentMemberKey {
    init(_ group: Name, _ member: Name) {
        self.init()
        groupID = group
        memberID = member
    }
}

extension ConsumerGroupMetadataKey {
    init(_ group: Name) {
        self.init()
        groupID = group
    }
}

extension ConsumerGroupTargetAssignmentMetadataKey {
    init(_ group: Name) {
        self.init()
        groupID = group
    }
}

extension ConsumerGroupPartitionMetadataKey {
    init(_ group: Name) {
        self.init()
        groupID = group
    }
}

extension ConsumerGroupRegularExpressionKey {
    init(_ group: Name, _ pattern: Name) {
        self.init()
        groupID = group
        regularExpression = pattern
    }
}
