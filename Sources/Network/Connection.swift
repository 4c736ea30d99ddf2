// One client: an actor that lives on one event loop. The loop enters it when its socket is ready, others by
// posting to the loop. A turn reads what is there, has the handler act on every whole frame, sends what
// became ready with one call, and sleeps again.
import Base
import Glibc

/// What the connections of one listener have in common.
package final class ConnectionContext: Sendable {
    /// Where the connections come in.
    package let listener: ListenerAddress
    /// The bounds of each connection.
    package let limits: NetworkLimits
    let counts: ConnectionCounts
    let budget: MemoryBudget
    let pool: WorkPool
    let logger: Logger
    let makeSecurity: (@Sendable () -> any TransportSecurity)?

    init(
        listener: ListenerAddress, limits: NetworkLimits, counts: ConnectionCounts, budget: MemoryBudget,
        pool: WorkPool, logger: Logger, makeSecurity: (@Sendable () -> any TransportSecurity)?
    ) {
        self.listener = listener
        self.limits = limits
        self.counts = counts
        self.budget = budget
        self.pool = pool
        self.logger = logger
        self.makeSecurity = makeSecurity
    }
}

/// A connection with one client.
package actor Connection {
    /// Where a connection is in its life.
    enum Phase: Equatable {
        /// There are no requests before the security layer's handshake is done.
        case handshaking
        case open
        /// No more requests; ends for this reason once all replies have left.
        case draining(CloseReason)
        /// Ends at the end of the turn.
        case closing(CloseReason)
        case closed(CloseReason)
    }

    /// The same for no two connections of this process.
    package nonisolated let id: UInt64
    /// The loop on which all of this connection happens.
    package nonisolated let loop: EventLoop
    /// The other end.
    package nonisolated let peer: SocketAddress
    /// What it shares with its listener's other connections.
    package nonisolated let context: ConnectionContext
    /// Where it came in.
    package nonisolated var listener: ListenerAddress { context.listener }
    /// The loop, as the executor of this actor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    /// Whatever the handler wants to keep with the connection.
    package var attachment: (any AnyObject & Sendable)?
    /// The smallest frame that is accepted; SASL's raw tokens, which have no request header, need a lower
    /// one.
    package var frameMinBytes: Int

    // Only code on the loop touches what follows, and no access lasts over a call of the handler: without the
    // checks for overlapping accesses a request costs a third fewer instructions (measured).
    let handler: any ConnectionHandler
    @safe @exclusivity(unchecked) var socket: Socket
    @safe @exclusivity(unchecked) var registration: EventLoop.Registration?
    @safe @exclusivity(unchecked) var interest: Readiness = []
    @safe @exclusivity(unchecked) var secured: SecuredStream?
    @safe @exclusivity(unchecked) var phase = Phase.open

    @safe @exclusivity(unchecked) var kept = KeptBytes()
    @safe @exclusivity(unchecked) var outbound = OutboundQueue()
    @safe @exclusivity(unchecked) var isBlocked = false
    /// The peer sends no more; what it has sent may not all have been read.
    @safe @exclusivity(unchecked) var hasPeerEnded = false
    @safe @exclusivity(unchecked) var isReadingCold = false
    /// Ends the connection when that takes too long.
    @safe @exclusivity(unchecked) var coldTimer: TimerID?
    /// How much of a file is read at once: more while the peer takes it, less when it does not, as what was
    /// not sent is read again.
    @safe @exclusivity(unchecked) var filePieceBytes = 256 << 10

    @safe @exclusivity(unchecked) var pauseDepth = 0
    @safe @exclusivity(unchecked) var muteTimer: TimerID?
    @safe @exclusivity(unchecked) var mutedUntil: Int64 = 0
    @safe @exclusivity(unchecked) var isInTurn = false
    @safe @exclusivity(unchecked) var hasTurnComing = false
    /// What the frame at the front was leased with, where it is not small.
    @safe @exclusivity(unchecked) var frameLease: MemoryLease?
    /// The same while the handler has that frame, which may go on keeping it.
    @safe @exclusivity(unchecked) var offeredLease: MemoryLease?
    /// The frame at the front waits for memory.
    @safe @exclusivity(unchecked) var frameWish: MemoryWish?
    /// What the budget was told that this connection holds beside its leases.
    @safe @exclusivity(unchecked) var settledBytes = 0

    @safe @exclusivity(unchecked) var idleTimer: TimerID?
    @safe @exclusivity(unchecked) var lastProgress: Int64 = 0
    /// Bytes received since `lastProgress` that made no frame whole, and bytes sent.
    @safe @exclusivity(unchecked) var unfinishedBytes = 0
    private var knownLocal: SocketAddress?

    /// Takes over a connected socket.
    init(
        descriptor: Int32, peer: SocketAddress, loop: EventLoop, context: ConnectionContext,
        handler: any ConnectionHandler
    ) {
        id = context.counts.newID()
        self.loop = loop
        self.peer = peer
        self.context = context
        self.handler = handler
        frameMinBytes = context.limits.requestMinBytes
        socket = Socket(owning: descriptor)
    }

    /// This end's address, as the client reached it.
    package var local: SocketAddress {
        if let knownLocal { return knownLocal }
        let address = socket.localAddress ?? SocketAddress(host: .anyIPv4, port: 0)
        knownLocal = address
        return address
    }

    /// What the peer proved about itself by the transport's security (a certificate's subject), if anything.
    package var securedPeerName: String? { secured?.layer.peerName }

    /// Whether further requests are taken.
    ///
    /// Asked several times for each: matching the case costs less than comparing reasons.
    var takesRequests: Bool { if case .open = phase { true } else { false } }

    /// Whether replies still have somewhere to go.
    package var isOpen: Bool {
        switch phase {
        case .handshaking, .open, .draining: true
        case .closing, .closed: false
        }
    }

    /// Why the connection ends or has ended.
    package var closeReason: CloseReason? {
        switch phase {
        case .handshaking, .open: nil
        case .draining(let reason), .closing(let reason), .closed(let reason): reason
        }
    }

    /// Requests whose replies have not left yet.
    package var requestsInFlight: Int { outbound.count }
    /// Bytes of memory that the connection holds: unfinished and waiting requests, and waiting replies.
    package var heldBytes: Int { kept.capacity + outbound.heldBytes + (secured?.heldBytes ?? 0) }
    /// How many of them were not leased.
    var unleasedBytes: Int {
        (frameLease == nil ? kept.capacity : 0) + outbound.unleasedBytes + (secured?.heldBytes ?? 0)
    }
    /// For whom the budget is asked.
    package nonisolated var holder: MemoryHolder { MemoryHolder(peer.host) }
}

