// How a connection receives through its security layer: the handshake, whose slow steps the pool takes while
// nothing is read, and afterwards what the peer's bytes say.

extension Connection {
    /// Whether the handshake is under way.
    var isShakingHands: Bool { if case .handshaking = phase { true } else { false } }

    /// Whether the layer can be given more bytes: not while the pool works for it, nor while the peer takes
    /// too little of what it is sent.
    var mayOpen: Bool {
        guard let stream = secured else { return true }
        return !stream.isParked && stream.outgoing.count <= context.limits.replyBytesPerConnection
    }

    /// Begins the handshake, which has a limited time; the handler hears of the connection when it is done.
    func startHandshake(_ layer: any TransportSecurity) {
        secured = SecuredStream(layer)
        guard isOpen else { return }
        phase = .handshaking
        secured?.handshakeTimer = loop.schedule(after: context.limits.handshakeTimeout) { [weak self] in
            self?.assumeIsolated { $0.handshakeTimerDue() }
        }
    }

    private func handshakeTimerDue() {
        secured?.handshakeTimer = nil
        if isShakingHands { close(.handshakeTimeout) }
    }

    /// Receives once through the layer; false when the socket has no more or replies wait to be sent.
    func receiveSecured(_ framesLeft: inout Int) -> Bool {
        let whole = unsafe sharedArea
        // A handshake needs little, and what comes behind it may have to be kept.
        let size = isShakingHands ? min(whole.count, MemoryShares.smallMaxBytes) : whole.count
        let area = unsafe UnsafeMutableRawBufferPointer(rebasing: whole[..<size])
        let transfer = unsafe socket.receive(
            into: area, then: UnsafeMutableRawBufferPointer(start: nil, count: 0))
        guard let count = received(transfer) else { return false }
        let goesOn = advance(&framesLeft) { layer, plain, outgoing throws(SecurityFailure) in
            let arrived = unsafe UnsafeRawBufferPointer(rebasing: area[..<count]).bytes
            return try layer.open(arrived, plain: &plain, outgoing: &outgoing)
        }
        return goesOn && count == size && !outbound.hasReady
    }

    /// Has the layer take a step, does what follows from it, and handles what became plain; whether the
    /// socket may be read on.
    private func advance(
        _ framesLeft: inout Int,
        _ body: (any TransportSecurity, inout [UInt8], inout [UInt8]) throws(SecurityFailure) -> SecurityStep
    ) -> Bool {
        guard var stream = secured else { return false }
        secured = nil
        let step: SecurityStep
        do throws(SecurityFailure) {
            step = try body(stream.layer, &stream.plain, &stream.outgoing)
        } catch {
            secured = stream
            close(.security(error.reason))
            return false
        }
        var plain: [UInt8] = []
        swap(&plain, &stream.plain)
        stream.keptBytes = stream.layer.keptBytes
        secured = stream
        switch step {
        case .goesOn: break
        case .established: handshakeDone()
        case .takesTime(let work): park(work)
        }
        guard secured?.isEstablished == true || plain.isEmpty else {
            close(.security("there were plain bytes before the handshake was done"))
            return false
        }
        unsafe plain.withUnsafeMutableBytes { area in unsafe take(area, &framesLeft) }
        plain.removeAll(keepingCapacity: plain.capacity <= 1 << 14)
        secured?.plain = plain
        return mayOpen
    }

    private func handshakeDone() {
        guard isShakingHands else { return }
        secured?.isEstablished = true
        if let timer = secured?.handshakeTimer { loop.cancel(timer) }
        secured?.handshakeTimer = nil
        phase = .open
        noteProgress()
        startIdleTimer()
        handler.opened(self)
    }

    /// Reads nothing before the pool has done the layer's work.
    private func park(_ work: @escaping @Sendable () -> Void) {
        secured?.isParked = true
        context.pool.run(for: loop, work) { [self] in assumeIsolated { $0.workEnded() } }
    }

    private func workEnded() {
        // The connection may have ended meanwhile, and the layer with it.
        guard registration != nil, isOpen else { return }
        secured?.isParked = false
        takeOwnTurn {
            var framesLeft = context.limits.framesPerTurn
            _ = advance(&framesLeft) { layer, plain, outgoing throws(SecurityFailure) in
                try layer.resume(plain: &plain, outgoing: &outgoing)
            }
        }
    }

    /// Ends the security layer as its protocol wants it, as far as the socket takes that.
    func sendClosingMessage() {
        guard var stream = secured, !isBlocked, !stream.isParked else { return }
        stream.layer.finish(outgoing: &stream.outgoing)
        guard stream.sentBytes < stream.outgoing.count else { return }
        _ = unsafe stream.outgoing.withUnsafeBytes {
            unsafe socket.send(UnsafeRawBufferPointer(rebasing: $0[stream.sentBytes...]))
        }
    }
}
