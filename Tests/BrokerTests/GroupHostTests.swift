// The host of coordinators: replies leave when the log is durable, failures end a shard, the log brings it
// back.
import Base
import Compression
import Coordinator
import LocalStorage
import Network
import Protocol
import Records
import Simulation
import Storage
import Testing

@testable import Broker

@Suite("the host of groups")
struct GroupHostTests {
    private static let group: Name = "g"

    private func rig() throws -> BrokerRig {
        let rig = try BrokerRig { $0.offsetsPartitions = 1 }
        try rig.topic("t")
        try rig.topic(GroupHost.topicName, partitions: 1)
        return rig
    }

    private func commit(_ offset: Int64) -> OffsetCommitRequest {
        var request = OffsetCommitRequest()
        request.groupID = Self.group
        var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
        topic.name = "t"
        var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
        partition.committedOffset = offset
        topic.partitions = [partition]
        request.topics = [topic]
        return request
    }

    private var fetch: OffsetFetchRequest {
        var request = OffsetFetchRequest()
        request.groupID = Self.group
        request.topics = nil
        return request
    }

    private func join(session: Int32 = 10_000) -> JoinGroupRequest {
        var request = JoinGroupRequest()
        request.groupID = Self.group
        request.sessionTimeoutMs = session
        request.rebalanceTimeoutMs = session
        request.protocolType = "consumer"
        var range = JoinGroupRequest.JoinGroupRequestProtocol()
        range.name = "range"
        request.protocols = [range]
        return request
    }

    private func committed(_ client: RigClient) throws -> [Int16]? {
        try client.reply(OffsetCommitResponse.self, version: 8)?.topics.flatMap(\.partitions).map(\.errorCode)
    }

    private func fetched(_ client: RigClient) throws -> [Int64]? {
        guard let reply = try client.reply(OffsetFetchResponse.self, version: 6) else { return nil }
        if reply.errorCode != 0 { return [Int64(-100 - reply.errorCode)] }
        return reply.topics.flatMap(\.partitions).map(\.committedOffset)
    }

