// The marker of a clean stop, and the id of the directory: what a start changes before anything else. None of
// it may keep a broker from starting and stopping on a full disk.
package import Base
package import Storage

extension LogDirectory {
    private var marker: String { path + "/" + LogDirectory.cleanStopName }
    private var spare: String { path + "/" + LogDirectory.spareStopName }

    /// Takes the marker of the last clean stop away, for good when the call returns.
    func takeMarker() throws(StorageError) {
        if cleanStop != nil {
            do throws(StorageError) { try services.disk.rename(marker, to: spare) } catch {
                // A longer name may need space in the directory.
                guard error.isLackOfSpace else { throw error }
                try services.disk.remove(marker)
            }
        } else {
            try services.disk.removeIfPresent(marker)
        }
        try services.disk.syncDirectory(path)
    }

    /// Puts the marker in its place, for good when the call returns.
    func putMarker(brokerEpoch: Int64) throws(StorageError) {
        let text = Array("{\"version\":0,\"brokerEpoch\":\(brokerEpoch)}".utf8)
        guard try services.disk.entry(at: spare) != nil else {
            return try services.disk.replace(marker, with: text, isDurable: true)
        }
        try services.disk.recycle(spare, as: marker, with: text)
    }

    private static func doubtful(_ path: String) -> String { path + "/.apus_doubtful" }

    /// The partitions that the marker does not vouch for.
    static func readDoubtful(
        _ path: String, _ disk: any Disk
    ) throws(StorageError) -> Set<TopicPartition> {
        guard let bytes = try disk.contents(doubtful(path)) else { return [] }
        return Set(OffsetCheckpoint(salvaging: bytes).offsets.keys)
    }

    /// Writes down, before the marker, which partitions it does not vouch for.
    func writeDoubtful() throws(StorageError) {
        let doubtful = state.withLock { $0.doubtful }
        let file = LogDirectory.doubtful(path)
        guard !doubtful.isEmpty else { return try services.disk.removeIfPresent(file) }
        guard try LogDirectory.readDoubtful(path, services.disk) != doubtful else { return }
        let checkpoint = OffsetCheckpoint(Dictionary(uniqueKeysWithValues: doubtful.map { ($0, .zero) }))
        try services.disk.replace(file, with: checkpoint.bytes, isDurable: true)
    }

    /// Whether the last stop vouched for a partition's files.
    package func isVouchedFor(_ partition: TopicPartition) -> Bool {
        cleanStop != nil && !state.withLock { $0.doubtful.contains(partition) }
    }

    /// Leaves the marker of this run's stop out.
    func leaveToRecovery() { state.withLock { $0.hasDoubts = true } }

    /// Takes note of files that were refused, or are good.
    func judged(_ partition: TopicPartition, isGood: Bool) {
        state.withLock { state in
            if isGood {
                state.doubtful.remove(partition)
            } else if cleanStop != nil {
                state.doubtful.insert(partition)
            } else {
                state.hasDoubts = true
            }
        }
    }

    /// Writes down the id of a directory that Kafka left without one.
    package func identify() throws(StorageError) {
        guard try LogDirectory.properties(path, services.disk) != properties else { return }
        let file = path + "/" + MetaProperties.fileName
        try services.disk.replace(file, with: properties.bytes, isDurable: true)
    }
}
