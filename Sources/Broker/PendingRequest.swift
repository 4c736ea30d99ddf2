// A request between its arrival and its reply.
internal import Network
internal import Protocol

/// A request whose reply is still to be sent.
struct PendingRequest: Sendable {
    let row: HandlerRow
    let slot: ReplySlot
    let context: RequestContext
    /// For a reply that takes long to write: its memory, and that for the values that it is made of, where
    /// they are not small.
    private var leases: (reply: MemoryLease?, work: MemoryLease?)?

    init(row: HandlerRow, slot: ReplySlot, context: RequestContext) {
        self.row = row
        self.slot = slot
        self.context = context
    }

    /// Whether its reply has its memory.
    var isLeased: Bool { leases != nil }

    /// The same request, whose reply has its memory and is written on the pool.
    func with(_ reply: MemoryLease?, _ work: MemoryLease?) -> PendingRequest {
        var leased = self
        leased.leases = (reply, work)
        return leased
    }

    /// Sends the reply of its handler, and makes the client wait where it is to.
    func send<Served: Handler>(
        _ reply: consuming Served.Reply, of handler: Served.Type, on connection: isolated Connection
    ) {
        let throttle = context.broker.quotas.throttleMilliseconds(after: context)
        if throttle > 0 { handler.setThrottleTime(throttle, in: &reply) }
        guard let leases else {
            return complete(Self.encoded(reply, handler, context.header), throttle, on: connection)
        }
        // What is large takes long to write.
        context.broker.sockets.pool.run(for: context.loop) { [reply, context] in
            Self.encoded(reply, handler, context.header)
        } then: { [self, connection = connection as Connection] result in
            connection.assumeIsolated { complete(result.map { $0.leased(leases.reply) }, throttle, on: $0) }
        }
    }

    /// Ends a request that has no reply, whose client waits all the same.
    func sendNothing(on connection: isolated Connection) {
        connection.cancel(slot)
        mute(connection, context.broker.quotas.throttleMilliseconds(after: context))
    }

    /// Reads nothing more from a client that is to wait: not all of them do so by themselves.
    private func mute(_ connection: isolated Connection, _ throttle: Int32) {
        guard throttle > 0 else { return }
        connection.mute(until: context.loop.now &+ Int64(throttle) * 1_000_000)
    }

    private static func encoded<Served: Handler>(
        _ reply: consuming Served.Reply, _ handler: Served.Type, _ header: RequestHeader
    ) -> Result<OutboundReply, WireError> {
        do throws(WireError) { return .success(try handler.encode(reply, answering: header)) } catch {
            return .failure(error)
        }
    }

    private func complete(
        _ result: Result<OutboundReply, WireError>, _ throttle: Int32, on connection: isolated Connection
    ) {
        switch result {
        case .success(let reply):
            connection.complete(slot, with: reply)
            mute(connection, throttle)
        case .failure(let error): connection.close(.handler("the reply cannot be encoded: \(error)"))
        }
    }
}

extension OutboundReply {
    /// The same reply with its memory.
    func leased(_ lease: MemoryLease?) -> OutboundReply {
        var leased = self
        leased.lease = lease
        return leased
    }
}
