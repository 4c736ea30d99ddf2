// What people see of open transactions, and what they can do about them.
import Base
import Coordinator
import Protocol
import Testing

@testable import Broker
@testable import Storage

/// Permits whatever is written, so that what is open is nobody's.
private struct PermitsAll: TransactionVerifier {
    func add(
        _ partitions: [TopicPartition], to transactionalID: Name, producer: ProducerID, epoch: Int16,
        verifyOnly: Bool, answer: @escaping @Sendable ([ErrorCode]) -> Void
    ) { answer(partitions.map { _ in .none }) }
}

@Suite("open transactions")
struct OpenTransactionTests {
    private static let id: Name = "x"

    private func rig() throws -> (rig: BrokerRig, client: RigClient) {
        let rig = try BrokerRig(rules: BrokerRules(verifier: PermitsAll())) { $0.transactionsPartitions = 1 }
        try rig.topic("t")
        try rig.topic(TransactionHost.topicName)
        rig.broker.transactions.start()
        rig.flush()
        return (rig, try rig.connect())
    }

    private func begin(_ rig: BrokerRig, _ client: RigClient) throws -> ProducerIdentity {
        var request = InitProducerIdRequest()
        (request.transactionalID, request.transactionTimeoutMs) = (Self.id, 60_000)
        try client.send(request, version: 5)
        let reply = try #require(try client.reply(to: InitProducerIdRequest.self, 5, rig))
        return ProducerIdentity(id: ProducerID(reply.producerID), epoch: reply.producerEpoch)
    }

    private func add(_ rig: BrokerRig, _ producer: ProducerIdentity) {
        rig.broker.transactions.add(
            [TopicPartition(topic: "t", partition: PartitionIndex(0))], to: Self.id, producer: producer.id,
            epoch: producer.epoch, verifyOnly: false
        ) { _ in }
        rig.flush()
    }

    private func write(_ rig: BrokerRig, _ client: RigClient, _ producer: ProducerIdentity) throws {
        var batch = RigBatch()
        batch.producer = (producer.id.value, 0)
        (batch.epoch, batch.isTransactional) = (producer.epoch, true)
        var request = try ProduceRequest("t", acks: -1, [(0, batch.bytes())])
        request.transactionalID = Self.id
        try client.send(request, version: 11)
        #expect(try client.reply(to: ProduceRequest.self, 11, rig)?.outcomes == [.at(0)])
    }

    @Test("are told with their age and partitions, and can be aborted")
    func open() throws {
        let (rig, client) = try rig()
        let producer = try begin(rig, client)
        #expect(rig.administration.openTransactions().isEmpty)
        add(rig, producer)
        try write(rig, client, producer)
        let open = rig.administration.openTransactions()
        #expect(open.map(\.id) == [Self.id] && open.first?.entry.partitions.count == 1)
        #expect(rig.administration.hangingTransactions().isEmpty)
        #expect(try rig.value(of: rig.administration.abortTransaction(Self.id) { $0 }) == nil)
        rig.flush()
        #expect(rig.administration.openTransactions().isEmpty)
        #expect(
            try rig.value(of: rig.administration.abortTransaction(Self.id) { $0 })?.code == .invalidTxnState)
        #expect(
            try rig.value(of: rig.administration.abortTransaction("nobody") { $0 })?.code
                == .transactionalIDNotFound)
    }

    @Test("that nobody will end are found, and ended")
    func hanging() throws {
        let (rig, client) = try rig()
        let producer = try begin(rig, client)
        // As a late request did before KIP-890: the coordinator knows nothing of it.
        try write(rig, client, producer)
        let found = rig.administration.hangingTransactions()
        #expect(found.map(\.producer) == [producer] && found.first?.start == .zero)
        let hanging = try #require(found.first)
        #expect(try rig.value(of: rig.administration.abort(hanging) { $0 }))
        #expect(rig.administration.hangingTransactions().isEmpty)
        #expect(rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds.lastStable == Offset(2))
    }
}
