// What an engine asks a log when it compacts: which batches the state of its producers rests on.
package import Base

/// The last thing that is remembered of a producer, which compaction has to leave in the log.
package struct LastOfProducer: Sendable {
    /// The last offset of its last batch; nil if its last word was a marker.
    package var batch: Offset?
    package var epoch: Int16

    /// A producer whose last batch ended at `batch`.
    package init(batch: Offset?, epoch: Int16) {
        self.batch = batch
        self.epoch = epoch
    }
}

extension PartitionLog {
    /// Whether only the last record of each key is to be kept.
    package var isCompacted: Bool { kind == .data && config.compacts }

    /// The last thing that no crash can take back of each producer, by its id: of what is not durable nothing
    /// would tell that it was written.
    package var lastOfProducers: [Int64: LastOfProducer] {
        state.withLock { state in
            let end = state.bounds.highWatermark
            return state.producers.entries.mapValues { entry in
                let last = entry.recent.last { $0.lastOffset < end }
                return LastOfProducer(batch: last?.lastOffset, epoch: entry.epoch)
            }
        }
    }
}
