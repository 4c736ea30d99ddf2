// Accepts connections, admits or refuses them, and spreads them over the loops.
package import Base
import Glibc

/// What all listeners of one broker share.
package struct NetworkServices: Sendable {
    /// The bounds of everything.
    package let limits: NetworkLimits
    /// Memory held for peers.
    package let budget: MemoryBudget
    /// Who is connected.
    package let counts: ConnectionCounts
    /// Where slow work is done.
    package let pool: WorkPool
    /// Where refusals and protocol errors are noted.
    package let logger: Logger

    /// Services with these limits.
    package init(limits: NetworkLimits, loops: EventLoopGroup, pool: WorkPool, logger: Logger) {
        self.limits = limits
        self.pool = pool
        self.logger = logger
        budget = MemoryBudget(limits.memory)
        budget.whenMuchWasFreed { pool.run { Machine.returnFreeMemory() } }
        for loop in loops.loops { PressureSweep.begin(on: loop, budget, limits) }
        counts = ConnectionCounts(limits: limits)
    }
}

/// A socket that listens for clients.
package actor Listener {
    /// What was asked for.
    package nonisolated let address: ListenerAddress
    /// What it is bound to: with the port that the system chose, where none was asked for.
    package nonisolated let local: SocketAddress
    /// The loop, as the executor of this actor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    private nonisolated let loop: EventLoop
    private nonisolated let group: EventLoopGroup
    private nonisolated let context: ConnectionContext
    private let makeHandler: @Sendable () -> any ConnectionHandler
    private var socket: Socket
    private var registration: EventLoop.Registration?
    private var restTimer: TimerID?

    /// Binds to `address` and listens; accepts nothing before `start`.
    ///
    /// A host that stands for every address (none, `0.0.0.0` or `::`) takes IPv4 and IPv6, unless another
    /// listener has the other family of this port. `makeHandler` may give the same handler for all
    /// connections.
    package init(
        _ address: ListenerAddress, sharesPort: Bool = false, on group: EventLoopGroup,
        services: NetworkServices,
        security: (@Sendable () -> any TransportSecurity)? = nil,
        handler makeHandler: @escaping @Sendable () -> any ConnectionHandler
    ) throws(NetworkError) {
        if address.security.usesTLS, security == nil {
            throw .unsupportedSecurity(address.security, listener: address.name)
        }
        let bound = try Listener.bind(
            address, sharesPort: sharesPort, backlog: services.limits.listenBacklog)
        self.address = address
        self.group = group
        self.makeHandler = makeHandler
        loop = group.loops[0]
        local = bound.localAddress ?? SocketAddress(host: .anyIPv4, port: address.port)
        socket = bound
        context = ConnectionContext(
            listener: address, limits: services.limits, counts: services.counts, budget: services.budget,
            pool: services.pool, logger: services.logger, makeSecurity: security)
    }

    private static func bind(
        _ address: ListenerAddress, sharesPort: Bool, backlog: Int32
    ) throws(NetworkError) -> Socket {
        guard address.isEverywhere, !sharesPort else {
            let resolved = try SocketAddress.resolve(host: address.host, port: address.port)
            return try .listening(on: resolved, isDual: false, backlog: backlog)
        }
        do {
            let everywhere = SocketAddress(host: .anyIPv6, port: address.port)
            return try .listening(on: everywhere, isDual: true, backlog: backlog)
        } catch .system, .addressNotAvailable {
            // Machines without IPv6.
            let everywhere = SocketAddress(host: .anyIPv4, port: address.port)
            return try .listening(on: everywhere, isDual: false, backlog: backlog)
        }
    }

    /// Begins to accept; from any thread.
    package nonisolated func start() {
        loop.post { [self] in assumeIsolated { $0.watch() } }
    }

    /// Stops to listen and frees the port, but keeps the connections; from any thread.
    package nonisolated func stop() {
        loop.post { [self] in assumeIsolated { $0.close() } }
    }
}

// MARK: - Accepting

extension Listener: EventSource {
    private func watch() {
        guard registration == nil, socket.descriptor >= 0 else { return }
        do {
            registration = try loop.watch(socket.descriptor, for: .readable, self)
        } catch {
            context.logger.logLimited(
                .error, "listener.not_watched", ["listener": address.name.text, "error": "\(error)"])
        }
    }

    func close() {
        if let restTimer { loop.cancel(restTimer) }
        if let registration { loop.forget(registration, of: socket.descriptor) }
        registration = nil
        socket.close()
    }

    /// Accepts what waits, for the loop.
    package nonisolated func ready(_ readiness: Readiness) { assumeIsolated { $0.accept() } }

    private func accept() {
        guard registration != nil else { return }
        for _ in 0..<context.limits.acceptsPerTurn {
            guard let (descriptor, peer) = socket.accept() else { return acceptFailed(errno) }
            do {
                try context.counts.admit(peer.host)
            } catch {
                _ = Glibc.close(descriptor)
                noteRefusal(of: peer, error)
                continue
            }
            adopt(descriptor, from: peer)
        }
    }

    private func adopt(_ descriptor: Int32, from peer: SocketAddress) {
        Socket.setBuffers(
            of: descriptor, send: context.limits.sendBufferBytes, receive: context.limits.receiveBufferBytes)
        let home = group.leastConnected()
        let connection = Connection(
            descriptor: descriptor, peer: peer, loop: home, context: context, handler: makeHandler())
        home.connectionJoins()
        if home.isCurrent {
            connection.assumeIsolated { $0.open() }
        } else {
            home.post { connection.assumeIsolated { $0.open() } }
        }
    }

    private func acceptFailed(_ errno: Int32) {
        switch errno {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            // The listener would be reported ready again and again without any way to take the connection.
            context.logger.logLimited(
                .error, "accept.failed", ["listener": address.name.text, "error": describe(errno: errno)])
            rest()
        default:
            // Nothing waits any more, or one connection failed before it was taken.
            return
        }
    }

    private func rest() {
        guard let registration else { return }
        loop.change(registration, of: socket.descriptor, to: [])
        restTimer = loop.schedule(after: context.limits.acceptPause) { [self] in assumeIsolated { $0.wake() }
        }
    }

    private func wake() {
        restTimer = nil
        guard let registration else { return }
        loop.change(registration, of: socket.descriptor, to: .readable)
    }

    private func noteRefusal(of peer: SocketAddress, _ refusal: ConnectionCounts.Refusal) {
        context.logger.logLimited(
            .warning, "connection.refused",
            ["peer": "\(peer.host)", "listener": address.name.text, "reason": "\(refusal)"])
    }
}
