// What holds of the flusher between its turns.
internal import Base

extension Flusher {
    /// Compares what waits with what is counted.
    func checkInvariants() throws(InvariantViolation) {
        try state.withLock { (state) throws(InvariantViolation) in
            try invariant(state.unsyncedBytes >= 0, "\(state.unsyncedBytes) bytes are unsynced")
            try invariant(state.holds >= 0, "a request ended its appends that did not begin any")
            try invariant(
                Set(state.queue.map { ObjectIdentifier($0) }).count == state.queue.count,
                "a log waits twice for the same turn")
            try invariant(
                state.belowBudget.isEmpty || state.unsyncedBytes > budgetBytes,
                "somebody waits for a budget that has room")
        }
    }
}
