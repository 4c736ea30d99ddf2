// What holds of the open logs of a directory whenever nobody is at work in it.
internal import Base
internal import Storage

extension PartitionTable {
    /// The open logs, in no order; nil once the table is closed.
    var logsWhileOpen: [OpenLog]? { state.withLock { $0.isClosed ? nil : Array($0.logs.values) } }

    /// Compares each log with its place in the table, with its store, and with the failure of the directory.
    func checkInvariants() throws(InvariantViolation) {
        let (logs, failure) = state.withLock { ($0.logs, $0.failure) }
        for (partition, open) in logs {
            let (log, store) = (open.log, open.store)
            try invariant(
                log.partition == partition, "the log of \(log.partition) passes for that of \(partition)")
            try invariant(
                store.directory == directories.path(of: partition),
                "the files of \(partition) lie in \(store.directory)")
            do throws(InvariantViolation) {
                try store.checkInvariants()
                try log.checkInvariants()
            } catch {
                throw InvariantViolation("\(partition): \(error)")
            }
            let isWritable = store.state.withLock { $0.ends.isWritable }
            try invariant(
                failure == nil || !isWritable, "\(partition) takes appends, and its directory has failed")
        }
    }
}
