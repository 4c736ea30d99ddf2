// The end of a transaction on its way into the partitions that it wrote to, and what became of it there.
package import Base
package import Protocol

/// The end of one transaction.
package struct TransactionMarker: Hashable, Sendable {
    /// How it ends.
    package enum Outcome: Hashable, Sendable {
        case commit, abort
    }

    package var producerID: ProducerID
    /// The epoch that the marker has: that of the transaction, or from version 2 on the one after it.
    package var producerEpoch: Int16
    /// The epoch of the coordinator that decided.
    package var coordinatorEpoch: Int32
    package var outcome: Outcome
    /// The version of transactions (`transaction.version`) by whose rules it began.
    package var transactionVersion: Int16

    /// A marker with all that it says.
    package init(
        producerID: ProducerID, producerEpoch: Int16, coordinatorEpoch: Int32, outcome: Outcome,
        transactionVersion: Int16
    ) {
        self.producerID = producerID
        self.producerEpoch = producerEpoch
        self.coordinatorEpoch = coordinatorEpoch
        self.outcome = outcome
        self.transactionVersion = transactionVersion
    }
}

/// What became of a marker in one partition.
package enum MarkerResult: Equatable, Sendable {
    /// No crash can take it back.
    case durable
    /// The topic was deleted for good, as the metadata log says: nothing is owed any more.
    case gone
    /// The partition knows a later epoch of the producer, or of its coordinator: this transaction is not open
    /// there, and the marker never will be written.
    case fenced(ErrorCode)
    /// It may not be there, as the partition is offline, or its disk failed: it is to be written again later.
    case failed(ErrorCode)
}
