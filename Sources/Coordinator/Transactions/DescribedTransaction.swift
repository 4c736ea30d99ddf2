// What operators are told of transactions, as values.
package import Base

/// One transactional id.
package struct DescribedTransaction: Sendable {
    package let id: Name
    package let entry: TransactionEntry
}

/// A transactional id among all of them.
package struct ListedTransaction: Sendable {
    package let id: Name
    package let producer: ProducerIdentity
    package let state: TransactionState
}

/// Which transactional ids a listing shows; empty filters show all.
package struct TransactionFilter: Sendable {
    package var states: Set<TransactionState> = []
    /// Nothing but states that there are not was asked for.
    package var showsNone = false
    package var producerIDs: Set<ProducerID> = []
    /// Only what began longer ago; ids without a transaction so far are shown as well, as by Kafka.
    package var openForMilliseconds: Int64?

    /// A filter that shows all.
    package init() {}

    func shows(_ entry: TransactionEntry, at now: Timestamp) -> Bool {
        if showsNone { return false }
        if !states.isEmpty, !states.contains(entry.state) { return false }
        if !producerIDs.isEmpty, !producerIDs.contains(entry.producer.id) { return false }
        guard let openForMilliseconds else { return true }
        let (age, overflow) = now.milliseconds.subtractingReportingOverflow(entry.started.milliseconds)
        return overflow || age > openForMilliseconds
    }
}

extension TransactionCoordinator {
    /// The ids that `filter` shows.
    func list(_ filter: TransactionFilter) -> [ListedTransaction] {
        entries.compactMap { id, entry in
            guard filter.shows(entry, at: now.wall) else { return nil }
            return ListedTransaction(id: id, producer: entry.producer, state: entry.state)
        }
    }

    /// What is open, or owes markers, in no order.
    package var open: [DescribedTransaction] {
        entries.compactMap { id, entry in
            guard entry.state == .ongoing || entry.state.isPrepared else { return nil }
            return DescribedTransaction(id: id, entry: entry)
        }
    }

    /// About how many bytes a list of all ids takes.
    package var listedBytes: Int { entries.count * 96 }

    /// About how many bytes the description of an id takes.
    package func describedBytes(_ id: Name) -> Int {
        (entries[id]?.partitions.count ?? 0) * 64 + 256
    }
}
