// Produce and TxnOffsetCommit for transactions: what the coordinator is asked, and what clients of each
// version are told, as Kafka 4.3.1 answered.
import Base
import Compression
import Coordinator
import Protocol
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

/// A coordinator of transactions that says what the test wants, when it wants.
private final class ScriptedVerifier: TransactionVerifier {
    struct Question: Equatable {
        var partitions: [String]
        var id: Name
        var epoch: Int16
        var verifyOnly: Bool
    }
    private struct State {
        var code = ErrorCode.none
        var isSilent = false
        var asked: [Question] = []
        var held: [@Sendable () -> Void] = []
    }
    private let state = Lock(State())

    var asked: [Question] { state.withLock { $0.asked } }
    func answer(_ code: ErrorCode) { state.withLock { $0.code = code } }
    func hold() { state.withLock { $0.isSilent = true } }
    func release() {
        let held = state.withLock { state in
            defer { (state.held, state.isSilent) = ([], false) }
            return state.held
        }
        for answer in held { answer() }
    }

    func add(
        _ partitions: [TopicPartition], to transactionalID: Name, producer: ProducerID, epoch: Int16,
        verifyOnly: Bool, answer: @escaping @Sendable ([ErrorCode]) -> Void
    ) {
        let now = state.withLock { state -> ErrorCode? in
            state.asked.append(
                Question(
                    partitions: partitions.map(\.description), id: transactionalID, epoch: epoch,
                    verifyOnly: verifyOnly))
            let code = state.code
            guard state.isSilent else { return code }
            state.held.append { answer(partitions.map { _ in code }) }
            return nil
        }
        if let now { answer(partitions.map { _ in now }) }
    }
}

@Suite("writing for transactions")
struct TransactionalProduceTests {
    private let verifier = ScriptedVerifier()

    private func rig() throws -> BrokerRig {
        let rig = try BrokerRig(rules: BrokerRules(verifier: verifier)) { $0.offsetsPartitions = 1 }
        try rig.topic("t", partitions: 2)
        return rig
    }

    private func request(
        _ sequence: Int32, epoch: Int16 = 0, producer: Int64 = 7, id: Name? = "tx", partition: Int32 = 0
    ) throws -> ProduceRequest {
        var batch = RigBatch()
        batch.producer = (producer, sequence)
        (batch.epoch, batch.isTransactional) = (epoch, true)
        var request = ProduceRequest("t", acks: -1, [(partition, try batch.bytes())])
        request.transactionalID = id
        return request
    }

    private func produce(
        _ rig: BrokerRig, _ request: ProduceRequest, _ version: Int16 = 11
    ) throws -> ProduceResponse.Outcome? {
        let client = try rig.connect()
        var request = request
        if version >= 13 { request.topicData[0].topicID = rig.broker.catalog.topics["t"]?.id ?? .zero }
        try client.send(request, version: version)
        return try client.reply(to: ProduceRequest.self, version, rig)?.outcomes.first
    }

    private func end(_ rig: BrokerRig, epoch: Int16, isCommit: Bool = true) {
        rig.broker.markers.write(
            TransactionMarker(
                producerID: ProducerID(7), producerEpoch: epoch, coordinatorEpoch: 0,
                outcome: isCommit ? .commit : .abort, transactionVersion: 0),
            on: [TopicPartition(topic: "t", partition: PartitionIndex(0))]
        ) { _ in }
        rig.flush()
    }

