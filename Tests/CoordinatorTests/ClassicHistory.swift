// Members of classic groups with random timing, by seed: they follow the protocol as clients do, lose
// answers, pause for longer than their sessions, die, come back, leave, and change what they read, while the
// coordinator restarts from its log. Time is simulated: what happens next is whatever is due first.
import Base
import Coordinator
import Protocol
import Simulation

/// What goes wrong on purpose between the coordinator and its members, so that the checks are seen to find
/// it.
enum GroupFault: String, CaseIterable, Sendable {
    /// An offset whose commit was answered does not come back from the log.
    case losesCommits
    /// A restart finds an older commit behind a newer one.
    case reordersCommits
    /// A member is told of a partition that is another's.
    case doublesShares
    /// A JoinGroup gets no answer.
    case swallowsJoins
    /// A deadline is not told to the coordinator.
    case forgetsDeadlines
}

/// One client, as far as the coordinator can tell.
private struct Client {
    enum Phase { case out, waiting, working }
    let group: Name
    let instance: Name?
    var phase = Phase.out
    var id: Name = ""
    var generation: Int32 = -1
    var topics: [Name] = ["t"]
    /// What it reads, and how far it is.
    var positions: [Int32: Int64] = [:]
    /// Names the wait that it is in: an answer to an earlier one comes too late.
    var token: UInt64?
}

private struct Claim: Hashable {
    let group: Name
    let generation: Int32
    let partition: Int32
}

/// Groups and their members over one log.
struct ClassicHistory {
    /// What was found that must not be.
    private(set) var violations: [String] = []
    private var shard = GroupCoordinator(GroupSettings())
    private var log: [GroupRecord] = []
    private var random: SeededRandom
    private let fault: GroupFault?
    private var nanoseconds: Int64 = 1_000_000_000_000
    private var clients: [Client]
    private var wakes = Deadlines<Int>()
    /// Answers on their way, by number.
    private var inFlight: [UInt64: (client: Int, token: UInt64, reply: GroupReply?)] = [:]
    private var arrivals = Deadlines<UInt64>()
    private var nextNumber: UInt64 = 1
    /// Whose requests wait for an answer.
    private var open: [UInt64: Int] = [:]
    private var owners: [Claim: Name] = [:]
    private var committed: [Name: [Int32: Int64]] = [:]
    private var isCalm = false

    static let partitions: Int32 = 24
    private static let sessionSeconds = 8.0
    private static let rebalanceSeconds = 10.0
    /// Nobody waits longer: a round ends with its time, and a session may have to end before.
    private static let patience = 2 * (sessionSeconds + rebalanceSeconds)

    init(seed: UInt64, members: Int, groups: Int, fault: GroupFault? = nil) {
        random = SeededRandom(seed: seed)
        self.fault = fault
        clients = []
        for index in 0..<members {
            let isStatic = random.chance(25)
            clients.append(Client(group: "g\(index % groups)", instance: isStatic ? "i\(index)" : nil))
            wakes.set(index, at: nanoseconds + Int64.random(in: 0..<20_000_000_000, using: &random))
        }
    }

    private var now: Moment {
        Moment(monotonic: nanoseconds, wall: Timestamp(milliseconds: nanoseconds / 1_000_000))
    }

    private mutating func seconds(_ range: Range<Double>) -> Int64 {
        nanoseconds + Int64(Double.random(in: range, using: &random) * 1e9)
    }

    /// Lets things happen for so long.
    mutating func run(seconds: Double) {
        let end = nanoseconds + Int64(seconds * 1e9)
        var restart = self.seconds(5..<30)
        while violations.isEmpty {
            let deadline = fault == .forgetsDeadlines ? nil : shard.nextDeadline
            guard let next = [wakes.next, arrivals.next, deadline, restart].compactMap(\.self).min(),
                next < end
            else { break }
            nanoseconds = max(nanoseconds, next)
            if let client = wakes.popDue(at: nanoseconds) {
                act(client)
            } else if let letter = arrivals.popDue(at: nanoseconds) {
                deliver(letter)
            } else if let deadline, deadline <= nanoseconds {
                take(shard.deadlinesReached(at: now))
            } else if restart <= nanoseconds {
                if !isCalm { reload() }
                restart = self.seconds(5..<60)
            }
        }
        nanoseconds = end
    }

    /// Nothing happens any more but heartbeats and commits: soon every group is at rest.
    mutating func comeToRest() {
        isCalm = true
        for index in clients.indices where clients[index].phase == .out { wakes.set(index, at: nanoseconds) }
        run(seconds: 4 * Self.patience)
        for id in Set(clients.map(\.group)).sorted() {
            let members = clients.filter { $0.group == id }
            let group = shard.groups.classic[id]
            guard let group, group.state == .stable, group.members.count == members.count,
                members.allSatisfy({ $0.phase == .working && $0.generation == group.generation })
            else {
                violations.append("\(id) does not come to rest: \(group?.state.rawValue ?? "it is gone")")
                continue
            }
            if members.flatMap(\.positions.keys).sorted() != Array(0..<Self.partitions) {
                violations.append("\(id) does not read every partition once")
            }
        }
        reload()
    }
}

