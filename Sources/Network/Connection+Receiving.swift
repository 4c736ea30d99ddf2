// How a connection reads: into the loop's shared area, behind the rest of an unfinished frame where there is
// one.

extension Connection {
    /// Whether the next frame may be handled now.
    var mayHandle: Bool {
        takesRequests && pauseDepth == 0 && mutedUntil == 0
            && outbound.count < context.limits.requestsInFlightPerConnection
            && outbound.heldBytes < context.limits.replyBytesPerConnection
    }

    /// Whether more may be received now: requests, or what a handshake still needs.
    var mayReceive: Bool { (mayHandle || isShakingHands) && mayOpen }

    /// Handles the frames that were kept, and if the socket is readable those that it has, up to the limits
    /// of one turn.
    func handleFrames(isReadable: Bool) {
        var framesLeft = context.limits.framesPerTurn
        handleKept(&framesLeft)
        var reads = 0
        while isReadable, reads < context.limits.readsPerTurn, framesLeft > 0, mayReceive, !awaitsMemory {
            reads += 1
            guard receive(&framesLeft) else { break }
        }
        if framesLeft < context.limits.framesPerTurn { noteProgress() }
    }

    /// Receives once; false when the socket has no more or replies wait to be sent.
    private func receive(_ framesLeft: inout Int) -> Bool {
        if secured != nil { return receiveSecured(&framesLeft) }
        let shared = unsafe sharedArea
        let empty = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        let own = unsafe kept.isEmpty ? empty : kept.spaceForRest()
        let transfer =
            unsafe own.isEmpty
            ? socket.receive(into: shared, then: empty) : socket.receive(into: own, then: shared)
        guard let count = received(transfer) else { return false }
        let forRest = min(count, own.count)
        if forRest > 0 { kept.filled(forRest) }
        unsafe take(UnsafeMutableRawBufferPointer(rebasing: shared[..<(count - forRest)]), &framesLeft)
        return count == own.count + shared.count && !outbound.hasReady
    }

    /// The bytes of a transfer; the other outcomes are seen to here.
    func received(_ transfer: Transfer) -> Int? {
        switch transfer {
        case .moved(let count):
            noteMoved(count)
            return count
        case .wouldWait: return nil
        case .ended: close(.peerClosed)
        case .failed(let errno): close(.failed(errno: errno))
        }
        return nil
    }

    /// Where bytes arrive that have no place of their own: what is left of them has to be kept, so it is
    /// less while memory is short.
    var sharedArea: UnsafeMutableRawBufferPointer {
        let area = unsafe loop.scratch.input
        guard context.budget.isUnderPressure else { return unsafe area }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: area[..<MemoryShares.smallMaxBytes])
    }

    /// Completes the kept frame from `arrived`, handles the whole frames after it in place, and keeps the
    /// rest.
    func take(_ arrived: UnsafeMutableRawBufferPointer, _ framesLeft: inout Int) {
        var rest = unsafe arrived
        while !kept.isEmpty {
            if let size = kept.frameSize, !isAcceptable(size) { return }
            let missing = kept.missing
            if missing == 0 {
                handleKept(&framesLeft)
                if kept.isEmpty { break }
                return unsafe kept.append(rest)
            }
            guard rest.count > 0 else { return }
            let part = min(missing, rest.count)
            unsafe kept.append(UnsafeMutableRawBufferPointer(rebasing: rest[..<part]))
            unsafe rest = UnsafeMutableRawBufferPointer(rebasing: rest[part...])
        }
        let handled = unsafe handle(rest, &framesLeft)
        if isOpen { unsafe kept.append(UnsafeMutableRawBufferPointer(rebasing: rest[handled...])) }
    }

    private func handleKept(_ framesLeft: inout Int) {
        guard !kept.isEmpty, mayHandle else { return }
        (offeredLease, frameLease) = (frameLease, nil)
        let handled = unsafe handle(kept.bytes, &framesLeft)
        kept.consume(handled)
        if handled == 0 { frameLease = offeredLease }
        offeredLease = nil
    }

    /// Hands the whole frames at the start of `area` to the handler; how many bytes they took.
    private func handle(_ area: UnsafeMutableRawBufferPointer, _ framesLeft: inout Int) -> Int {
        var position = 0
        while framesLeft > 0, area.count - position >= FrameSize.byteCount {
            if !mayHandle {
                // Sending may take the connection below its bounds again.
                flush()
                guard mayHandle else { break }
            }
            let size = unsafe FrameSize.read(UnsafeMutableRawBufferPointer(rebasing: area[position...]))
            guard isAcceptable(size) else { break }
            let start = position + FrameSize.byteCount
            let end = start + Int(size)
            guard end <= area.count else { break }
            var frame = unsafe UnsafeMutableRawBufferPointer(rebasing: area[start..<end]).mutableBytes
            handler.received(&frame, on: self)
            position = end
            framesLeft -= 1
        }
        return position
    }

    /// Whether a frame may have this size; closes the connection if not.
    private func isAcceptable(_ size: Int32) -> Bool {
        guard size >= 0, Int(size) >= frameMinBytes, Int(size) <= context.limits.socketRequestMaxBytes else {
            close(.frameSize(size))
            return false
        }
        // What memory has no room for would wait for ever.
        guard Int(size) <= context.budget.shares.largestFrameBytes else {
            close(.frameTooLargeForMemory(size, limit: context.budget.shares.largestFrameBytes))
            return false
        }
        return true
    }
}

// MARK: - Idle connections

extension Connection {
    /// Ends a connection that is not read from, whose peer has left, and that has nothing of it left to do:
    /// what its request waits for is not held up for nobody.
    ///
    /// What was sent before the end is served first, as it may be a producer's that wants no reply.
    func closeIfLeft() {
        guard hasPeerEnded, takesRequests, !isReading, mayOpen, !outbound.hasReady else { return }
        guard kept.isEmpty || kept.missing > 0, socket.isAtEnd else { return }
        close(.peerClosed)
    }

    /// Notes a sign of life: a whole request, many bytes of one, or of replies.
    func noteProgress() {
        lastProgress = loop.now
        unfinishedBytes = 0
    }

    /// Notes bytes that were received or sent; enough of them are a sign of life.
    func noteMoved(_ count: Int) {
        unfinishedBytes += count
        if unfinishedBytes >= progressBytes { noteProgress() }
    }

    /// How many bytes are a sign of life: more where more memory waits for the last of them, so that no
    /// lease lasts longer than so many times the patience with a silent peer.
    private var progressBytes: Int {
        max(context.limits.idleProgressBytes, (frameLease?.bytes ?? 0) / context.limits.progressSteps)
    }

    /// Looks at the connection when it could first have been idle for too long; there is no other tick.
    func startIdleTimer() {
        guard context.limits.idleTimeout > .zero else { return }
        let deadline = lastProgress &+ context.limits.idleTimeout.wholeNanoseconds
        idleTimer = loop.schedule(at: deadline) { [weak self] in self?.assumeIsolated { $0.idleTimerDue() } }
    }

    private func idleTimerDue() {
        idleTimer = nil
        // While the broker owes an answer, or holds requests back itself, the peer is not the idle one.
        let waitsForUs =
            outbound.pendingCount > 0 && !outbound.hasReady || pauseDepth > 0 || mutedUntil > 0
            || frameWish != nil
        if waitsForUs { lastProgress = loop.now }
        if loop.now - lastProgress >= context.limits.idleTimeout.wholeNanoseconds {
            close(.idle)
        } else {
            startIdleTimer()
        }
    }
}
