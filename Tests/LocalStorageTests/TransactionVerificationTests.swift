// What a log asks of transactional batches and of the ends of transactions before it takes them (KIP-890), as
// Kafka 4.3.1 does where it was asked the same.
import Base
import Records
import Testing

@testable import LocalStorage
@testable import Storage

private let producer = ProducerID(7)

private func batch(_ sequence: Int32, epoch: Int16 = 0, isTransactional: Bool = true) -> BatchSpec {
    var spec = BatchSpec(count: 1, bytes: 10, tag: Int(sequence))
    spec.producer = (producer.value, epoch, sequence)
    spec.isTransactional = isTransactional
    return spec
}

extension PartitionLog {
    /// Appends as Produce does, with what a coordinator permitted.
    @discardableResult
    fileprivate func verified(
        _ spec: BatchSpec, _ permission: TransactionPermission? = nil
    ) throws -> AppendResult {
        try append(try spec.bytes(), from: .verifiedProducer(permission))
    }

    /// The permission that the log asks for.
    fileprivate func asked(
        _ spec: BatchSpec, raisesEpochs: Bool = false
    ) throws -> TransactionPermission {
        let of = try #require(spec.producer)
        return try #require(
            try beginVerification(
                of: ProducerID(of.id), epoch: of.epoch, sequence: of.sequence, raisesEpochs: raisesEpochs))
    }

    /// Ends the transaction of the producer.
    @discardableResult
    fileprivate func end(
        epoch: Int16, coordinator: Int32 = 0, isCommit: Bool = true, version: Int16 = 0
    ) throws -> OffsetRange {
        try append(
            EndTransactionMarker(isCommit: isCommit, coordinatorEpoch: coordinator), of: producer,
            epoch: epoch, transactionVersion: version, at: Timestamp(milliseconds: 1_700_000_000_000))
    }
}

@Suite("transactional batches are verified")
struct TransactionVerificationTests {
    private let refused = StorageError.outsideTransaction(producer: producer)

    @Test("the first of a transaction needs permission, the others do not")
    func first() throws {
        let log = try Rig().create()
        let permission = try log.asked(batch(0))
        #expect(log.bounds.logEnd == .zero)
        try log.verified(batch(0), permission)
        try log.verified(batch(1))
        #expect(throws: Never.self) { try log.verified(batch(1)) }
        try log.end(epoch: 0)
        let next = try log.asked(batch(2))
        #expect(next != permission)
        try log.verified(batch(2), next)
        #expect(log.bounds.logEnd == Offset(4))
    }

    @Test("a permission ends with the transaction, whatever was appended for its producer")
    func endedMeanwhile() throws {
        let log = try Rig().create()
        let late = try log.asked(batch(0))
        try log.end(epoch: 0, isCommit: false)
        #expect(throws: refused) { try log.verified(batch(0), late) }
        let first = try log.asked(batch(0))
        let second = try log.asked(batch(1))
        #expect(first == second)
        try log.verified(batch(0), first)
        try log.verified(batch(1), second)
        try log.end(epoch: 0)
        // What was appended already is told, whoever asks.
        #expect(throws: Never.self) { try log.verified(batch(1), second) }
        #expect(throws: refused) { try log.verified(batch(2), second) }
    }

