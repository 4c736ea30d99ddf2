// Offsets of open transactions in the coordinator of groups: who may commit them, who sees them, and what
// becomes of them; live, and when the log is read again.
import Base
import Coordinator
import Protocol
import Testing

/// A coordinator of groups over a log that takes everything but what `refuses` names.
private struct TransactionalShard {
    private enum Entry {
        case record(GroupRecord)
        case pending(GroupRecord, ProducerID)
        case end(ProducerID, Bool)
    }

    private(set) var shard: GroupCoordinator
    private var log: [Entry] = []
    private var now = Moment(monotonic: 0, wall: Timestamp(milliseconds: 1_800_000_000_000))
    private var token: UInt64 = 0
    var refuses: [ProducerID: ErrorCode] = [:]

    init() {
        shard = GroupCoordinator(GroupSettings())
        take(shard.loaded(at: now))
    }

    mutating func ask(_ request: GroupRequest) -> GroupReply? {
        token += 1
        let asked = ReplyToken(token)
        return take(shard.handle(.request(request, asked), at: now)).first { $0.token == asked }?.reply
    }

    mutating func post(_ event: GroupEvent, after milliseconds: Int64 = 0) {
        now.monotonic += milliseconds * 1_000_000
        now.wall = Timestamp(milliseconds: now.wall.milliseconds + milliseconds)
        take(shard.handle(event, at: now))
    }

    mutating func end(_ producer: Int64, isCommit: Bool) {
        log.append(.end(ProducerID(producer), isCommit))
        shard.transactionEnded(of: ProducerID(producer), isCommit: isCommit)
    }

    /// Begins again with nothing but the log.
    mutating func restart() {
        shard = GroupCoordinator(GroupSettings())
        for entry in log {
            switch entry {
            case .record(let record): shard.apply(record)
            case .pending(let record, let producer): shard.apply(record, ofTransactionOf: producer)
            case .end(let producer, let isCommit): shard.transactionEnded(of: producer, isCommit: isCommit)
            }
        }
        take(shard.loaded(at: now))
    }

    @discardableResult
    private mutating func take(_ decision: GroupDecision) -> [AddressedReply<GroupReply>] {
        var replies = decision.replies
        log += decision.records.map { .record($0) }
        for write in decision.transactionalWrites {
            if let code = refuses[write.producer.id] {
                replies.append(AddressedReply(token: write.token, reply: write.refusal(code)))
                continue
            }
            for record in write.records {
                log.append(.pending(record, write.producer.id))
                shard.apply(record, ofTransactionOf: write.producer.id)
            }
            replies.append(AddressedReply(token: write.token, reply: write.reply))
        }
        for event in decision.continuations { replies += take(shard.handle(event, at: now)) }
        return replies
    }
}

extension TransactionalShard {
    /// Commits the offset of a partition of `t`; the code of the answer.
    fileprivate mutating func commit(
        _ offset: Int64, of partition: Int32 = 0, producer: Int64 = 1, group: Name = "g",
        generation: Int32 = -1, member: Name = "", instance: Name? = nil, metadata: String? = nil
    ) -> ErrorCode? {
        var request = TxnOffsetCommitRequest()
        (request.groupID, request.producerID, request.transactionalID) = (group, producer, "tx")
        (request.generationID, request.memberID, request.groupInstanceID) = (generation, member, instance)
        var asked = TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition()
        (asked.partitionIndex, asked.committedOffset, asked.committedMetadata) = (partition, offset, metadata)
        var topic = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic()
        (topic.name, topic.partitions) = ("t", [asked])
        request.topics = [topic]
        guard case .commitInTransaction(let reply)? = ask(.commitInTransaction(request, permission: nil))
        else { return nil }
        return reply.topics.first?.partitions.first.flatMap { ErrorCode(rawValue: $0.errorCode) }
    }

    fileprivate mutating func commitPlainly(_ offset: Int64, of partition: Int32 = 0) {
        var request = OffsetCommitRequest()
        request.groupID = "g"
        var asked = OffsetCommitRequest.OffsetCommitRequestPartition()
        (asked.partitionIndex, asked.committedOffset) = (partition, offset)
        var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
        (topic.name, topic.partitions) = ("t", [asked])
        request.topics = [topic]
        _ = ask(.commitOffsets(request, version: 8))
    }

    /// What is told of partitions 0 and 1 of `t`: offsets, or "unstable".
    fileprivate mutating func fetched(isStable: Bool) -> [String] {
        var request = OffsetFetchRequest.OffsetFetchRequestGroup()
        var topic = OffsetFetchRequest.OffsetFetchRequestTopics()
        (topic.name, topic.partitionIndexes) = ("t", [0, 1])
        (request.groupID, request.topics) = ("g", [topic])
        guard case .fetchOffsets(let fetched)? = ask(.fetchOffsets(request, requireStable: isStable)) else {
            return []
        }
        return fetched.response.topics.flatMap(\.partitions).map {
            $0.errorCode == ErrorCode.unstableOffsetCommit.rawValue ? "unstable" : "\($0.committedOffset)"
        }
    }
}

