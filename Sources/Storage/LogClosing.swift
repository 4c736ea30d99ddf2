// A clean close of many logs, step by step: batches, indexes, notes.
internal import Base

/// Closes logs cleanly.
enum LogClosing {
    private struct Work: Sendable {
        let store: any LogStore
        /// Where it keeps files that are closed in steps.
        var files: SegmentStore? { store as? SegmentStore }
        var indexes: [any DiskFile] = []
    }

    /// Closes `logs`, with so many `threads` that wait for the disk; what each failed with.
    ///
    /// The files of one that failed are as a crash would leave them.
    static func close(_ logs: [PartitionLog], threads: Int) -> [StorageError?] {
        var steps = Steps(logs.map { Work(store: $0.store) }, threads: threads)
        for work in steps.work { work.files?.startWriteBack() }
        steps.take { (_, work) throws(StorageError) in try work.files?.tidyLog() }
        steps.take { (_, work) throws(StorageError) in
            work.indexes = try work.files?.tidyIndexes() ?? []
            for index in work.indexes { index.startWriteBack() }
        }
        steps.take { (_, work) throws(StorageError) in
            for index in work.indexes { try work.files?.sync(index) }
            work.files?.closeFiles()
            try work.store.close(isClean: work.files == nil)
        }
        let whole = steps.left
        var failures = steps.failures
        let noted = NoteWriting.write(whole.map { logs[$0] }, isFinal: true, threads: threads)
        for (number, failure) in zip(whole, noted) { failures[number] = failure }
        for log in logs { log.notes.close() }
        return failures
    }
}