    @Test("the coordinator is asked for the first batch in a partition, and for no other")
    func asked() throws {
        let rig = try rig()
        for (version, isOld) in [(Int16(8), true), (11, true), (12, false), (13, false)] {
            let before = verifier.asked.count
            let epoch = version
            for sequence: Int32 in 0..<3 {
                #expect(try produce(rig, request(sequence, epoch: epoch), version)?.error == ErrorCode.none)
            }
            #expect(
                Array(verifier.asked[before...]) == [
                    .init(partitions: ["t-0"], id: "tx", epoch: epoch, verifyOnly: isOld)
                ])
            end(rig, epoch: epoch)
        }
        // Without a transaction nobody is asked.
        let before = verifier.asked.count
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: -1), version: 11)
        #expect(try client.reply(to: ProduceRequest.self, 11, rig)?.outcomes.first?.error == ErrorCode.none)
        #expect(verifier.asked.count == before)
    }

    @Test("what the coordinator refuses, clients are told in words that their version understands")
    func refusals() throws {
        let rig = try rig()
        let cases: [(ErrorCode, old: ErrorCode, later: ErrorCode)] = [
            (.transactionAbortable, .invalidTxnState, .transactionAbortable),
            (.producerFenced, .invalidProducerEpoch, .invalidProducerEpoch),
            (.invalidProducerIDMapping, .invalidProducerIDMapping, .invalidProducerIDMapping),
            (.coordinatorLoadInProgress, .notEnoughReplicas, .notEnoughReplicas),
            (.notCoordinator, .notEnoughReplicas, .notEnoughReplicas),
            (.concurrentTransactions, .notEnoughReplicas, .notEnoughReplicas),
        ]
        for (code, old, later) in cases {
            verifier.answer(code)
            #expect(try produce(rig, request(0), 8) == .failed(old))
            #expect(try produce(rig, request(0), 11) == .failed(later))
        }
        #expect(try produce(rig, request(0, id: nil)) == .failed(.transactionalIDAuthorizationFailed))
        #expect(try produce(rig, request(0, id: "")) == .failed(.invalidRequest))
        #expect(rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds.logEnd == .zero)
        // Fenced in the log, whatever the coordinator says.
        end(rig, epoch: 3)
        let before = verifier.asked.count
        #expect(try produce(rig, request(0, epoch: 2)) == .failed(.invalidProducerEpoch))
        #expect(verifier.asked.count == before)
    }

    @Test(
        "the start of the log is told beside what the log refuses, and not beside what the coordinator does")
    func logStarts() throws {
        let rig = try rig()
        func start(_ request: ProduceRequest) throws -> [Int64] {
            let client = try rig.connect()
            try client.send(request, version: 11)
            let reply = try #require(try client.reply(to: ProduceRequest.self, 11, rig))
            let partition = reply.responses[0].partitionResponses[0]
            return [Int64(partition.errorCode), partition.logStartOffset]
        }
        verifier.answer(.invalidTxnState)
        #expect(try start(request(0)) == [48, -1])
        verifier.answer(.none)
        #expect(try start(request(0)) == [0, 0])
        var beside = RigBatch()
        beside.producer = (7, 1)
        #expect(try start(ProduceRequest("t", acks: -1, beside)) == [48, 0])
        end(rig, epoch: 3)
        #expect(try start(request(0, epoch: 2)) == [47, -1])
        beside.epoch = 2
        #expect(try start(ProduceRequest("t", acks: -1, beside)) == [47, 0])
    }

    @Test("batches that are sent meanwhile wait, and follow")
    func pipelined() throws {
        let rig = try rig()
        verifier.hold()
        let client = try rig.connect()
        for sequence: Int32 in 0..<3 { try client.send(request(sequence), version: 11) }
        rig.flush()
        #expect(verifier.asked.count == 1)
        #expect(rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds.logEnd == .zero)
        verifier.release()
        for offset: Int64 in 0..<3 {
            #expect(try client.reply(to: ProduceRequest.self, 11, rig)?.outcomes == [.at(offset)])
        }
        #expect(verifier.asked.count == 1)
    }

    @Test("what was permitted is checked on the loop, and on the pool what is too much for a loop")
    func checked() throws {
        let rig = try rig()
        let log = try #require(rig.broker.catalog.topics["t"]?.partition(0)?.log)
        let client = try rig.connect()
        try client.send(request(0), version: 12, pool: false)
        rig.step(pool: false)
        #expect(rig.poolWork == 0 && log.bounds.logEnd == Offset(1))
        end(rig, epoch: 0)
        var random = SeededRandom(seed: 3)
        let noise = (0..<200_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var batch = RigBatch(values: [noise], codec: .zstd)
        (batch.producer, batch.epoch, batch.isTransactional) = ((7, 0), 1, true)
        var large = ProduceRequest("t", acks: -1, [(0, try batch.bytes())])
        large.transactionalID = "tx"
        try client.send(large, version: 12, pool: false)
        rig.step(pool: false)
        #expect(rig.poolWork == 1 && log.bounds.logEnd == Offset(2))
        rig.step()
        #expect(log.bounds.logEnd == Offset(3))
    }

    @Test("what was permitted is not appended any more once the transaction has ended")
    func endedMeanwhile() throws {
        let rig = try rig()
        verifier.hold()
        let client = try rig.connect()
        try client.send(request(0), version: 11)
        rig.flush()
        end(rig, epoch: 0, isCommit: false)
        verifier.release()
        #expect(
            try client.reply(to: ProduceRequest.self, 11, rig)?.outcomes.first?.error == .invalidTxnState)
        let log = try #require(rig.broker.catalog.topics["t"]?.partition(0)?.log)
        #expect(log.bounds.logEnd == Offset(1) && log.bounds.lastStable == Offset(1))
    }

    @Test("one request writes for one producer, and beside it for none")
    func producers() throws {
        let rig = try rig()
        var mixed = try request(0)
        mixed.topicData[0].partitionData += try request(0, producer: 8, partition: 1).topicData[0]
            .partitionData
        let client = try rig.connect()
        try client.send(mixed, version: 11)
        let refused = try #require(try client.reply(to: ProduceRequest.self, 11, rig))
        #expect(refused.outcomes.map(\.error) == [.invalidProducerIDMapping, .invalidProducerIDMapping])
        #expect(verifier.asked.isEmpty)
        var beside = try request(0)
        beside.topicData[0].partitionData +=
            ProduceRequest("t", acks: -1, [(1, try RigBatch().bytes())])
            .topicData[0].partitionData
        try client.send(beside, version: 11)
        #expect(try client.reply(to: ProduceRequest.self, 11, rig)?.outcomes == [.at(0), .at(0)])
    }
}

