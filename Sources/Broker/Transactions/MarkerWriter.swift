// Writes the ends of transactions into the partitions that these wrote to. A marker is owed until it is
// durable; nothing but the proven deletion of its topic, or a later epoch of its producer, ends that. All
// markers of a write are appended at once and become durable by the flusher's turns, for which no thread
// waits.
package import Base
internal import Protocol
internal import Storage

/// Appends markers, and tells when they are durable.
package final class MarkerWriter: Sendable {
    private let catalog: TopicCatalog
    private let storage: any StorageEngine
    private let groups: GroupHost
    private let clock: any BrokerClock
    private let logger: Logger

    /// A writer into the topics of `parts`; what concerns `groups` goes through their shards.
    init(_ parts: BrokerParts, groups: GroupHost, clock: any BrokerClock, logger: Logger) {
        catalog = parts.catalog
        storage = parts.storage
        self.groups = groups
        self.clock = clock
        self.logger = logger
    }

    /// Writes `marker` into `partitions`, each of them once; it may be repeated.
    ///
    /// One that `isOrdered` by the coordinator is written whatever later epoch of a coordinator a partition
    /// knows: there is one coordinator, so that a tool said it (WriteTxnMarkers).
    ///
    /// `whenDurable` is called once, when it is known of each of them what became of it: from any thread, or
    /// at once. A disk that stands still is waited for as long as it takes.
    package func write(
        _ marker: TransactionMarker, on partitions: [TopicPartition], isOrdered: Bool = false,
        whenDurable: @escaping @Sendable ([(TopicPartition, MarkerResult)]) -> Void
    ) {
        let gathering = Gathering<MarkerResult>(count: partitions.count) { results in
            whenDurable(Array(zip(partitions, results)))
        }
        storage.beginAppends()
        defer { storage.endAppends() }
        for (index, id) in partitions.enumerated() {
            let answer: @Sendable (MarkerResult) -> Void = { gathering.add($0, at: index) }
            // What is not in the topics is not in the metadata log either, where it is durable before.
            guard let topic = catalog.topics[id.topic], let partition = topic.partition(id.partition.value)
            else {
                answer(.gone)
                continue
            }
            append(
                MarkerDebt(
                    marker: marker, topic: topic.id, partition: partition, isOrdered: isOrdered,
                    answer: answer))
        }
    }

    /// Appends a marker, when its partition is open.
    private func append(_ debt: MarkerDebt) {
        guard debt.partition.isSettled else {
            return debt.partition.whenSettled { [self] in append(debt) }
        }
        if debt.partition.id.topic == GroupHost.topicName {
            guard let shard = groups.shard(over: debt.partition) else { return settle(debt, .unavailable) }
            return shard.end(debt.marker) { [self] in settle(debt, $0) }
        }
        guard let log = debt.partition.log else { return settle(debt, .unavailable) }
        do throws(StorageError) {
            let range = try log.append(debt.marker, at: clock.wallTime())
            settle(debt, .appended(end: range.last.next))
        } catch {
            settle(debt, .refused(error))
        }
    }

    private func settle(_ debt: MarkerDebt, _ appended: MarkerAppend) {
        switch appended {
        case .appended(let end):
            let wait = MarkerWait { [self] failed in
                debt.answer(failed ? failure(debt, .kafkaStorageError) : .durable)
            }
            debt.partition.whenDurable(end, tell: wait, index: 0)
        case .unavailable: debt.answer(failure(debt, .unknownTopicOrPartition))
        case .refused(.staleCoordinatorEpoch(_, let current, _)) where debt.isOrdered:
            var raised = debt
            raised.marker.coordinatorEpoch = current
            append(raised)
        case .refused(let error) where error.isRefusalOfProducer:
            logger.logLimited(
                .warning, "marker.fenced",
                [
                    "partition": "\(debt.partition.id)", "producer": "\(debt.marker.producerID.value)",
                    "epoch": "\(debt.marker.producerEpoch)", "reason": error.description,
                ])
            debt.answer(.fenced(ErrorCode(error)))
        // Its log is closed while it goes to another directory.
        case .refused(let error) where error.isClosed && !debt.partition.isSettled: append(debt)
        case .refused(let error): debt.answer(failure(debt, ErrorCode(error)))
        }
    }

    private func failure(_ debt: MarkerDebt, _ code: ErrorCode) -> MarkerResult {
        catalog.topics[debt.topic] == nil ? .gone : .failed(code)
    }
}

/// A marker that a partition has to get.
private struct MarkerDebt: Sendable {
    var marker: TransactionMarker
    let topic: TopicID
    let partition: Partition
    let isOrdered: Bool
    let answer: @Sendable (MarkerResult) -> Void
}

/// Waits until one marker is durable.
private final class MarkerWait: DurabilityListener {
    private let action: @Sendable (_ failed: Bool) -> Void

    init(then action: @escaping @Sendable (_ failed: Bool) -> Void) { self.action = action }

    func durable(_ index: Int, failed: Bool) { action(failed) }
}
