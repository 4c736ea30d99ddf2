// How far logs were compacted: a file of its own, written when that changes.
internal import Base
internal import Storage

extension DirectoryCheckpoints {
    /// Partitions up to where they were compacted, and those that are left alone until the next start.
    var compaction: (cleanerOffsets: OffsetCheckpoint, uncleanable: Set<TopicPartition>) {
        state.withLock { ($0.cleanerOffsets, $0.uncleanable) }
    }

    /// A log is compacted up to `offset`; `writeCleanerOffsets` follows.
    func compacted(_ partition: TopicPartition, to offset: Offset) {
        state.withLock { $0.cleanerOffsets.offsets[partition] = offset }
    }

    /// A log cannot be compacted, as something in it is damaged.
    func leaveAlone(_ partition: TopicPartition) {
        state.withLock { _ = $0.uncleanable.insert(partition) }
    }

    /// Forgets how far earlier partitions of these names were compacted.
    func forgetCompaction(of partitions: [TopicPartition]) throws(StorageError) {
        let isNews = state.withLock { state in
            var isNews = false
            for partition in partitions {
                state.uncleanable.remove(partition)
                if state.cleanerOffsets.offsets.removeValue(forKey: partition) != nil { isNews = true }
            }
            return isNews
        }
        if isNews { try writeCleanerOffsets() }
    }

    /// Writes how far all logs were compacted, durably; one at a time, so that the newest stays.
    func writeCleanerOffsets() throws(StorageError) {
        try writing.withLock { _ throws(StorageError) in
            let file = path + "/" + OffsetCheckpoint.Kind.cleaner.rawValue
            try disk.replace(file, with: compaction.cleanerOffsets.bytes, isDurable: true)
        }
    }
}
