// What holds of a log directory whenever nobody is at work in it.
package import Base
internal import Storage

extension LogDirectory {
    /// Compares logs, stores, flusher and journal with each other; nothing may be under way meanwhile.
    package func checkInvariants() throws(InvariantViolation) {
        let (open, isStopped) = state.withLock { (Array($0.logs.values), $0.isStopped) }
        guard !isStopped else { return }
        var unsynced = 0
        for open in open {
            do throws(InvariantViolation) {
                try open.store.checkInvariants()
                try open.log.checkInvariants()
            } catch {
                throw InvariantViolation("\(open.log.partition): \(error)")
            }
            unsynced += open.store.countedBytes
        }
        try invariant(
            flusher.unsyncedBytes == unsynced,
            "the flusher counts \(flusher.unsyncedBytes) unsynced bytes, and the logs have \(unsynced)")
        try flusher.checkInvariants()
        try services.journal?.checkInvariants()
    }
}
