// A classic group: members that agree on a protocol and let one of them, the leader, assign. The coordinator
// only brings them together; what they tell each other it never reads, except for the topics in consumers'
// subscriptions, which keep offsets from expiring.
package import Base
internal import Protocol

/// A classic group.
///
/// Generation, protocol, leader, members and their assignments are what `adopt` takes from a record; who
/// waits for what is forgotten by a restart.
package struct ClassicGroup: Sendable {
    /// The protocol type of consumers, whose metadata are subscriptions.
    package static let consumerProtocolType: Name = "consumer"

    package let id: Name
    package private(set) var state = ClassicGroupState.empty
    private(set) var previousState = ClassicGroupState.empty
    /// When the group came into its state; nil where an old record did not say.
    package private(set) var stateTimestamp: Timestamp?
    /// `consumer` for consumers; nil as long as nobody ever joined.
    package private(set) var protocolType: Name?
    /// The way to assign that won the vote of this generation.
    package private(set) var protocolName: Name?
    package internal(set) var leaderID: Name?
    package private(set) var generation: Int32 = 0
    package private(set) var members: [Name: ClassicMember] = [:]
    /// Member ids by instance ids.
    private(set) var staticMembers: [Name: Name] = [:]
    /// Members that were sent away to come again with their new id (KIP-394).
    var pendingJoins: Set<Name> = []
    /// Members that were told of the generation and have not asked for their assignment.
    var pendingSyncs: Set<Name> = []
    /// What consumers read; nil where that is not known.
    private(set) var subscribedTopics: Set<Name>?
    /// The first round is still put off (KIP-134).
    var initialDelay: InitialDelay?
    private(set) var awaitingJoinCount = 0
    /// How many members support each protocol.
    private var supporters: [Name: Int] = [:]
    private var nextArrival: UInt64 = 0

    /// What is left of the delay before a first round.
    struct InitialDelay: Sendable {
        var delayMilliseconds: Int32
        var remainingMilliseconds: Int32
        var hasNewMember = false
    }

    /// A group without members.
    init(id: Name) { self.id = id }

    /// Goes on to `next`; a step that the table of predecessors does not have is our own mistake.
    mutating func transition(to next: ClassicGroupState, at time: Timestamp) {
        precondition(
            next.allowedPredecessors.contains(state), "a classic group cannot become \(next) from \(state)")
        previousState = state
        state = next
        stateTimestamp = time
    }
}

// MARK: - Members

extension ClassicGroup {
    /// The members in the order in which they came.
    package var membersInOrder: [ClassicMember] { members.values.sorted { $0.arrival < $1.arrival } }
    /// Whether every member waits for the round to begin, and nobody is expected who was sent away for an id.
    var haveAllJoined: Bool { members.count == awaitingJoinCount && pendingJoins.isEmpty }
    /// How long members may take for a round: the longest that any of them asks for.
    var rebalanceTimeoutMilliseconds: Int32 {
        members.values.reduce(0) { max($0, $1.rebalanceTimeoutMilliseconds) }
    }
    /// Whether nobody ever joined: it is there for its offsets only.
    var isSimple: Bool { protocolType == nil && members.isEmpty }
    /// Whether the members are consumers.
    var isOfConsumers: Bool { protocolType == Self.consumerProtocolType }

    /// Adds a member; the first one decides on the protocol type, and leads.
    mutating func add(_ member: ClassicMember, protocolType: Name) {
        if members.isEmpty { self.protocolType = protocolType }
        if leaderID == nil { leaderID = member.id }
        insert(member)
        pendingJoins.remove(member.id)
    }

    private mutating func insert(_ member: ClassicMember) {
        var member = member
        member.arrival = nextArrival
        nextArrival += 1
        members[member.id] = member
        count(member, by: 1)
        if let instance = member.instanceID { staticMembers[instance] = member.id }
    }