@Suite("offsets of transactions")
struct PendingOffsetTests {
    @Test("are seen by nobody before the commit, and unstable to who asks", arguments: [true, false])
    func visibility(_ isCommit: Bool) {
        var shard = TransactionalShard()
        shard.commitPlainly(3)
        #expect(shard.commit(7) == ErrorCode.none)
        #expect(shard.commit(8, of: 1) == ErrorCode.none)
        for _ in 0..<2 {
            #expect(shard.fetched(isStable: false) == ["3", "-1"])
            #expect(shard.fetched(isStable: true) == ["unstable", "unstable"])
            shard.restart()
        }
        shard.end(1, isCommit: isCommit)
        for _ in 0..<2 {
            #expect(shard.fetched(isStable: true) == (isCommit ? ["7", "8"] : ["3", "-1"]))
            shard.restart()
        }
        // The end may be told again.
        shard.end(1, isCommit: !isCommit)
        #expect(shard.fetched(isStable: true) == (isCommit ? ["7", "8"] : ["3", "-1"]))
    }

    @Test("count in the order of the commits, not of the ends of their transactions")
    func order() {
        var shard = TransactionalShard()
        _ = shard.commit(1, producer: 1)
        _ = shard.commit(2, producer: 2)
        _ = shard.commit(10, of: 1, producer: 1)
        shard.commitPlainly(20, of: 1)
        #expect(shard.fetched(isStable: false) == ["-1", "20"])
        #expect(shard.fetched(isStable: true) == ["unstable", "unstable"])
        shard.end(2, isCommit: true)
        #expect(shard.fetched(isStable: true) == ["unstable", "unstable"])
        shard.end(1, isCommit: true)
        for _ in 0..<2 {
            #expect(shard.fetched(isStable: true) == ["2", "20"])
            shard.restart()
        }
        // A later commit of the same transaction counts again.
        _ = shard.commit(5, of: 1, producer: 3)
        shard.commitPlainly(6, of: 1)
        _ = shard.commit(7, of: 1, producer: 3)
        shard.end(3, isCommit: true)
        #expect(shard.fetched(isStable: true) == ["2", "7"])
    }

    @Test("a refusal of the log leaves nothing behind")
    func refused() {
        var shard = TransactionalShard()
        shard.refuses = [ProducerID(1): .invalidProducerEpoch]
        #expect(shard.commit(7) == .invalidProducerEpoch)
        #expect(shard.fetched(isStable: true) == ["-1", "-1"])
        shard.end(1, isCommit: true)
        #expect(shard.fetched(isStable: true) == ["-1", "-1"])
    }

    @Test("who may commit is what Kafka says, of groups that there are and are not")
    func members() {
        var shard = TransactionalShard()
        #expect(shard.commit(1, group: "") == .invalidGroupID)
        #expect(shard.commit(1, generation: 3, member: "m") == .illegalGeneration)
        #expect(shard.commit(1) == ErrorCode.none)
        #expect(shard.commit(1, generation: 3, member: "m") == .unknownMemberID)
        #expect(shard.commit(1, member: "m") == ErrorCode.none)
        #expect(shard.commit(1, instance: "i") == ErrorCode.none)
        #expect(shard.commit(1, metadata: String(repeating: "x", count: 5_000)) == .offsetMetadataTooLarge)
        // A member of a consumer group.
        var beat = ConsumerGroupHeartbeatRequest()
        (beat.groupID, beat.memberID, beat.rebalanceTimeoutMs) = ("c", "m", 1000)
        (beat.subscribedTopicNames, beat.topicPartitions) = (["t"], [])
        let client = GroupClient(id: "", host: "/127.0.0.1")
        guard
            case .consumerHeartbeat(let joined)? = shard.ask(
                .consumerHeartbeat(
                    ConsumerHeartbeat(beat, version: 1, from: client, freshID: UUID(high: 1, low: 1))))
        else {
            Issue.record("no answer to a heartbeat")
            return
        }
        let epoch = joined.memberEpoch
        #expect(joined.errorCode == 0 && epoch > 0)
        #expect(shard.commit(1, group: "c", generation: epoch, member: "m") == ErrorCode.none)
        #expect(shard.commit(1, group: "c") == ErrorCode.none)
        #expect(shard.commit(1, group: "c", generation: epoch + 1, member: "m") == .illegalGeneration)
        #expect(shard.commit(1, group: "c", generation: epoch, member: "other") == .unknownMemberID)
        #expect(shard.commit(1, group: "c", member: "other") == .unknownMemberID)
    }

    @Test("neither they nor what they replace expire, and their group stays")
    func expiry() {
        let week: Int64 = 8 * 86_400_000
        var shard = TransactionalShard()
        shard.commitPlainly(3)
        _ = shard.commit(7)
        shard.post(.expiryDue, after: week)
        #expect(shard.fetched(isStable: false) == ["3", "-1"])
        #expect(shard.shard.groups.count == 1)
        shard.end(1, isCommit: false)
        shard.post(.expiryDue)
        #expect(shard.fetched(isStable: true) == ["-1", "-1"])
        #expect(shard.shard.groups.count == 0)
    }

    @Test("go with their group, with their topic, or by themselves, and the commit brings none back")
    func deletion() {
        for way in 0..<3 {
            var shard = TransactionalShard()
            _ = shard.commit(7)
            _ = shard.commit(8, producer: 2)
            switch way {
            case 0: _ = shard.ask(.delete("g"))
            case 1: shard.post(.topicsDeleted(["t"]))
            default: _ = shard.ask(.deleteOffsets(of: "g", [OffsetPlaces(topic: "t", partitions: [0])]))
            }
            #expect(shard.fetched(isStable: true) == ["-1", "-1"], "way \(way)")
            shard.restart()
            for producer: Int64 in 1...2 { shard.end(producer, isCommit: true) }
            for _ in 0..<2 {
                #expect(shard.fetched(isStable: true) == ["-1", "-1"], "way \(way)")
                #expect(shard.shard.pending.isEmpty)
                shard.restart()
            }
        }
    }
}
