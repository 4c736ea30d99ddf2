// Transactions that are open, for people who look for what holds up readers; also those that nobody will end,
// and their end.
internal import Base
internal import Coordinator
internal import Storage

/// What a partition has open of a producer.
struct HangingTransaction: Hashable, Sendable {
    let partition: TopicPartition
    let producer: ProducerIdentity
    /// The first offset that readers of what is committed do not come past.
    let start: Offset
    /// The epoch of the coordinator that ended the producer's transaction before; -1 for none.
    let coordinatorEpoch: Int32
}

extension Administration {
    /// The transactions that are open, or whose markers are owed, that began first in front; those of shards
    /// that are being read are missing.
    func openTransactions() -> [DescribedTransaction] {
        (broker.transactions.existingShards() ?? []).flatMap { shard in
            shard.inspect { $0.open } ?? []
        }.sorted { ($0.entry.started, $0.id) < ($1.entry.started, $1.id) }
    }

    /// What partitions have open of producers whose coordinator knows of no such transaction: nobody will end
    /// it, and readers of what is committed wait in front of it (KIP-664).
    ///
    /// None while a shard is being read, which may know of any.
    func hangingTransactions() -> [HangingTransaction] {
        let candidates = openInPartitions()
        guard !candidates.isEmpty else { return [] }
        var known: Set<ProducerID> = []
        for shard in broker.transactions.existingShards() ?? [] {
            guard let open = shard.inspect({ $0.open }) else { return [] }
            known.formUnion(open.map(\.entry.producer.id))
        }
        // What was open before and after the coordinator was asked was so meanwhile.
        let still = Set(openInPartitions())
        return candidates.filter { still.contains($0) && !known.contains($0.producer.id) }
    }

    private func openInPartitions() -> [HangingTransaction] {
        broker.catalog.topics.all.flatMap(\.partitions).flatMap { partition in
            (partition.log?.knownProducers ?? []).compactMap { producer in
                producer.transactionStart.map { start in
                    HangingTransaction(
                        partition: partition.id,
                        producer: ProducerIdentity(id: producer.id, epoch: producer.epoch), start: start,
                        coordinatorEpoch: producer.coordinatorEpoch)
                }
            }
        }
    }

    /// Aborts in one partition what nobody else will end; complete when that is durable, with whether it is.
    func abort<Reply: Sendable>(
        _ hanging: HangingTransaction, answer: @escaping @Sendable (Bool) -> Reply
    ) -> Deferred<Reply> {
        let reply = Deferred<Reply>()
        let marker = TransactionMarker(
            producerID: hanging.producer.id, producerEpoch: hanging.producer.epoch,
            coordinatorEpoch: max(0, hanging.coordinatorEpoch), outcome: .abort, transactionVersion: 0)
        broker.logger.logLimited(
            .warning, "transaction.ended",
            [
                "partition": "\(hanging.partition)", "producer_id": "\(hanging.producer.id.value)",
                "epoch": "\(hanging.producer.epoch)", "by": requester,
            ])
        broker.markers.write(marker, on: [hanging.partition]) { results in
            reply.complete(answer(results.allSatisfy { $0.1 == .durable }))
        }
        return DiskWait.limited(reply, on: loop) { answer(false) }
    }
}
