// Whose batch is appended, which says what it has to prove.
internal import Records

/// The word of a transaction's coordinator that a partition belongs to it, as the log asked for it.
package struct TransactionPermission: Hashable, Sendable {
    /// Which one it is, for those who carry it without knowing logs.
    package let number: UInt64

    /// The permission of that number.
    package init(number: UInt64) { self.number = number }
}

/// Who has a batch appended.
package enum AppendOrigin: Equatable, Sendable {
    /// A producer, by its sequence numbers.
    case producer
    /// A producer whose transactions a coordinator must know of (KIP-890): the first batch of one needs the
    /// permission of `PartitionLog.beginVerification`.
    case verifiedProducer(TransactionPermission?)
    /// A coordinator on behalf of a producer: its batches have no sequence numbers that count.
    case coordinator(TransactionPermission?)
    /// The coordinator of transactions, which ends one by the rules of this version of them.
    case marker(transactionVersion: Int16)

    /// Whether a transaction must be known to its coordinator before it begins here.
    var mustBeVerified: Bool {
        switch self {
        case .verifiedProducer, .coordinator: true
        case .producer, .marker: false
        }
    }

    /// The last epoch of its producer in which a permission ends with the batch of `header`.
    ///
    /// The end of a transaction has the epoch that follows on that of the transaction (KIP-890): in this the
    /// producer may have asked for the next one already. Before version 2 all have the same.
    func permissionsEnd(with header: BatchHeader) -> Int16 {
        if case .marker(transactionVersion: 2...) = self { return header.producerEpoch - 1 }
        return .max
    }

    /// What the coordinator has permitted.
    var permission: TransactionPermission? {
        switch self {
        case .verifiedProducer(let permission), .coordinator(let permission): permission
        case .producer, .marker: nil
        }
    }
}
