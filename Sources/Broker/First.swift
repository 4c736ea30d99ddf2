// Several may end a wait: what it waits for, its limit, a connection that closes. One of them does.
internal import Base

/// Tells the first of those who come from the others.
final class First: Sendable {
    private let isTaken = Lock(false)

    /// Whether somebody was there.
    var isClaimed: Bool { isTaken.withLock { $0 } }

    func claim() -> Bool {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }
}
