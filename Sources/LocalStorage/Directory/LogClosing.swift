// A clean close of many logs, step by step: batches, indexes, notes. Where their file system can be synced as
// a whole and tells of losses, that is done once for each step: even files that are durable already cost a
// flush of the disk each when they are synced by themselves (10,000 of them 2.7 s, all together 0.4 s on
// ext4).
internal import Base
internal import Storage

/// Closes logs cleanly.
enum LogClosing {
    private struct Work: Sendable {
        let store: SegmentStore
        var rest: Unsynced?
        var indexes: [any DiskFile] = []
    }

    /// Closes `logs`, with so many `threads` that wait for the disk; what each failed with.
    ///
    /// The files of one that failed are as a crash would leave them.
    static func close(_ logs: [OpenLog], on volume: (any DiskVolume)?, threads: Int) -> [StorageError?] {
        let volume = logs.count >= BackgroundLimits.togetherMin ? volume : nil
        var steps = Steps(logs.map { Work(store: $0.store) }, threads: threads)
        if volume == nil { for work in steps.work { work.store.startWriteBack() } }
        steps.take { (_, work) throws(StorageError) in work.rest = try work.store.takeRest() }
        let hasRest = steps.work.contains { $0.rest != nil }
        let isFiled = hasRest && volume?.sync() ?? false
        steps.take { (_, work) throws(StorageError) in
            if let rest = work.rest { try work.store.tidyLog(rest, isSynced: isFiled) }
            work.rest = nil
        }
        steps.take { (_, work) throws(StorageError) in
            work.indexes = try work.store.tidyIndexes()
            if volume == nil { for index in work.indexes { index.startWriteBack() } }
        }
        let isIndexed = volume?.sync() ?? false
        steps.take { (_, work) throws(StorageError) in
            if !isIndexed { for index in work.indexes { try work.store.sync(index) } }
            work.indexes = []
            work.store.closeFiles()
            work.store.close()
        }
        let whole = steps.left
        var failures = steps.failures
        let noted = NoteWriting.write(
            whole.map { logs[$0].log }, isFinal: true, threads: threads,
            syncAll: volume?.syncAll)
        for (number, failure) in zip(whole, noted) { failures[number] = failure }
        for open in logs { open.log.closeNotes() }
        return failures
    }
}
