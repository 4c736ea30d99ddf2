// A broker of one transactional producer, over a disk that is synced turn by turn.
import Base
import Coordinator
import Protocol
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

/// A broker with a topic of two partitions, and one transactional producer.
struct TransactionalRig {
    static let id: Name = "x"
    static let partitions = [0, 1].map { TopicPartition(topic: "t", partition: PartitionIndex($0)) }

    let rig: BrokerRig
    let client: RigClient
    private(set) var producer = ProducerIdentity(id: .none, epoch: -1)

    /// A new broker on `disk`, or one on what another has left there.
    init(on disk: SimulatedDisk = SimulatedDisk(seed: 1)) throws {
        rig = try BrokerRig(on: disk) {
            ($0.transactionsPartitions, $0.offsetsPartitions) = (1, 1)
        }
        client = try rig.connect()
        if rig.broker.catalog.topics["t"] == nil {
            try rig.topic("t", partitions: 2)
            try rig.topic(TransactionHost.topicName)
        }
        rig.broker.transactions.start()
        for id in Self.partitions {
            rig.broker.catalog.topics["t"]?.partition(id.partition.value)?.whenSettled {}
        }
        rig.flush()
    }

    /// Makes the producer, and a transaction with both partitions.
    mutating func begin() throws {
        var begin = InitProducerIdRequest()
        (begin.transactionalID, begin.transactionTimeoutMs) = (Self.id, 60_000)
        try client.send(begin, version: 5)
        let reply = try #require(try client.reply(to: InitProducerIdRequest.self, 5, rig))
        #expect(reply.errorCode == 0)
        producer = ProducerIdentity(id: ProducerID(reply.producerID), epoch: reply.producerEpoch)
        #expect(try add(Self.partitions) == [.none, .none])
    }

    /// Adds partitions as Produce does.
    func add(_ partitions: [TopicPartition], verifyOnly: Bool = false) throws -> [ErrorCode]? {
        let codes = Lock<[ErrorCode]?>(nil)
        rig.broker.transactions.add(
            partitions, to: Self.id, producer: producer.id, epoch: producer.epoch, verifyOnly: verifyOnly
        ) { answer in codes.withLock { $0 = answer } }
        rig.flush()
        return codes.withLock { $0 }
    }

    func sendEnd(commits: Bool) throws {
        var end = EndTxnRequest()
        end.transactionalID = Self.id
        (end.producerID, end.producerEpoch, end.committed) = (producer.id.value, producer.epoch, commits)
        try client.send(end, version: 5)
    }

    /// One turn of the flusher, and what follows from it.
    func takeTurn() {
        for directory in rig.storage.all { _ = directory.flusher.flushOnce() }
        rig.step()
    }

    /// Where the logs of the partitions end.
    var ends: [Int64] {
        Self.partitions.map { id in
            rig.broker.catalog.topics["t"]?.partition(id.partition.value)?.log?.bounds.logEnd.value ?? -1
        }
    }

    var state: TransactionState? {
        rig.broker.transactions.existingShards()?.first?.inspect { $0.entries[Self.id]?.state } ?? nil
    }
}
