// What holds of a log directory whenever nobody is at work in it: each part looks at itself, and here the
// flusher's count is compared with that of the logs.
internal import Base
internal import Storage

extension LogDirectory {
    /// Looks at the parts, the flusher and the journal; nothing may be under way meanwhile.
    func checkInvariants() throws(InvariantViolation) {
        guard let open = table.logsWhileOpen else { return }
        try identity.checkInvariants()
        try table.checkInvariants()
        try checkpoints.checkInvariants(open: open.map(\.log.partition))
        try opening.checkInvariants()
        let unsynced = open.reduce(0) { $0 + $1.store.countedBytes }
        try invariant(
            flusher.unsyncedBytes == unsynced,
            "the flusher counts \(flusher.unsyncedBytes) unsynced bytes, and the logs have \(unsynced)")
        try flusher.checkInvariants()
        try services.journal?.checkInvariants()
    }
}
