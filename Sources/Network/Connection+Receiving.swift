// How a connection reads: into the loop's shared area, behind the rest of an unfinished frame where there is
// one.

extension Connection {
    /// Whether the next frame may be handled now.
    var mayHandle: Bool {
        phase == .open && pauseDepth == 0 && mutedUntil == 0
            && outbound.count < context.limits.requestsInFlightPerConnection
            && outbound.heldBytes < context.limits.replyBytesPerConnection
    }

    /// Handles the frames that were kept, and if the socket is readable those that it has, up to the limits
    /// of one turn.
    func handleFrames(mayReceive: Bool) {
        var framesLeft = context.limits.framesPerTurn
        handleKept(&framesLeft)
        var reads = 0
        while mayReceive, reads < context.limits.readsPerTurn, framesLeft > 0, mayHandle, !isShortOfMemory() {
            reads += 1
            guard receive(&framesLeft) else { break }
        }
        if framesLeft < context.limits.framesPerTurn { noteProgress() }
    }

    /// Receives once; false when the socket has no more or replies wait to be sent.
    private func receive(_ framesLeft: inout Int) -> Bool {
        if secured != nil { return receiveSecured(&framesLeft) }
        let shared = unsafe loop.scratch.input
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
    private func received(_ transfer: Transfer) -> Int? {
        switch transfer {
        case .moved(let count):
            unfinishedBytes += count
            if unfinishedBytes >= context.limits.idleProgressBytes { noteProgress() }
            return count
        case .wouldWait: return nil
        case .ended: close(.peerClosed)
        case .failed(let errno): close(.failed(errno: errno))
        }
        return nil
    }

    private func receiveSecured(_ framesLeft: inout Int) -> Bool {
        let shared = unsafe loop.scratch.input
        let transfer = unsafe socket.receive(
            into: shared, then: UnsafeMutableRawBufferPointer(start: nil, count: 0))
        guard let count = received(transfer), var stream = secured else { return false }
        secured = nil
        do {
            let arrived = unsafe UnsafeRawBufferPointer(rebasing: shared[..<count]).bytes
            try stream.layer.open(arrived, plain: &stream.plain, outgoing: &stream.outgoing)
        } catch {
            secured = stream
            close(.security(error.reason))
            return false
        }
        var plain: [UInt8] = []
        swap(&plain, &stream.plain)
        secured = stream
        unsafe plain.withUnsafeMutableBytes { area in unsafe take(area, &framesLeft) }
        plain.removeAll(keepingCapacity: plain.capacity <= 1 << 14)
        secured?.plain = plain
        return count == shared.count && !outbound.hasReady
    }

    /// Completes the kept frame from `arrived`, handles the whole frames after it in place, and keeps the
    /// rest.
    private func take(_ arrived: UnsafeMutableRawBufferPointer, _ framesLeft: inout Int) {
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
        let handled = unsafe handle(kept.bytes, &framesLeft)
        kept.consume(handled)
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
        if size >= 0, Int(size) >= frameMinBytes, Int(size) <= context.limits.socketRequestMaxBytes {
            return true
        }
        close(.frameSize(size))
        return false
    }
}

// MARK: - Short memory

extension Connection {
    /// Whether reading has to wait for the memory budget; then it goes on by itself when there is room.
    private func isShortOfMemory() -> Bool {
        guard context.budget.isExhausted, passSince == nil else { return false }
        if takePass() { return false }
        awaitsBudget = true
        let loop = loop
        context.budget.whenAvailable { [weak self] in
            loop.post { [weak self] in self?.assumeIsolated { $0.budgetAvailable() } }
        }
        // The pass may have come back just before the line above; its return would not be told again.
        if takePass() { awaitsBudget = false }
        return awaitsBudget
    }

    private func takePass() -> Bool {
        guard !kept.isEmpty, context.budget.takePass(id) else { return false }
        passSince = loop.now
        startStallTimer()
        return true
    }

    private func budgetAvailable() {
        awaitsBudget = false
        takeTurnSoon()
    }

    /// Looks after a while whether a peer that holds memory goes on; only set while one might not.
    func startStallTimer() {
        guard stallTimer == nil else { return }
        stallTimer = loop.schedule(after: context.limits.stallTimeout) { [weak self] in
            self?.assumeIsolated { $0.stallTimerDue() }
        }
    }

    private func stallTimerDue() {
        stallTimer = nil
        let since = loop.now - context.limits.stallTimeout.wholeNanoseconds
        let isHoldingOthersUp = isBlocked && lastProgress <= since && context.budget.isExhausted
        if isHoldingOthersUp || (passSince.map { $0 <= since } ?? false) { return close(.stalled) }
        if passSince != nil || isBlocked && heldBytes > 0 { startStallTimer() }
    }
}

// MARK: - Idle connections

extension Connection {
    /// Notes a sign of life: a whole request, many bytes of one, or sent bytes.
    func noteProgress() {
        lastProgress = loop.now
        unfinishedBytes = 0
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
        let waitsForUs = outbound.pendingCount > 0 && !outbound.hasReady || pauseDepth > 0 || mutedUntil > 0
        if waitsForUs { lastProgress = loop.now }
        if loop.now - lastProgress >= context.limits.idleTimeout.wholeNanoseconds {
            close(.idle)
        } else {
            startIdleTimer()
        }
    }
}