    @Test("no reply leaves before what the shard had decided is durable, reads and errors included")
    func durability() throws {
        let rig = try rig()
        let (writer, reader, outsider) = (try rig.connect(), try rig.connect(), try rig.connect())
        try writer.send(commit(7), version: 8)
        try reader.send(fetch, version: 6)
        var heartbeat = HeartbeatRequest()
        heartbeat.groupID = Self.group
        try outsider.send(heartbeat, version: 4)
        rig.step()
        #expect(try committed(writer) == nil)
        #expect(try fetched(reader) == nil)
        #expect(try outsider.reply(HeartbeatResponse.self, version: 4) == nil)
        rig.flush()
        #expect(try committed(writer) == [0])
        #expect(try fetched(reader) == [7])
        #expect(
            try outsider.reply(HeartbeatResponse.self, version: 4)?.errorCode
                == ErrorCode.unknownMemberID.rawValue)
        // With nothing under way nothing is waited for.
        try reader.send(fetch, version: 6)
        #expect(try fetched(reader) == [7])
    }

    @Test("a failed sync ends the shard until the next start; nothing that was not durable is ever told")
    func failedSync() throws {
        let rig = try rig()
        let (writer, reader) = (try rig.connect(), try rig.connect())
        try writer.send(commit(7), version: 8)
        rig.flush()
        #expect(try committed(writer) == [0])
        try writer.send(commit(8), version: 8)
        try reader.send(fetch, version: 6)
        rig.disk.fail(.sync, suffix: ".log", errno: 5)
        rig.flush()
        let code = ErrorCode.coordinatorNotAvailable.rawValue
        #expect(try committed(writer) == [code])
        #expect(try fetched(reader) == [Int64(-100 - code)])
        try reader.send(fetch, version: 6)
        #expect(try fetched(reader) == [Int64(-100 - code)])
    }

    @Test("a write that fails throws the shard away, and the log brings it back a second later")
    func failedWrite() throws {
        let rig = try rig()
        let (writer, reader, member) = (try rig.connect(), try rig.connect(), try rig.connect())
        try writer.send(commit(7), version: 8)
        rig.flush()
        #expect(try committed(writer) == [0])
        rig.disk.fail(.write, suffix: ".log", errno: 28)
        try writer.send(commit(8), version: 8)
        #expect(try committed(writer) == [ErrorCode.coordinatorNotAvailable.rawValue])
        // Who asks meanwhile is held.
        try reader.send(fetch, version: 6)
        try member.send(join(), version: 3)
        #expect(try fetched(reader) == nil)
        rig.advance(milliseconds: 1_001)
        rig.flush()
        #expect(try fetched(reader) == [7])
        #expect(try member.reply(JoinGroupResponse.self, version: 3)?.generationID == 1)
    }

    @Test("where the disk stands still everybody is told to look for a coordinator, each in his time")
    func standstill() throws {
        let rig = try rig()
        let (early, later) = (try rig.connect(), try rig.connect())
        let timers = try rig.onLoop { $0.timerCount }
        try early.send(commit(7), version: 8)
        rig.advance(milliseconds: 20_000)
        try later.send(fetch, version: 6)
        rig.advance(milliseconds: DiskWait.limitMilliseconds - 20_001)
        #expect(try committed(early) == nil)
        rig.advance(milliseconds: 2)
        #expect(try committed(early) == [ErrorCode.coordinatorNotAvailable.rawValue])
        rig.advance(milliseconds: 19_000)
        #expect(try fetched(later) == nil)
        rig.advance(milliseconds: 1_001)
        #expect(try fetched(later) == [-100 - Int64(ErrorCode.coordinatorNotAvailable.rawValue)])
        // The disk turns again: what was decided counts, and nobody is told twice.
        rig.flush()
        #expect(try committed(early) == nil)
        try later.send(fetch, version: 6)
        rig.flush()
        #expect(try fetched(later) == [7])
        rig.advance(milliseconds: DiskWait.limitMilliseconds)
        #expect(try rig.onLoop { $0.timerCount } == timers)
    }

    @Test("a member that says nothing more is removed when its session ends, without anyone asking")
    func sessions() throws {
        let rig = try rig()
        let member = try rig.connect()
        let timers = try rig.onLoop { $0.timerCount }
        try member.send(join(), version: 3)
        rig.flush()
        let joined = try #require(try member.reply(JoinGroupResponse.self, version: 3))
        #expect(joined.generationID == 1)
        rig.advance(milliseconds: 9_999)
        rig.flush()
        #expect(rig.broker.groups.journal(of: Self.group)?.count == 2)
        rig.advance(milliseconds: 2)
        rig.flush()
        let notes = try #require(rig.broker.groups.journal(of: Self.group)).map(\.note)
        #expect(notes.contains(.timedOut(member: joined.memberID, milliseconds: 10_000)))
        #expect(notes.last == .emptied(generation: 2))
        // One timer stands for all answers that wait for the disk; it comes once more after the last one.
        rig.advance(milliseconds: DiskWait.limitMilliseconds)
        #expect(try rig.onLoop { $0.timerCount } == timers)
    }

    @Test("a deleted topic takes its offsets with it")
    func deletedTopic() throws {
        let rig = try rig()
        let client = try rig.connect()
        try client.send(commit(7), version: 8)
        rig.flush()
        #expect(try committed(client) == [0])
        try rig.delete("t")
        try client.send(fetch, version: 6)
        rig.flush()
        #expect(try fetched(client) == [])
    }

    @Test("a shard that is being loaded holds requests, and answers them in order from what it read")
    func loading() throws {
        let rig = try rig()
        let client = try rig.connect()
        for offset in Int64(1)...3 {
            try client.send(commit(offset), version: 8)
            rig.flush()
            #expect(try committed(client) == [0])
        }
        let shard = try shard(of: rig)
        shard.load()
        let answers = Lock<[String]>([])
        let add: @Sendable (String) -> Void = { line in answers.withLock { $0.append(line) } }
        var asked = OffsetFetchRequest.OffsetFetchRequestGroup()
        asked.groupID = Self.group
        asked.topics = nil
        let request = GroupRequest.fetchOffsets(asked, requireStable: false)
        let first = shard.submit({ .request(request, $0) }, answer: note("first", add))
        let second = shard.submit({ .request(request, $0) }, answer: note("second", add))
        #expect(first != nil && second != nil)
        shard.giveUp(try #require(second))
        #expect(answers.withLock { $0 } == ["second COORDINATOR_LOAD_IN_PROGRESS"])
        rig.step()
        #expect(answers.withLock { $0 }.last == "first [3]")
        #expect(shard.submit({ .request(request, $0) }, answer: note("third", add)) == nil)
        #expect(answers.withLock { $0 }.last == "third [3]")
        #expect(shard.waitingCount == 0)
    }

    @Test("no event copies the state, and what a shard has computed elsewhere happens to it afterwards")
    func stateHasOneOwner() throws {
        let rig = try rig()
        let partition = try #require(rig.broker.catalog.topics[GroupHost.topicName]?.partition(0))
        let services = ShardServices(
            clock: rig.clock, logger: rig.broker.logger, pool: rig.broker.sockets.pool)
        let shard = ShardHost(partition, on: rig.loop, services, make: { Probe() })
        shard.load()
        let answers = Lock<[Bool]>([])
        for _ in 0..<2 {
            shard.submit({ .asks($0) }) { answer in
                answers.withLock { $0.append((try? answer.get()) ?? false) }
            }
        }
        #expect(answers.withLock { $0 } == [true, true])
        shard.post(.wantsComputation)
        #expect(shard.inspect { $0.computed } == 0)
        rig.step()
        #expect(shard.inspect { $0.computed } == 1)
    }

    /// A shard that notices whether somebody else holds its state while an event changes it.
    private struct Probe: Shard {
        final class Storage: Sendable {}
        enum Event: Sendable {
            case asks(ReplyToken)
            case wantsComputation
            case computed
        }
        var storage = Storage()
        var computed = 0

        mutating func handle(_ event: Event, at now: Moment) -> Decision<GroupRecord, Bool, Event, Never> {
            var decision = Decision<GroupRecord, Bool, Event, Never>()
            switch event {
            case .asks(let token): decision.reply(isKnownUniquelyReferenced(&storage), to: token)
            case .wantsComputation: decision.computations.append { .computed }
            case .computed: computed += 1
            }
            return decision
        }
        mutating func apply(_ record: GroupRecord) {}
        mutating func loaded(at now: Moment) -> Decision<GroupRecord, Bool, Event, Never> { Decision() }
        mutating func deadlinesReached(at now: Moment) -> Decision<GroupRecord, Bool, Event, Never> {
            Decision()
        }
        var nextDeadline: Int64? { nil }
    }

    @Test("offsets of transactions count when these were committed")
    func transactions() throws {
        let rig = try rig()
        let log = try #require(rig.broker.catalog.topics[GroupHost.topicName]?.partition(0)?.log)
        for (producer, offset) in [(Int64(1), Int64(10)), (2, 20), (3, 30)] {
            var options = BatchOptions()
            options.producerID = ProducerID(producer)
            options.producerEpoch = 0
            options.baseSequence = 0
            options.isTransactional = true
            var builder = BatchBuilder(options)
            var key = OffsetCommitKey()
            (key.group, key.topic, key.partition) = (Self.group, "t", Int32(producer))
            var value = OffsetCommitValue()
            value.offset = offset
            let (keyBytes, valueBytes) = try GroupRecord.offsetCommit(key, value).encoded()
            builder.append(
                timestamp: Timestamp(milliseconds: 1), key: keyBytes, value: valueBytes)
            try append(try builder.finish(), to: log)
        }
        for (producer, isCommit) in [(Int64(2), true), (1, false)] {
            let marker = EndTransactionMarker(isCommit: isCommit, coordinatorEpoch: 0)
            try append(
                try ControlRecords.marker(
                    marker, producerID: ProducerID(producer), producerEpoch: 0,
                    timestamp: Timestamp(milliseconds: 2)), to: log)
        }
        let shard = try shard(of: rig)
        shard.load()
        rig.step()
        let found = shard.inspect { state in (Int32(1)...3).map { state.offsets[Self.group, "t", $0]?.offset }
        }
        #expect(found == [nil, Offset(20), nil])
    }

    @Test("a fault that is planted in the host of a shard is found", arguments: [0, 1, 2])
    func plantedFaults(_ number: Int) throws {
        let rig = try rig()
        let shard = try shard(of: rig)
        shard.load()
        rig.step()
        try shard.checkInvariants()
        shard.guarded.withLock { guarded in
            switch number {
            case 0: guarded.held.append((.expiryDue, nil))
            case 1: guarded.timer = (99, 0)
            default:
                guarded.stage = .closed
                guarded.waiting[ReplyToken(1)] = { _ in }
            }
        }
        #expect(throws: InvariantViolation.self) { try shard.checkInvariants() }
    }

    private func append(_ batch: [UInt8], to log: PartitionLog) throws {
        var bytes = batch
        var span = bytes.mutableSpan
        var mutable = span.mutableBytes
        _ = try log.append(&mutable, header: try BatchHeader(reading: mutable.bytes))
    }

    /// A second host over the partition of the rig's groups.
    private func shard(of rig: BrokerRig) throws -> ShardHost<GroupCoordinator> {
        let partition = try #require(rig.broker.catalog.topics[GroupHost.topicName]?.partition(0))
        let services = ShardServices(
            clock: rig.clock, logger: rig.broker.logger, pool: rig.broker.sockets.pool)
        return ShardHost(
            partition, on: rig.loop, services, make: { GroupCoordinator(GroupSettings()) })
    }

    private func note(
        _ name: String, _ add: @escaping @Sendable (String) -> Void
    ) -> @Sendable (ShardHost<GroupCoordinator>.Answer) -> Void {
        { answer in
            let text: String
            switch answer {
            case .success(.fetchOffsets(let fetched)):
                text = "\(fetched.response.topics.flatMap(\.partitions).map(\.committedOffset))"
            case .success: text = "another reply"
            case .failure(let error): text = error.code.name
            }
            add("\(name) \(text)")
        }
    }
}