// MARK: - For the handler

extension Connection {
    /// Reserves the next place among the replies.
    package func reserveReply() -> ReplySlot { outbound.reserve() }

    /// Changes how many bytes the request at a place keeps in memory until it is answered.
    package func hold(_ bytes: Int, for slot: ReplySlot) {
        guard isOpen else { return }
        outbound.hold(bytes, lease(holding: bytes), for: slot)
        takeTurnSoon()
    }

    /// The lease for what a request keeps: the one that its frame was read with, where there is one.
    private func lease(holding bytes: Int) -> MemoryLease? {
        guard bytes > MemoryShares.smallMaxBytes else { return nil }
        guard let offered = offeredLease, offered.bytes >= bytes else {
            return context.budget.lease(bytes, as: .request, for: holder)
        }
        offeredLease = nil
        offered.resize(to: bytes)
        return offered
    }

    /// Notes what the reply for a place waits for, which is told when the connection ends before; at once if
    /// it has.
    package func expect(_ source: any AwaitedReply, for slot: ReplySlot) {
        guard isOpen else { return source.abandon() }
        outbound.expect(source, for: slot)
    }

    /// Gives the reply for a place; it leaves as soon as all before it have left.
    ///
    /// On a closed connection it is dropped.
    package func complete(_ slot: ReplySlot, with reply: OutboundReply) {
        guard isOpen else { return }
        outbound.complete(slot, with: accounted(reply))
        takeTurnSoon()
    }

    /// The reply with a lease for the bytes that it really has, unless they are few.
    private func accounted(_ reply: OutboundReply) -> OutboundReply {
        let bytes = reply.memoryBytes
        guard bytes > MemoryShares.smallMaxBytes || reply.lease != nil else { return reply }
        var reply = reply
        if bytes <= MemoryShares.smallMaxBytes {
            reply.lease = nil
        } else if let lease = reply.lease {
            lease.resize(to: bytes)
        } else {
            reply.lease = context.budget.lease(bytes, as: .reply, for: holder)
        }
        return reply
    }

    /// Gives up a place: the request gets no reply (acks=0).
    package func cancel(_ slot: ReplySlot) {
        guard isOpen else { return }
        outbound.complete(slot, with: nil)
        takeTurnSoon()
    }

    /// Holds back requests, also those read already, until as many calls of `resumeRequests`.
    package func pauseRequests() { pauseDepth += 1 }

    /// Takes one `pauseRequests` back.
    package func resumeRequests() {
        precondition(pauseDepth > 0, "every resume has a pause before it")
        pauseDepth -= 1
        takeTurnSoon()
    }

    /// Holds back requests until the monotonic clock shows `deadline` nanoseconds; the later of two deadlines
    /// counts.
    package func mute(until deadline: Int64) {
        guard isOpen, deadline > max(mutedUntil, loop.now) else { return }
        if let muteTimer { loop.cancel(muteTimer) }
        mutedUntil = deadline
        muteTimer = loop.schedule(at: deadline) { [self] in assumeIsolated { $0.unmute() } }
    }

    private func unmute() {
        muteTimer = nil
        mutedUntil = 0
        takeTurnSoon()
    }

    /// Ends the connection at the end of its turn; what the socket takes until then still leaves.
    package func close(_ reason: CloseReason) {
        guard isOpen else { return }
        phase = .closing(reason)
        takeTurnSoon()
    }