    /// Removes a member, or one that was sent away for an id; who leads next is the one that came first.
    @discardableResult
    mutating func remove(_ memberID: Name) -> ClassicMember? {
        pendingJoins.remove(memberID)
        pendingSyncs.remove(memberID)
        guard let member = members.removeValue(forKey: memberID) else { return nil }
        count(member, by: -1)
        if let instance = member.instanceID, staticMembers[instance] == memberID {
            staticMembers[instance] = nil
        }
        if leaderID == memberID { leaderID = members.values.min { $0.arrival < $1.arrival }?.id }
        return member
    }

    /// Changes a member, of whatever of it.
    mutating func update(_ memberID: Name, _ change: (inout ClassicMember) -> Void) {
        guard var member = members[memberID] else { return }
        count(member, by: -1)
        change(&member)
        members[memberID] = member
        count(member, by: 1)
    }

    /// Forgets what members had, as a generation without an assignment came in between.
    mutating func forgetAssignments() {
        for id in members.keys { members[id]?.assignment = [] }
    }

    /// Gives the instance's member another id; what the old one waited for is returned.
    mutating func replaceStatic(
        _ oldID: Name, by newID: Name
    ) -> (join: ReplyToken?, sync: ReplyToken?) {
        guard var member = members[oldID] else { return (nil, nil) }
        let waits = (member.awaitingJoin, member.awaitingSync)
        let isLeader = leaderID == oldID
        let others = leaderID
        let arrival = member.arrival
        remove(oldID)
        member.id = newID
        member.awaitingJoin = nil
        member.awaitingSync = nil
        insert(member)
        members[newID]?.arrival = arrival
        leaderID = isLeader ? newID : others
        return waits
    }

    private mutating func count(_ member: ClassicMember, by step: Int) {
        if member.awaitingJoin != nil { awaitingJoinCount += step }
        // A name that one member gives twice is one vote.
        for name in Set(member.protocols.map(\.name)) {
            let number = supporters[name, default: 0] + step
            supporters[name] = number > 0 ? number : nil
        }
    }

    /// Why a request of a member is refused, if it is, in Kafka's order of checks.
    func problem(withMember memberID: Name, instanceID: Name?) -> ErrorCode? {
        if let instanceID {
            guard let known = staticMembers[instanceID] else { return .unknownMemberID }
            if known != memberID { return .fencedInstanceID }
        }
        return members[memberID] == nil ? .unknownMemberID : nil
    }
}

// MARK: - Protocols

extension ClassicGroup {
    /// Whether someone with these protocols could be a member beside the present ones.
    func supports(type: Name, _ protocols: [JoinGroupRequest.JoinGroupRequestProtocol]) -> Bool {
        if state == .empty { return !type.isEmpty && !protocols.isEmpty }
        return type == protocolType
            && protocols.contains { supporters[$0.name, default: 0] == members.count }
    }

    /// The protocol that most members like best among those that all support.
    ///
    /// Between equals the one wins that the leader prefers.
    func electedProtocol() -> Name? {
        var votes: [Name: Int] = [:]
        for member in members.values {
            if let choice = member.protocols.first(where: { supporters[$0.name] == members.count }) {
                votes[choice.name, default: 0] += 1
            }
        }
        guard let most = votes.values.max() else { return nil }
        let leader = leaderID.flatMap { members[$0] }
        if let choice = leader?.protocols.first(where: { votes[$0.name] == most }) { return choice.name }
        return votes.filter { $0.value == most }.keys.min()
    }

    /// Begins the next generation with the members that there are, which may be none.
    mutating func beginGeneration(at time: Timestamp) {
        // A group that has seen two thousand million rounds begins anew; members only compare for equality.
        generation = generation == .max ? 1 : generation + 1
        pendingSyncs = []
        initialDelay = nil
        if members.isEmpty {
            protocolName = nil
        } else {
            protocolName = electedProtocol()
            transition(to: .completingRebalance, at: time)
        }
        updateSubscribedTopics()
    }

    /// Learns the topics from the members' subscriptions.
    private mutating func updateSubscribedTopics() {
        guard isOfConsumers else {
            subscribedTopics = nil
            return
        }
        var topics: Set<Name> = []
        for member in members.values {
            guard let protocolName,
                let subscription = try? ConsumerProtocolSubscription(
                    versioned: member.metadata(for: protocolName))
            else {
                subscribedTopics = nil
                return
            }
            topics.formUnion(subscription.topics)
        }
        subscribedTopics = topics
    }

