// Levels of the feature `transaction.version` (KIP-890): what the cluster runs at, and what the client of a
// transaction speaks, which may be less.

/// A version of the protocol of transactions.
package enum TransactionVersion: Int16, CaseIterable, Comparable, Sendable {
    /// Epochs are raised by InitProducerId alone; records of `__transaction_state` are not flexible.
    case v0 = 0
    /// The same with flexible records (KIP-915).
    case v1 = 1
    /// The epoch rises with each end of a transaction, and producing adds a partition by itself.
    case v2 = 2

    package static func < (left: TransactionVersion, right: TransactionVersion) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Whether the end of a transaction raises the producer's epoch.
    package var raisesEpochs: Bool { self >= .v2 }

    /// The version in which values are written.
    package var recordVersion: Int16 { self >= .v1 ? 1 : 0 }
}