    /// Takes no further request and ends the connection once the replies to all earlier ones have left.
    ///
    /// A handshake is not waited for.
    package func closeAfterReplies(_ reason: CloseReason) {
        if isShakingHands { return close(reason) }
        guard takesRequests else { return }
        phase = .draining(reason)
        takeTurnSoon()
    }

    /// Ends a connection that takes no further request and whose peer does not take its replies.
    func closeIfSilent() {
        guard case .draining(let reason) = phase, isBlocked else { return }
        if loop.now - lastProgress >= context.limits.drainTimeout.wholeNanoseconds { close(reason) }
    }
}

// MARK: - Turns

extension Connection: EventSource, TurnTaker {
    /// Starts to watch the socket; on the loop, once.
    func open() {
        do {
            registration = try loop.watch(socket.descriptor, for: .readable, self)
            interest = .readable
        } catch {
            context.logger.logLimited(.error, "connection.not_watched", ["error": "\(error)"])
            phase = .closing(.shutdown)
        }
        lastProgress = loop.now
        takeOwnTurn {
            if let makeSecurity = context.makeSecurity { return startHandshake(makeSecurity()) }
            startIdleTimer()
            handler.opened(self)
        }
    }

    /// A turn that no readiness of the socket has brought about.
    func takeOwnTurn(_ body: () -> Void) {
        isInTurn = true
        body()
        finishTurn()
        assertInvariants { () throws(InvariantViolation) in try checkInvariants() }
    }

    /// One turn, for the loop.
    package nonisolated func ready(_ readiness: Readiness) { assumeIsolated { $0.turn(readiness) } }

    nonisolated func takeTurn() { assumeIsolated { $0.turn([]) } }

    /// Asks the loop for a turn, unless one is running or coming.
    func takeTurnSoon() {
        guard !isInTurn, !hasTurnComing, registration != nil else { return }
        hasTurnComing = true
        loop.takeTurnSoon(self)
    }

    /// Goes on after the other connections have had their turns.
    func takeAnotherTurn() {
        guard !hasTurnComing else { return }
        hasTurnComing = true
        loop.takeTurnSoon(self)
    }

    private func turn(_ readiness: Readiness) {
        guard registration != nil else { return }
        isInTurn = true
        if readiness.isEmpty { hasTurnComing = false }
        if readiness.contains(.writable) { isBlocked = false }
        if readiness.contains(.peerEnded) { hasPeerEnded = true }
        if outbound.hasReady || secured != nil { flush() }
        handleFrames(isReadable: readiness.contains(.readable))
        if !readiness.isDisjoint(with: [.failed, .hungUp]), !readiness.contains(.readable) || !isReading {
            close(.failed(errno: ECONNRESET))
        }
        finishTurn()
        assertInvariants { () throws(InvariantViolation) in try checkInvariants() }
    }

    /// Whether a readable socket is read from.
    var isReading: Bool { mayReceive && !isFrameHeldBack }

    private func finishTurn() {
        if outbound.hasReady || secured != nil { flush() }
        closeIfLeft()
        kept.trim()
        if !kept.isEmpty, isOpen { leaseFrame() }
        if case .draining(let reason) = phase, outbound.count == 0, secured?.outgoing.isEmpty ?? true {
            phase = .closing(reason)
        }
        isInTurn = false
        if case .closing(let reason) = phase { return tearDown(reason) }
        // Whole frames were kept because of a bound that the last flush has lifted, or as the turn had its
        // share: no event of the socket would come for them.
        if !kept.isEmpty, kept.missing == 0, mayHandle { takeAnotherTurn() }
        if context.budget.isUnderPressure { dropPrefetched() }
        settle()
        var wanted: Readiness = []
        if isReading { wanted.insert(.readable) } else if !hasPeerEnded { wanted.insert(.peerEnded) }
        if isBlocked { wanted.insert(.writable) }
        guard wanted != interest, let registration else { return }
        interest = wanted
        loop.change(registration, of: socket.descriptor, to: wanted)
    }

    private func tearDown(_ reason: CloseReason) {
        phase = .closed(reason)
        let wasOpened = secured?.isEstablished ?? true
        sendClosingMessage()
        if let registration { loop.forget(registration, of: socket.descriptor) }
        registration = nil
        socket.close()
        for timer in [idleTimer, muteTimer, coldTimer, secured?.handshakeTimer] {
            if let timer { loop.cancel(timer) }
        }
        (idleTimer, muteTimer, coldTimer, mutedUntil) = (nil, nil, nil, 0)
        kept.removeAll()
        frameWish?.cancel()
        frameWish = nil
        frameLease = nil
        let unsent = outbound
        outbound = OutboundQueue()
        unsent.abandon()
        secured = nil
        settle()
        context.counts.leave(peer.host)
        loop.connectionLeft()
        if reason.isNoteworthy {
            context.logger.logLimited(
                .warning, reason == .handshakeTimeout ? "handshake.timed_out" : "connection.closed",
                ["peer": "\(peer)", "listener": listener.name.text, "reason": "\(reason)"])
        }
        if wasOpened { handler.closed(self) }
        attachment = nil
    }
}
