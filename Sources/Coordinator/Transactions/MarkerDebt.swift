// Markers are owed from the moment the verdict is durable until they are: a partition that is offline is
// asked again and again, and nothing ends the debt but the marker or the proven end of the topic. (Kafka's
// coordinator takes a partition that it finds no leader for as deleted, and drops the marker.)
internal import Base

/// The markers of one transaction that are still to be written.
struct MarkerDebt: Sendable {
    /// The order that is under way, or was last.
    var number: MarkerOrder.Number
    var partitions: [TopicPartition]
    /// How often they were ordered.
    var attempts = 0
}

extension TransactionCoordinator {
    /// Has the markers of a transaction written whose verdict stands.
    mutating func owe(_ id: Name, _ entry: TransactionEntry) {
        debts[id] = MarkerDebt(
            number: MarkerOrder.Number(incarnation: incarnation, count: orderCount),
            partitions: entry.partitions.inOrder)
        if entry.partitions.isEmpty { return settle(id) }
        orderMarkers(id)
    }

    /// Orders the markers that are owed.
    mutating func orderMarkers(_ id: Name) {
        guard var debt = debts[id], let entry = entries[id], entry.state.isPrepared else { return }
        debt.number = MarkerOrder.Number(incarnation: incarnation, count: orderCount)
        debt.attempts += 1
        orderCount += 1
        debts[id] = debt
        orders[debt.number] = id
        decision.orders.append(
            .writeMarkers(
                MarkerOrder(
                    number: debt.number, id: id, producer: entry.producer,
                    outcome: entry.state == .prepareCommit ? .commit : .abort, version: entry.clientVersion,
                    partitions: debt.partitions)))
    }

    /// An order was carried out, but for the partitions `failed`.
    mutating func markersWritten(_ number: MarkerOrder.Number, failed: [TopicPartition]) {
        // One of before the shard was loaded anew says nothing of what is owed now.
        guard let id = orders.removeValue(forKey: number), var debt = debts[id], debt.number == number else {
            return
        }
        guard !failed.isEmpty else { return settle(id) }
        debt.partitions = failed
        debts[id] = debt
        decision.orders.append(.tell(.markersOwed(id, failed)))
        let rest = min(
            TransactionSettings.markerRetryMaxMilliseconds,
            TransactionSettings.markerRetryMinMilliseconds << Int32(min(debt.attempts - 1, 8)))
        deadlines.set(.markers(id), at: now.after(milliseconds: rest))
    }

    private mutating func settle(_ id: Name) {
        debts[id] = nil
        complete(id)
    }
}
