// What there is to tell of the producers of a log.
package import Base

/// A producer that a log knows.
package struct KnownProducer: Equatable, Sendable {
    package var id: ProducerID
    package var epoch: Int16
    /// The sequence number of its last record; -1 if it wrote none in this epoch.
    package var lastSequence: Int32
    package var lastTimestamp: Timestamp
    /// The epoch of the coordinator that ended its last transaction; -1 if none did.
    package var coordinatorEpoch: Int32
    /// The first offset of its open transaction; nil if none is open.
    package var transactionStart: Offset?
}

extension PartitionLog {
    /// The producers that it knows, by their ids.
    package var knownProducers: [KnownProducer] {
        state.withLock { $0.producers.entries }.sorted { $0.key < $1.key }.map { id, entry in
            KnownProducer(
                id: ProducerID(id), epoch: entry.epoch, lastSequence: entry.last?.lastSequence ?? -1,
                lastTimestamp: entry.lastTimestamp, coordinatorEpoch: entry.coordinatorEpoch,
                transactionStart: entry.transactionStart)
        }
    }
}