    /// A producer of version 2 begins anew when its commit is answered, which is when the verdict is durable.
    @Test("the end of a transaction leaves the permission good that the next one asked for before")
    func askedBeforeTheEnd() throws {
        let log = try Rig().create()
        try log.verified(batch(0), try log.asked(batch(0), raisesEpochs: true))
        let next = try log.asked(batch(0, epoch: 1), raisesEpochs: true)
        try log.end(epoch: 1, version: 2)
        try log.verified(batch(0, epoch: 1), next)
        // Over its head: that ends its own epoch.
        let late = try log.asked(batch(0, epoch: 2), raisesEpochs: true)
        try log.end(epoch: 3, isCommit: false, version: 2)
        #expect(throws: StorageError.staleProducerEpoch(producer: producer, current: 3, found: 2)) {
            try log.verified(batch(0, epoch: 2), late)
        }
        // Whoever asked in an epoch that was never given holds up nobody behind the next batch.
        _ = try log.asked(batch(0, epoch: 9))
        try log.verified(batch(0, epoch: 3), try log.asked(batch(0, epoch: 3)))
        try log.verified(batch(1, epoch: 3))
        try log.end(epoch: 3, version: 1)
        // Before version 2 all transactions have the same epoch.
        let old = try log.asked(batch(2, epoch: 3))
        try log.end(epoch: 3, version: 1)
        #expect(throws: refused) { try log.verified(batch(2, epoch: 3), old) }
    }

    @Test("what follows does not overtake what asked before, and with raised epochs the first is 0")
    func order() throws {
        let log = try Rig().create()
        _ = try log.asked(batch(3))
        let permission = try log.asked(batch(5))
        let tooFar = StorageError.outOfOrderSequence(producer: producer, expected: 3, found: 5)
        #expect(throws: tooFar) { try log.verified(batch(5), permission) }
        #expect(throws: tooFar) { try log.append(batch(5, isTransactional: false)) }
        try log.verified(batch(3), permission)
        let other = try Rig().create()
        let first = try other.asked(batch(3), raisesEpochs: true)
        #expect(throws: StorageError.outOfOrderSequence(producer: producer, expected: 0, found: 3)) {
            try other.verified(batch(3), first)
        }
        #expect(try other.asked(batch(0), raisesEpochs: true) == first)
        try other.verified(batch(0), first)
    }

    @Test("an epoch that is over is refused before anybody is asked")
    func staleEpoch() throws {
        let log = try Rig().create()
        try log.end(epoch: 2)
        #expect(throws: StorageError.staleProducerEpoch(producer: producer, current: 2, found: 1)) {
            try log.verified(batch(0, epoch: 1))
        }
        #expect(throws: StorageError.staleProducerEpoch(producer: producer, current: 2, found: 1)) {
            try log.beginVerification(of: producer, epoch: 1)
        }
        _ = try log.asked(batch(0, epoch: 3))
    }

    @Test("a producer with an open transaction writes nothing beside it")
    func beside() throws {
        let log = try Rig().create()
        try log.verified(batch(0), try log.asked(batch(0)))
        #expect(throws: refused) { try log.append(batch(1, isTransactional: false)) }
        #expect(throws: StorageError.outOfOrderSequence(producer: producer, expected: 1, found: 2)) {
            try log.append(batch(2, isTransactional: false))
        }
        try log.end(epoch: 0)
        try log.append(batch(1, isTransactional: false))
    }

    @Test("what a coordinator writes has no sequence numbers that count")
    func coordinators() throws {
        let log = try Rig().create()
        let permission = try #require(try log.beginVerification(of: producer, epoch: 0))
        for _ in 0..<3 {
            try log.append(try batch(0).bytes(), from: .coordinator(permission))
        }
        #expect(try log.beginVerification(of: producer, epoch: 0) == nil)
        try log.end(epoch: 0)
        #expect(throws: refused) { try log.append(try batch(0).bytes(), from: .coordinator(permission)) }
        #expect(throws: refused) { try log.append(try batch(0).bytes(), from: .coordinator(nil)) }
        #expect(log.bounds.logEnd == Offset(4))
    }

    /// What Kafka answered to WriteTxnMarkers in this order.
    @Test("ends of transactions are compared with the epochs of producer and coordinator")
    func ends() throws {
        let log = try Rig().create()
        try log.end(epoch: 3, version: 2)
        try log.end(epoch: 3, version: 2)
        try log.end(epoch: 3, isCommit: false, version: 2)
        try log.end(epoch: 3, version: 1)
        try log.end(epoch: 3, coordinator: 7, version: 2)
        let isOver = StorageError.staleCoordinatorEpoch(producer: producer, current: 7, found: 6)
        #expect(throws: isOver) { try log.end(epoch: 3, coordinator: 6, version: 2) }
        #expect(throws: isOver) { try log.end(epoch: 4, coordinator: 6, version: 2) }
        #expect(throws: StorageError.staleProducerEpoch(producer: producer, current: 3, found: 2)) {
            try log.end(epoch: 2, coordinator: 9, version: 2)
        }
        try log.verified(batch(0, epoch: 3), try log.asked(batch(0, epoch: 3)))
        let start = log.bounds.logEnd.advanced(by: -1)
        // From version 2 on, the end of what is open has a later epoch.
        #expect(throws: StorageError.staleProducerEpoch(producer: producer, current: 3, found: 3)) {
            try log.end(epoch: 3, coordinator: 7, version: 2)
        }
        #expect(log.knownProducers.first?.transactionStart == start)
        try log.end(epoch: 4, coordinator: 7, version: 2)
        #expect(log.knownProducers.first?.transactionStart == nil)
        #expect(log.knownProducers.first?.epoch == 4)
        #expect(log.knownProducers.first?.coordinatorEpoch == 7)
    }

    @Test("the start of a log may pass what is open, and the last stable offset stays at it")
    func trimmed() throws {
        var rig = try Rig()
        var log = try rig.create()
        try log.verified(batch(0), try log.asked(batch(0)))
        try log.verified(batch(1))
        rig.flush()
        #expect(log.bounds.lastStable == .zero)
        try log.trim(to: Offset(2))
        #expect(log.bounds.lastStable == Offset(2))
        try log.verified(batch(2))
        rig.flush()
        #expect(log.bounds.lastStable == Offset(2) && log.bounds.highWatermark == Offset(3))
        try rig.directory.stop(brokerEpoch: 1)
        rig = try rig.reopened()
        log = try rig.openLog()
        #expect(log.bounds.lastStable == Offset(2))
        #expect(try log.beginVerification(of: producer, epoch: 0) == nil)
        try log.end(epoch: 0)
        rig.flush()
        #expect(log.bounds.lastStable == Offset(4))
    }

    @Test("permissions that nobody uses are forgotten, and there are not too many")
    func forgotten() throws {
        let log = try Rig().create()
        let permission = try log.asked(batch(0))
        log.expireProducers(at: .none)
        #expect(try log.asked(batch(0)) == permission)
        log.expireProducers(at: .none)
        log.expireProducers(at: .none)
        #expect(throws: refused) { try log.verified(batch(0), permission) }
        for number in 0...Int64(StorageLimits.verificationsPerPartition) {
            _ = try log.beginVerification(of: ProducerID(number), epoch: 0)
        }
        #expect(log.state.withLock { $0.verifications.count } == StorageLimits.verificationsPerPartition)
    }
}
