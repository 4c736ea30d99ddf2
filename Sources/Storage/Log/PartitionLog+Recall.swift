// A snapshot holds the last batch of each producer (Kafka's format), and a repetition may be of one of the
// four before it. They are looked up when a batch does not follow on the last one, which after a restart is
// mostly such a repetition.
internal import Base
package import Records

extension PartitionLog {
    /// How far back the log is searched for the batches of a producer before its last one: five of the
    /// largest default size, several times over.
    private static let historyBytes = 64 << 20

    /// Whether `append` would answer `.mustRecall` to a batch with this header.
    package func mustRecall(_ header: BatchHeader) -> Bool {
        guard kind == .data, header.hasProducerID else { return false }
        return (try? state.withLock { (state) throws(StorageError) in try state.producers.check(header) })
            == .unknown
    }

    /// Looks the older batches of all producers up that are known from a snapshot; none is left that
    /// `append` would answer `.mustRecall`.
    ///
    /// Waits for the engine, so it is nothing for an event loop; appends go on meanwhile. It happens once in
    /// the life of a log, after a start, and reads some megabytes of headers at most.
    package func recallProducers() throws(StorageError) {
        try recalling.withLock { _ throws(StorageError) in
            // Whoever waited here finds that it was done.
            guard state.withLock({ $0.producers.hasSnapshots }) else { return }
            var history = ProducerHistory()
            try store.walk(from: bounds.logEnd, bytesBack: Self.historyBytes) { header in
                history.add(header)
                return true
            }
            state.withLock { $0.producers.complete(with: history) }
        }
    }
}
