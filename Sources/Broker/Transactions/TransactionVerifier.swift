// Whoever appends for a transaction asks its coordinator first whether the partition belongs to it (KIP-890):
// a late request of a client would else open a transaction that nobody ends.
package import Base
internal import Coordinator
internal import Network
package import Protocol

/// Who knows which partitions belong to which transactions.
package protocol TransactionVerifier: Sendable {
    /// Makes partitions part of the transaction of a producer, or with `verifyOnly` asks whether they are.
    ///
    /// `answer` gets a code for each, in order, once what it says is durable: from any thread, perhaps at
    /// once.
    func add(
        _ partitions: [TopicPartition], to transactionalID: Name, producer: ProducerID, epoch: Int16,
        verifyOnly: Bool, answer: @escaping @Sendable ([ErrorCode]) -> Void)
}

/// How much a client understands of verification, which its requests' versions tell.
enum VerificationKind {
    /// Nothing: it knows INVALID_TXN_STATE only, and takes that for a fault of its own.
    case silent
    /// It aborts its transaction where it is told to (TRANSACTION_ABORTABLE).
    case abortable
    /// It leaves adding partitions to the broker (version 2 of transactions).
    case adding

    /// That of a Produce request.
    init(produce version: Int16) { self = version >= 12 ? .adding : version >= 11 ? .abortable : .silent }
    /// That of a TxnOffsetCommit request.
    init(offsetCommit version: Int16) { self = version >= 5 ? .adding : version >= 4 ? .abortable : .silent }
}

/// One question to the coordinator of a transaction.
struct TransactionVerification: Sendable {
    let transactionalID: Name
    let producer: TransactionalProducer
    let kind: VerificationKind
    let partitions: [TopicPartition]

    /// Asks, and calls `answer` with a code for each partition: on the loop of `context`, or at once.
    func ask(_ context: RequestContext, answer: @escaping @Sendable ([ErrorCode]) -> Void) {
        guard !transactionalID.isEmpty else { return answer(partitions.map { _ in .invalidRequest }) }
        let asked = Deferred<[ErrorCode]>()
        context.broker.verifier.add(
            partitions, to: transactionalID, producer: producer.id, epoch: producer.epoch,
            verifyOnly: kind != .adding
        ) { asked.complete($0) }
        let late = partitions.map { _ in ErrorCode.networkException }
        DiskWait.limited(asked, on: context.loop) { late }.whenCompleted(on: context.loop) { codes in
            answer(codes.map(translated))
        }
    }

    /// Producers expect other codes than those of the coordinator.
    private func translated(_ code: ErrorCode) -> ErrorCode {
        switch code {
        case .producerFenced: .invalidProducerEpoch
        case .transactionAbortable where kind == .silent: .invalidTxnState
        default: code
        }
    }
}
