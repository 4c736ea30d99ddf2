// A partition that leaves the directory: its log is closed as a clean stop closes it, while all others go on.
internal import Base
internal import Storage

extension PartitionTable {
    /// Closes the log of a partition, cleanly, and takes it out of the table; how far it has come.
    ///
    /// Its files stay, and it can be opened again. Where the close fails, no clean stop vouches for them.
    func closeLeaving(_ open: OpenLog) throws(StorageError) -> CheckpointMarks {
        let partition = open.log.partition
        let isOpen = state.withLock { state in
            guard let found = state.logs[partition], found.log === open.log, !state.isClosed else {
                return false
            }
            state.logs[partition] = nil
            // The next checkpoint, which may come before it is closed, names it all the same.
            checkpoints.adopt(open.marks)
            return true
        }
        guard isOpen else { throw .closed(path: directories.path(of: partition)) }
        open.store.endAppends()
        if let failure = LogClosing.close([open], on: nil, threads: 1)[0] {
            opening.judged(partition, isGood: false)
            open.log.close()
            throw failure
        }
        let marks = open.marks
        checkpoints.adopt(marks)
        return marks
    }
}
