// The life of a transactional id.
package import Base

/// The states of a transaction, numbered as in `__transaction_state`.
package enum TransactionState: Int8, CaseIterable, Sendable {
    /// A producer has the id, and began nothing since.
    ///
    /// AddPartitionsToTxn → ongoing. EndTxn → INVALID_TXN_STATE, but that an abort of version 2 →
    /// prepareAbort.
    case empty = 0
    /// Partitions take part.
    ///
    /// More of them may follow. EndTxn → prepareCommit or prepareAbort. InitProducerId, the timeout or an
    /// operator → prepareEpochFence.
    case ongoing = 1
    /// The verdict stands, and markers are owed to partitions.
    ///
    /// Requests wait for the end of that. All markers durable → completeCommit.
    case prepareCommit = 2
    /// The same for an abort → completeAbort.
    case prepareAbort = 3
    /// Committed, and nothing began since.
    ///
    /// As empty, but that the commit may be asked for once more.
    case completeCommit = 4
    /// Aborted, and nothing began since.
    ///
    /// As empty, but that the abort may be asked for once more.
    case completeAbort = 5
    /// Forgotten: its id has not been used for too long. No record has this state, but a tombstone.
    case dead = 6
    /// The epoch was raised over the head of the producer, whose transaction is to be aborted → prepareAbort
    /// in the same decision. No record has this state.
    case prepareEpochFence = 7

    /// The states from which this one may follow.
    package var allowedPredecessors: Set<TransactionState> {
        switch self {
        case .empty: [.empty, .completeCommit, .completeAbort]
        case .ongoing: [.ongoing, .empty, .completeCommit, .completeAbort]
        case .prepareCommit: [.ongoing]
        // Version 2 aborts also where nothing began (KIP-890).
        case .prepareAbort: [.ongoing, .prepareEpochFence, .empty, .completeCommit, .completeAbort]
        case .completeCommit: [.prepareCommit]
        case .completeAbort: [.prepareAbort]
        case .prepareEpochFence: [.ongoing]
        case .dead: [.empty, .completeCommit, .completeAbort]
        }
    }

    /// Whether a verdict stands whose markers are owed.
    package var isPrepared: Bool { self == .prepareCommit || self == .prepareAbort }

    /// What it is called in replies.
    package var name: Name {
        switch self {
        case .empty: "Empty"
        case .ongoing: "Ongoing"
        case .prepareCommit: "PrepareCommit"
        case .prepareAbort: "PrepareAbort"
        case .completeCommit: "CompleteCommit"
        case .completeAbort: "CompleteAbort"
        case .dead: "Dead"
        case .prepareEpochFence: "PrepareEpochFence"
        }
    }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })

    /// The state called `name`, as replies spell it.
    package init?(named name: Name) {
        guard let state = Self.byName[name] else { return nil }
        self = state
    }
}
