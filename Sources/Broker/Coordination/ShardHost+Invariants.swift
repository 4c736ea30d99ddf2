// What holds of a shard's host whenever nobody is at work in it.
internal import Base

extension ShardHost {
    /// Compares who waits with what is under way.
    func checkInvariants() throws(InvariantViolation) {
        try guarded.withLock { (guarded) throws(InvariantViolation) in try guarded.checkInvariants() }
    }
}

extension ShardHost.Guarded {
    func checkInvariants() throws(InvariantViolation) {
        switch stage {
        case .loading:
            for token in held.compactMap(\.token) {
                try invariant(waiting[token] != nil, "a request is held for nobody")
            }
        case .active: try invariant(held.isEmpty, "requests are held though the shard is loaded")
        case .failed, .closed:
            try invariant(
                held.isEmpty && waiting.isEmpty, "\(waiting.count) requests wait for a shard that is no more")
        }
        if let timer {
            try invariant(timer.number < nextTimer, "the timer that counts was never set")
        }
    }
}
