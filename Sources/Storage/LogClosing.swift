// A clean close of many logs, step by step: batches, indexes, notes.
internal import Base

/// Closes logs cleanly.
enum LogClosing {
    /// Closes `logs`, with so many `threads` that wait for the disk; what each failed with.
    ///
    /// The files of one that failed are as a crash would leave them.
    static func close(_ logs: [PartitionLog], threads: Int) -> [StorageError?] {
        var steps = Steps(logs.map { $0.store })
        for store in steps.work { (store as? SegmentStore)?.startWriteBack() }
        steps.inParallel(threads) { (_, store) throws(StorageError) in
            try (store as? SegmentStore)?.tidyLog()
        }
        let indexes = Lock<[[any DiskFile]]>(logs.map { _ in [] })
        steps.forEach { (number, store) throws(StorageError) in
            guard let files = try (store as? SegmentStore)?.tidyIndexes() else { return }
            for file in files { file.startWriteBack() }
            indexes.withLock { $0[number] = files }
        }
        steps.inParallel(threads) { (number, store) throws(StorageError) in
            for file in indexes.withLock({ $0[number] }) { try (store as? SegmentStore)?.sync(file) }
        }
        steps.forEach { (_, store) throws(StorageError) in
            let files = store as? SegmentStore
            files?.closeFiles()
            try store.close(isClean: files == nil)
        }
        let whole = logs.indices.filter { steps.failures[$0] == nil }
        var failures = steps.failures
        let noted = NoteWriting.write(whole.map { logs[$0] }, isFinal: true, threads: threads)
        for (number, failure) in zip(whole, noted) { failures[number] = failure }
        for log in logs { log.notes.close() }
        return failures
    }
}
