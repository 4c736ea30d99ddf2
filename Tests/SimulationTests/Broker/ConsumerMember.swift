// A member of a group of the new kind (KIP-848): tells what it has, and takes what it is given.
import Base
import Protocol
import Simulation

final class ConsumerMember: SimulatedClient {
    static let group: Name = "consumer"
    private var memberID: Name
    private var epoch: Int32 = 0
    private var owned: Set<Place> = []
    /// Whether the broker knows what it has.
    private var isReported = false
    private var isAsking = false
    private var nextBeat: Int64 = 0
    private let assignor: Name?

    init(_ number: Int, _ history: BrokerHistory) {
        memberID = Name("consumer-\(number)-0")
        assignor = history.random.chance(50) ? "range" : nil
        super.init("consumer member \(number)", history)
    }

    override var isQuiet: Bool {
        wire != nil && epoch > 0 && isReported && !isAsking
            && history.promise.groups.isBalanced(Self.group, history.promise.places)
    }

    override func lostConnection() {
        isAsking = false
        isReported = false
    }

    override func proceed(_ wire: Wire) throws -> Bool {
        guard !isAsking else { return false }
        if !history.isSettling, epoch > 0, history.random.chance(3) {
            try leave()
            return true
        }
        guard history.now >= nextBeat || !isReported else { return false }
        try beat()
        return true
    }

    private func beat() throws {
        var request = ConsumerGroupHeartbeatRequest()
        request.groupID = Self.group
        request.memberID = memberID
        request.memberEpoch = epoch
        if !isReported || epoch == 0 {
            request.rebalanceTimeoutMs = 20_000
            request.subscribedTopicNames = BrokerPromise.names
            request.serverAssignor = assignor
            request.topicPartitions = Dictionary(grouping: owned, by: \.topic).sorted {
                $0.key.description < $1.key.description
            }.map { id, places in
                var topic = ConsumerGroupHeartbeatRequest.TopicPartitions()
                topic.topicID = id
                topic.partitions = places.map(\.index).sorted()
                return topic
            }
        }
        let isJoining = epoch == 0
        let reported = owned
        let sent = history.promise.groups.nextMoment()
        let lastEpoch = history.promise.groups.consumer[Self.group]?.lastEpoch ?? 0
        nextBeat = history.now + 1_000_000_000
        isAsking = true
        try send(request, 1) { [unowned self] reply in
            isAsking = false
            let error = ErrorCode(of: reply.errorCode)
            guard error == .none else { return try failed(error) }
            isReported = true
            epoch = reply.memberEpoch
            if let assignment = reply.assignment {
                owned = Set(
                    assignment.topicPartitions.flatMap { topic in
                        topic.partitions.map { Place(topic: topic.topicID, index: $0) }
                    })
            }
            history.tell("\(name) is \(memberID) in epoch \(epoch) with \(owned.count)")
            if owned != reported { isReported = false }
            try history.promise.groups.beat(
                Self.group, memberID, epoch: epoch, owned: owned, sentAt: sent, lastEpochBefore: lastEpoch,
                isJoining: isJoining)
        }
    }

    private func failed(_ error: ErrorCode) throws {
        history.tell("\(name): \(error)")
        switch error {
        case .unknownMemberID, .fencedMemberEpoch:
            history.promise.groups.left(Self.group, memberID)
            (epoch, owned, isReported) = (0, [], false)
        case .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator, .requestTimedOut: break
        default: throw violated("\(error)")
        }
    }

    private func leave() throws {
        var request = ConsumerGroupHeartbeatRequest()
        request.groupID = Self.group
        request.memberID = memberID
        request.memberEpoch = -1
        history.promise.groups.left(Self.group, memberID)
        // Whether it is gone or not, it comes again as another one.
        isAsking = true
        try send(request, 1) { [unowned self] reply in
            isAsking = false
            let error = ErrorCode(of: reply.errorCode)
            guard error == .none else { return try failed(error) }
        }
        let parts = memberID.text.split(separator: "-")
        let life = (parts.last.flatMap { Int($0) } ?? 0) + 1
        memberID = Name("consumer-\(parts[1])-\(life)")
        (epoch, owned, isReported) = (0, [], false)
    }
}