    /// Whether it is known what the members read.
    var knowsSubscriptions: Bool { subscribedTopics != nil }

    /// Whether the group may read `topic`: consumers whose subscriptions are not known may read all.
    package func isSubscribed(to topic: Name) -> Bool { subscribedTopics?.contains(topic) ?? isOfConsumers }
}

// MARK: - Records

extension ClassicGroup {
    /// The key of the group's record.
    static func key(_ id: Name) -> GroupMetadataKey {
        var key = GroupMetadataKey()
        key.group = id
        return key
    }

    /// The group as it is written down once it is stable, with these assignments.
    func value(assignments: [Name: [UInt8]]) -> GroupMetadataValue {
        var value = GroupMetadataValue()
        value.protocolType = protocolType ?? ""
        value.generation = generation
        value.protocol = protocolName
        value.leader = leaderID
        value.currentStateTimestamp = stateTimestamp?.milliseconds ?? -1
        value.members = membersInOrder.map { member in
            var written = GroupMetadataValue.MemberMetadata(member.id, member.instanceID, member.client)
            written.rebalanceTimeout = member.rebalanceTimeoutMilliseconds
            written.sessionTimeout = member.sessionTimeoutMilliseconds
            written.subscription = protocolName.map { member.metadata(for: $0) } ?? []
            written.assignment = assignments[member.id] ?? []
            return written
        }
        return value
    }

    /// The group as it is written down without members.
    func emptyValue(at time: Timestamp) -> GroupMetadataValue {
        var value = GroupMetadataValue()
        value.protocolType = protocolType ?? ""
        value.generation = generation
        value.protocol = nil
        value.leader = nil
        value.currentStateTimestamp = time.milliseconds
        return value
    }

    /// Becomes what a record says: empty, or stable with these members.
    ///
    /// Members that are here already keep what the record does not tell: what they wait for, and their
    /// protocols beside the elected one.
    mutating func adopt(_ value: GroupMetadataValue) {
        generation = value.generation
        protocolType = value.protocolType.isEmpty ? nil : value.protocolType
        protocolName = value.protocol
        previousState = state
        state = value.members.isEmpty ? .empty : .stable
        stateTimestamp =
            value.currentStateTimestamp < 0 ? nil : Timestamp(milliseconds: value.currentStateTimestamp)
        let present = members
        let named = Set(value.members.map(\.memberID))
        for id in present.keys where !named.contains(id) { remove(id) }
        for written in value.members {
            let subscribed = value.protocol ?? ""
            if let member = present[written.memberID],
                member.metadata(for: subscribed) == written.subscription
            {
                members[written.memberID]?.assignment = written.assignment
            } else {
                remove(written.memberID)
                insert(ClassicMember(written, protocolName: subscribed))
            }
        }
        leaderID = value.leader
        updateSubscribedTopics()
    }
}

extension ClassicMember {
    /// A member as a record describes it.
    init(_ written: GroupMetadataValue.MemberMetadata, protocolName: Name) {
        var only = JoinGroupRequest.JoinGroupRequestProtocol()
        only.name = protocolName
        only.metadata = written.subscription
        self.init(
            id: written.memberID, instanceID: written.groupInstanceID,
            client: GroupClient(id: written.clientID, host: written.clientHost),
            // Records before version 1 have only one timeout.
            rebalanceTimeoutMilliseconds: written.rebalanceTimeout == -1
                ? written.sessionTimeout : written.rebalanceTimeout,
            sessionTimeoutMilliseconds: written.sessionTimeout, protocols: [only],
            assignment: written.assignment)
    }
}

extension GroupMetadataValue.MemberMetadata {
    /// A member as it is written down, so far as it is known by its name.
    init(_ id: Name, _ instanceID: Name?, _ client: GroupClient) {
        self.init()
        memberID = id
        groupInstanceID = instanceID
        clientID = client.id
        clientHost = client.host
    }
}
