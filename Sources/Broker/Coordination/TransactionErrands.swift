// What the coordinator of transactions has done once its own log is durable: markers are written, producer
// ids brought, and people told.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Storage

/// Writes what is ordered, as the coordinator of that epoch; in which partitions that failed is told once it
/// is known of all, from any thread, or at once.
typealias WriteMarkers =
    @Sendable (
        _ order: MarkerOrder, _ coordinatorEpoch: Int32,
        _ done: @escaping @Sendable (_ failed: [TopicPartition]) -> Void
    ) -> Void

/// Does what shards of transactions order; on any thread.
final class TransactionErrands: Sendable {
    typealias Host = ShardHost<TransactionCoordinator>

    /// How long a producer id is waited for that could not be had.
    private static let restAfterFailure = Duration.seconds(1)

    private let writeMarkers: WriteMarkers
    private let producerIDs: ProducerIDs
    private let loop: EventLoop
    private let logger: Logger

    init(writeMarkers: @escaping WriteMarkers, producerIDs: ProducerIDs, loop: EventLoop, logger: Logger) {
        self.writeMarkers = writeMarkers
        self.producerIDs = producerIDs
        self.loop = loop
        self.logger = logger
    }

    func run(_ order: TransactionOrder, of shard: Host) {
        switch order {
        case .writeMarkers(let order): write(order, of: shard)
        case .bringProducerID(let id): bringProducerID(for: id, to: shard)
        case .tell(let note): tell(note)
        }
    }

    private func write(_ order: MarkerOrder, of shard: Host) {
        let epoch = shard.partition.log?.latestEpoch.value ?? 0
        writeMarkers(order, epoch) { [weak shard] failed in
            shard?.post(.markersWritten(order.number, failed: failed))
        }
    }

    private func bringProducerID(for id: Name, to shard: Host) {
        producerIDs.nextOrRefill { [weak self, weak shard] fresh in
            if let fresh {
                shard?.post(.producerIDArrived(id, fresh))
            } else if let self, let shard {
                loop.post { [self] in
                    loop.schedule(after: Self.restAfterFailure) { self.bringProducerID(for: id, to: shard) }
                }
            }
        }
    }

    private func tell(_ note: TransactionNote) {
        switch note {
        case .aborted(let id, let producer, let reason, let open, let partitions):
            logger.logLimited(
                .warning, "transaction.aborted",
                [
                    "transactional_id": id.text, "producer_id": "\(producer.id.value)",
                    "epoch": "\(producer.epoch)", "reason": reason.description,
                    "open_milliseconds": "\(open)", "partitions": "\(partitions)",
                ])
        case .refused(let claim, let code, let known):
            logger.logLimited(
                .info, "transaction.refused",
                [
                    "transactional_id": claim.id.text, "producer_id": "\(claim.producer.id.value)",
                    "epoch": "\(claim.producer.epoch)", "code": code.name,
                    "known_producer_id": known.map { "\($0.producer.id.value)" } ?? "none",
                    "known_epoch": known.map { "\($0.producer.epoch)" } ?? "none",
                    "state": known?.state.name.text ?? "none",
                ])
        case .markersOwed(let id, let partitions):
            logger.logLimited(
                .warning, "transaction_marker.owed",
                [
                    "transactional_id": id.text, "partitions": "\(partitions.count)",
                    "first": partitions.first?.description ?? "",
                ])
        }
    }
}

extension MarkerWriter {
    /// Writes what the coordinator of transactions ordered in its epoch `coordinatorEpoch`.
    ///
    /// Nothing is owed to a partition that knows a later epoch of the producer: what was open there has
    /// ended.
    func carryOut(
        _ order: MarkerOrder, _ coordinatorEpoch: Int32,
        _ done: @escaping @Sendable (_ failed: [TopicPartition]) -> Void
    ) {
        let marker = TransactionMarker(
            producerID: order.producer.id, producerEpoch: order.producer.epoch,
            coordinatorEpoch: coordinatorEpoch, outcome: order.outcome == .commit ? .commit : .abort,
            transactionVersion: order.version.rawValue)
        write(marker, on: order.partitions, isOrdered: true) { results in
            done(
                results.compactMap { partition, result in
                    switch result {
                    case .durable, .gone, .fenced: nil
                    case .failed: partition
                    }
                })
        }
    }
}
