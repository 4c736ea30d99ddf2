// What holds of a connection between its turns.
import Base

extension Connection {
    /// Compares what the connection knows with itself.
    func checkInvariants() throws(InvariantViolation) {
        try outbound.checkInvariants()
        try invariant(pauseDepth >= 0, "requests were resumed that nobody held back")
        try invariant(unfinishedBytes >= 0, "fewer bytes than none made no frame")
        try invariant(
            (muteTimer == nil) == (mutedUntil == 0), "muted without a timer, or the other way round")
        if let secured {
            try invariant(
                secured.isEstablished == (secured.handshakeTimer == nil) || !isOpen,
                "a handshake without a limit, or a limit without a handshake")
            try invariant(
                !isShakingHands || !secured.isEstablished && outbound.count == 0,
                "a request was answered within a handshake")
        } else {
            try invariant(!isShakingHands, "a handshake without a security layer")
        }
        guard case .closed = phase else { return }
        try invariant(registration == nil, "closed, and the loop still watches the socket")
        try invariant(idleTimer == nil && muteTimer == nil && coldTimer == nil, "closed, and a timer is set")
        try invariant(frameWish == nil, "closed, and a frame waits for memory")
    }
}
