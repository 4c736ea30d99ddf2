// A clean close of many logs, step by step: batches, indexes, notes.
internal import Base
internal import Storage

/// Closes logs cleanly.
enum LogClosing {
    private struct Work: Sendable {
        let store: SegmentStore
        var indexes: [any DiskFile] = []
    }

    /// Closes `logs`, with so many `threads` that wait for the disk; what each failed with.
    ///
    /// The files of one that failed are as a crash would leave them.
    static func close(_ logs: [OpenLog], threads: Int) -> [StorageError?] {
        var steps = Steps(logs.map { Work(store: $0.store) }, threads: threads)
        for work in steps.work { work.store.startWriteBack() }
        steps.take { (_, work) throws(StorageError) in try work.store.tidyLog() }
        steps.take { (_, work) throws(StorageError) in
            work.indexes = try work.store.tidyIndexes()
            for index in work.indexes { index.startWriteBack() }
        }
        steps.take { (_, work) throws(StorageError) in
            for index in work.indexes { try work.store.sync(index) }
            work.store.closeFiles()
            work.store.close()
        }
        let whole = steps.left
        var failures = steps.failures
        let noted = NoteWriting.write(whole.map { logs[$0].log }, isFinal: true, threads: threads)
        for (number, failure) in zip(whole, noted) { failures[number] = failure }
        for open in logs { open.log.closeNotes() }
        return failures
    }
}