// MARK: - The coordinator

extension ClassicHistory {
    private mutating func send(_ request: GroupRequest, from client: Int) {
        let token = nextNumber
        nextNumber += 1
        clients[client].token = token
        open[token] = client
        take(shard.handle(.request(request, ReplyToken(token)), at: now))
    }

    private mutating func take(_ decision: GroupDecision) {
        log += decision.records
        for addressed in decision.replies {
            let token = addressed.token.value
            guard let client = open.removeValue(forKey: token) else {
                violations.append("a request was answered twice")
                continue
            }
            if case .join = addressed.reply, fault == .swallowsJoins, random.chance(5) { continue }
            post(addressed.reply, token, to: client)
        }
    }

    /// An answer takes its time, and now and then gets lost; nil says that there will be none.
    private mutating func post(_ reply: GroupReply?, _ token: UInt64, to client: Int) {
        let isLost = !isCalm && random.chance(2)
        inFlight[nextNumber] = (client, token, isLost ? nil : reply)
        arrivals.set(nextNumber, at: seconds(0..<(random.chance(95) ? 0.02 : 3)))
        nextNumber += 1
    }

    /// Begins again with nothing but the log; who waits is told so.
    private mutating func reload() {
        if fault == .losesCommits, let last = log.lastIndex(where: \.isCommit) { log.remove(at: last) }
        if fault == .reordersCommits, let first = log.first(where: \.isCommit) { log.append(first) }
        shard = GroupCoordinator(GroupSettings())
        for record in log {
            guard let (key, value) = try? record.encoded(),
                let read = try? GroupRecord(key: key, value: value)
            else {
                violations.append("a record cannot be read: \(record)")
                continue
            }
            shard.apply(read)
        }
        for (token, client) in open.sorted(by: { $0.key < $1.key }) { post(nil, token, to: client) }
        open = [:]
        take(shard.loaded(at: now))
        for (group, offsets) in committed {
            for (partition, offset) in offsets
            where shard.offsets[group, "t", partition]?.offset.value != offset {
                violations.append("\(group) had committed \(offset) of partition \(partition)")
            }
        }
    }
}

// MARK: - What clients do

extension ClassicHistory {
    private mutating func act(_ index: Int) {
        switch clients[index].phase {
        case .out: join(index)
        case .waiting: violations.append("a request of \(clients[index].id) was not answered")
        case .working: work(index)
        }
    }

    private mutating func work(_ index: Int) {
        switch isCalm ? 100 : Int.random(in: 0..<130, using: &random) {
        case 0: stop(index, for: 0..<30)  // It dies without a word.
        case 1:
            var request = LeaveGroupRequest()
            request.groupID = clients[index].group
            var member = LeaveGroupRequest.MemberIdentity()
            member.memberID = clients[index].id
            member.groupInstanceID = clients[index].instance
            request.members = [member]
            send(.leave(request), from: index)
            stop(index, for: 0..<10)
        case 2:
            clients[index].topics = random.chance(50) ? ["t"] : ["t", "u"]
            join(index)
        case 3: wakes.set(index, at: seconds(5..<20))  // It is busy for longer than its session.
        case 4..<40: commit(index)
        default:
            var request = HeartbeatRequest()
            request.groupID = clients[index].group
            request.memberID = clients[index].id
            request.groupInstanceID = clients[index].instance
            request.generationID = clients[index].generation
            send(.heartbeat(request), from: index)
            rest(index)
        }
    }

    private mutating func rest(_ index: Int) { wakes.set(index, at: seconds(0.5..<Self.sessionSeconds / 3)) }

    private mutating func stop(_ index: Int, for range: Range<Double>) {
        clients[index] = Client(group: clients[index].group, instance: clients[index].instance)
        wakes.set(index, at: seconds(range))
    }

    private mutating func wait(_ index: Int) {
        clients[index].phase = .waiting
        wakes.set(index, at: nanoseconds + Int64(Self.patience * 1e9))
    }

    private mutating func join(_ index: Int) {
        let client = clients[index]
        clients[index].positions = [:]
        wait(index)
        var request = JoinGroupRequest()
        request.groupID = client.group
        request.memberID = client.id
        request.groupInstanceID = client.instance
        request.sessionTimeoutMs = Int32(Self.sessionSeconds * 1000)
        request.rebalanceTimeoutMs = Int32(Self.rebalanceSeconds * 1000)
        request.protocolType = "consumer"
        var subscription = ConsumerProtocolSubscription()
        subscription.topics = client.topics
        var offered = JoinGroupRequest.JoinGroupRequestProtocol()
        offered.name = "range"
        offered.metadata = (try? subscription.versionedBytes(version: 1)) ?? []
        request.protocols = [offered]
        send(
            .join(
                request, version: 9, from: GroupClient(id: "c\(index)", host: "/127.0.0.1"),
                freshID: UUID(high: random.next(), low: random.next())), from: index)
    }