extension TransactionalProduceTests {
    private func commit(
        _ rig: BrokerRig, _ version: Int16, epoch: Int16 = 0, topic: Name = "t", offset: Int64 = 5
    ) throws -> ErrorCode? {
        var request = TxnOffsetCommitRequest()
        (request.transactionalID, request.groupID) = ("tx", "g")
        (request.producerID, request.producerEpoch) = (7, epoch)
        var partition = TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition()
        partition.committedOffset = offset
        var asked = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic()
        (asked.name, asked.partitions) = (topic, [partition])
        request.topics = [asked]
        let client = try rig.connect()
        try client.send(request, version: version)
        let reply = try client.reply(to: TxnOffsetCommitRequest.self, version, rig)
        return reply?.topics.first?.partitions.first.flatMap { ErrorCode(rawValue: $0.errorCode) }
    }

    private func fetched(_ rig: BrokerRig, isStable: Bool) throws -> [Int64] {
        var request = OffsetFetchRequest()
        (request.groupID, request.requireStable) = ("g", isStable)
        var topic = OffsetFetchRequest.OffsetFetchRequestTopic()
        (topic.name, topic.partitionIndexes) = ("t", [0])
        request.topics = [topic]
        let client = try rig.connect()
        try client.send(request, version: 7)
        let reply = try #require(try client.reply(to: OffsetFetchRequest.self, 7, rig))
        let partition = try #require(reply.topics.first?.partitions.first)
        return [partition.committedOffset, Int64(partition.errorCode)]
    }

    @Test("offsets are verified like batches, and count when the marker stands in the log of their group")
    func offsets() throws {
        let rig = try rig()
        for version: Int16 in 0...5 {
            let before = verifier.asked.count
            #expect(try commit(rig, version, epoch: version, offset: 5) == ErrorCode.none)
            #expect(try commit(rig, version, epoch: version, offset: Int64(version)) == ErrorCode.none)
            #expect(
                Array(verifier.asked[before...]) == [
                    .init(
                        partitions: ["__consumer_offsets-0"], id: "tx", epoch: version,
                        verifyOnly: version < 5)
                ])
            let former: Int64 = version == 0 ? -1 : Int64(version) - 1
            #expect(try fetched(rig, isStable: false) == [former, 0])
            #expect(try fetched(rig, isStable: true) == [-1, 88])
            rig.broker.markers.write(
                TransactionMarker(
                    producerID: ProducerID(7), producerEpoch: version, coordinatorEpoch: 0, outcome: .commit,
                    transactionVersion: 0),
                on: [TopicPartition(topic: GroupHost.topicName, partition: PartitionIndex(0))]
            ) { result in
                if result.map(\.1) != [.durable] { Issue.record("\(result)") }
            }
            rig.flush()
            #expect(try fetched(rig, isStable: true) == [Int64(version), 0])
        }
        #expect(try commit(rig, 5, epoch: 4) == .invalidProducerEpoch)
        // What is in the log says the same when it is read again.
        _ = try commit(rig, 5, epoch: 5, offset: 77)
        let shard = try #require(rig.broker.groups.existingShards()?.first)
        let again = ShardHost<GroupCoordinator>(
            shard.partition, on: rig.loop,
            ShardServices(clock: rig.clock, logger: rig.lines.logger, pool: shard.services.pool),
            make: { GroupCoordinator(GroupSettings()) })
        again.load()
        rig.step()
        let both = try [shard, again].map { host in
            try #require(
                host.inspect {
                    ["\($0.offsets["g", "t", 0]?.offset.value ?? -1)", "\($0.pending.contains("g", "t", 0))"]
                })
        }
        #expect(both == [["5", "true"], ["5", "true"]])
    }

    @Test("what is refused of offsets is told in words that the version understands")
    func offsetRefusals() throws {
        let rig = try rig()
        let cases: [(ErrorCode, [ErrorCode])] = [
            (.transactionAbortable, [.invalidTxnState, .invalidTxnState, .transactionAbortable]),
            (.producerFenced, [.invalidProducerEpoch, .invalidProducerEpoch, .invalidProducerEpoch]),
            (
                .coordinatorLoadInProgress,
                [.coordinatorNotAvailable, .coordinatorLoadInProgress, .coordinatorLoadInProgress]
            ),
        ]
        for (code, told) in cases {
            verifier.answer(code)
            #expect(try [1, 3, 4].map { try commit(rig, $0) } == told)
        }
        #expect(try commit(rig, 3, topic: "nothing") == .unknownTopicOrPartition)
        #expect(try fetched(rig, isStable: true) == [-1, 0])
    }
}
