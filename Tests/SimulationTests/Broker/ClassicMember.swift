// A member of a classic group: joins, asks for its assignment, tells that it lives, commits, and goes.
import Base
import Protocol
import Simulation

final class ClassicMember: SimulatedClient {
    static let group: Name = "classic"
    private enum State { case outside, joined, stable }
    private var state = State.outside
    private var memberID: Name = ""
    private var generation: Int32 = -1
    /// The assignment that it makes as the leader.
    private var assignments: [SyncGroupRequest.SyncGroupRequestAssignment] = []
    private var isAsking = false
    private var nextBeat: Int64 = 0
    private var hasBeat = false
    private let sessionMilliseconds: Int32
    private static let protocolName: Name = "test"

    init(_ number: Int, _ history: BrokerHistory) {
        sessionMilliseconds = Int32.random(in: 5_000...20_000, using: &history.random)
        super.init("classic member \(number)", history)
    }

    override var isQuiet: Bool { wire != nil && state == .stable && hasBeat && !isAsking }
    override func lostConnection() {
        isAsking = false
        hasBeat = false
        if state == .joined { state = .outside }
    }

    override func proceed(_ wire: Wire) throws -> Bool {
        guard !isAsking else { return false }
        switch state {
        case .outside: try join()
        case .joined: try sync()
        case .stable:
            if !history.isSettling {
                if history.random.chance(4) {
                    try leave()
                    return true
                }
                if history.random.chance(10) {
                    try commit()
                    return true
                }
            }
            guard history.now >= nextBeat else { return false }
            try beat()
        }
        return true
    }

    private func ask<Request: RequestMessage>(
        _ request: Request, _ version: Int16, _ handle: @escaping (Request.Reply) throws -> Void
    ) throws {
        isAsking = true
        try send(request, version) { [unowned self] reply in
            isAsking = false
            try handle(reply)
        }
    }

    /// What an error means for a member.
    private func failed(_ error: ErrorCode) throws {
        history.tell("\(name): \(error)")
        hasBeat = false
        switch error {
        case .unknownMemberID, .fencedInstanceID:
            memberID = ""
            state = .outside
        case .illegalGeneration, .rebalanceInProgress: state = .outside
        case .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .requestTimedOut: break
        default: throw violated("\(error)")
        }
    }

    private func join() throws {
        var subscription = ConsumerProtocolSubscription()
        subscription.topics = history.promise.topics.map(\.name)
        var offered = JoinGroupRequest.JoinGroupRequestProtocol()
        offered.name = Self.protocolName
        offered.metadata = try subscription.bytes(version: 0)
        var request = JoinGroupRequest()
        request.groupID = Self.group
        request.sessionTimeoutMs = sessionMilliseconds
        request.rebalanceTimeoutMs = 20_000
        request.memberID = memberID
        request.protocolType = "consumer"
        request.protocols = [offered]
        let lastTold = history.promise.groups.classic[Self.group]?.lastTold ?? -1
        try ask(request, 7) { [unowned self] reply in
            let error = ErrorCode(of: reply.errorCode)
            if error == .memberIDRequired {
                memberID = reply.memberID
                return
            }
            guard error == .none else { return try failed(error) }
            memberID = reply.memberID
            generation = reply.generationID
            history.tell("\(name) is \(memberID) in generation \(generation), led by \(reply.leader)")
            try history.promise.groups.joined(
                Self.group, generation, leader: reply.leader, lastToldBefore: lastTold)
            assignments = reply.leader == memberID ? try assign(reply.members.map(\.memberID).sorted()) : []
            state = .joined
        }
    }

    private func assign(_ members: [Name]) throws -> [SyncGroupRequest.SyncGroupRequestAssignment] {
        var given = members.map { _ in ConsumerProtocolAssignment() }
        for (number, place) in history.promise.places.enumerated() {
            var topic = ConsumerProtocolAssignment.TopicPartition()
            // By its id, as names come again.
            topic.topic = Name(place.topic.description)
            topic.partitions = [place.index]
            given[number % members.count].assignedPartitions.append(topic)
        }
        return try zip(members, given).map { member, assignment in
            var one = SyncGroupRequest.SyncGroupRequestAssignment()
            one.memberID = member
            one.assignment = try assignment.bytes(version: 0)
            return one
        }
    }

    private func sync() throws {
        var request = SyncGroupRequest()
        request.groupID = Self.group
        request.generationID = generation
        request.memberID = memberID
        request.protocolType = "consumer"
        request.protocolName = Self.protocolName
        request.assignments = assignments
        try ask(request, 5) { [unowned self] reply in
            let error = ErrorCode(of: reply.errorCode)
            guard error == .none else { return try failed(error) }
            let given = try ConsumerProtocolAssignment(reading: Array(reply.assignment), version: 0)
            let places = given.assignedPartitions.flatMap { topic in
                topic.partitions.map { Place(topic: UUID(topic.topic.text) ?? .zero, index: $0) }
            }
            try history.promise.groups.synced(Self.group, generation, memberID, places)
            state = .stable
            hasBeat = false
            nextBeat = 0
        }
    }

    private func beat() throws {
        var request = HeartbeatRequest()
        request.groupID = Self.group
        request.generationID = generation
        request.memberID = memberID
        nextBeat = history.now + 1_000_000_000
        try ask(request, 4) { [unowned self] reply in
            let error = ErrorCode(of: reply.errorCode)
            guard error == .none else { return try failed(error) }
            hasBeat = history.isSettling
        }
    }

    private func leave() throws {
        var member = LeaveGroupRequest.MemberIdentity()
        member.memberID = memberID
        var request = LeaveGroupRequest()
        request.groupID = Self.group
        request.members = [member]
        try ask(request, 5) { [unowned self] reply in
            let error = ErrorCode(of: reply.errorCode)
            guard error == .none else { return try failed(error) }
            memberID = ""
            state = .outside
        }
    }

    /// A commit counts in its own generation only.
    private func commit() throws {
        guard let place = history.promise.places.randomElement(using: &history.random) else { return }
        var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
        partition.partitionIndex = place.index
        partition.committedOffset = 1
        var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
        topic.topicID = place.topic
        topic.partitions = [partition]
        var request = OffsetCommitRequest()
        request.groupID = Self.group
        request.generationIDOrMemberEpoch = generation
        request.memberID = memberID
        request.topics = [topic]
        let lastTold = history.promise.groups.classic[Self.group]?.lastTold ?? -1
        let sentIn = generation
        try ask(request, 10) { [unowned self] reply in
            guard let part = reply.topics.first?.partitions.first else {
                throw violated("a commit is answered without a partition")
            }
            let error = ErrorCode(of: part.errorCode)
            if error == .unknownTopicID || error == .unknownTopicOrPartition { return }
            guard error == .none else { return try failed(error) }
            guard sentIn >= lastTold else {
                throw violated("a commit of generation \(sentIn) counts in generation \(lastTold)")
            }
        }
    }
}