    private mutating func sync(_ index: Int, _ joined: JoinGroupResponse) {
        var request = SyncGroupRequest()
        request.groupID = clients[index].group
        request.memberID = joined.memberID
        request.groupInstanceID = clients[index].instance
        request.generationID = joined.generationID
        let members = joined.members.map(\.memberID)
        request.assignments = members.enumerated().map { place, member in
            var assignment = SyncGroupRequest.SyncGroupRequestAssignment()
            assignment.memberID = member
            assignment.assignment = (0..<UInt8(Self.partitions)).filter { Int($0) % members.count == place }
            return assignment
        }
        wait(index)
        send(.sync(request), from: index)
    }

    private mutating func commit(_ index: Int) {
        rest(index)
        let client = clients[index]
        var request = OffsetCommitRequest()
        request.groupID = client.group
        request.memberID = client.id
        request.groupInstanceID = client.instance
        request.generationIDOrMemberEpoch = client.generation
        var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
        topic.name = "t"
        topic.partitions = client.positions.sorted { $0.key < $1.key }.map { partition, position in
            var part = OffsetCommitRequest.OffsetCommitRequestPartition()
            part.partitionIndex = partition
            part.committedOffset = position + Int64.random(in: 0..<10, using: &random)
            clients[index].positions[partition] = part.committedOffset
            return part
        }
        guard !topic.partitions.isEmpty else { return }
        request.topics = [topic]
        let before = log.count
        send(.commitOffsets(request, version: 8), from: index)
        // What was written down is committed, whether or not the client hears of it.
        for case .offsetCommit(let key, let value?) in log[before...] {
            let former = committed[key.group]?[key.partition] ?? 0
            committed[key.group, default: [:]][key.partition] = value.offset
            guard value.offset < former else { continue }
            violations.append("\(key.group) went back from \(former) to \(value.offset)")
        }
    }
}

// MARK: - What clients are told

extension ClassicHistory {
    private mutating func deliver(_ number: UInt64) {
        guard let (index, token, reply) = inFlight.removeValue(forKey: number), clients[index].token == token
        else { return }
        clients[index].token = nil
        switch reply {
        case nil where clients[index].phase == .working: break
        case nil: comeAgain(index)
        case .join(let response): joined(index, response)
        case .sync(let response): synced(index, response)
        case .heartbeat(let response): heard(index, response.errorCode)
        case .commitOffsets(let response):
            heard(index, response.topics.first?.partitions.first?.errorCode ?? 0)
        default: break
        }
    }

    /// It joins once more, in a moment.
    private mutating func comeAgain(_ index: Int) {
        clients[index].phase = .out
        clients[index].positions = [:]
        wakes.set(index, at: seconds(0..<0.1))
    }

    private mutating func heard(_ index: Int, _ code: Int16) {
        switch ErrorCode(rawValue: code) {
        case .some(.none): break
        case .unknownMemberID, .fencedInstanceID: stop(index, for: 0..<0.1)
        default: comeAgain(index)
        }
    }

    private mutating func joined(_ index: Int, _ response: JoinGroupResponse) {
        switch ErrorCode(rawValue: response.errorCode) {
        case .some(.none):
            clients[index].id = response.memberID
            clients[index].generation = response.generationID
            sync(index, response)
        case .memberIDRequired:
            clients[index].id = response.memberID
            comeAgain(index)
        default: heard(index, response.errorCode)
        }
    }

    private mutating func synced(_ index: Int, _ response: SyncGroupResponse) {
        guard response.errorCode == 0 else { return heard(index, response.errorCode) }
        let client = clients[index]
        var share = response.assignment.map { Int32($0) }
        if fault == .doublesShares, random.chance(5) { share.append((share.last ?? 0) + 1) }
        clients[index].phase = .working
        rest(index)
        for partition in share where partition < Self.partitions {
            let claim = Claim(group: client.group, generation: client.generation, partition: partition)
            let name = client.instance ?? client.id
            if let owner = owners[claim], owner != name {
                violations.append("\(claim) is read by \(owner) and \(name)")
            }
            owners[claim] = name
            clients[index].positions[partition] =
                shard.offsets[client.group, "t", partition]?.offset.value ?? 0
        }
    }
}

extension GroupRecord {
    fileprivate var isCommit: Bool { if case .offsetCommit = self { true } else { false } }
}
