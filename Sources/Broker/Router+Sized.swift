// Requests whose replies may be large: each waits for memory for its reply, then for the work, and its reply
// is made on the pool. What waits is kept as the bytes that came, as values take several times as much.
internal import Base
internal import Network
internal import Protocol

/// A request as it came, which is read where there is memory for what it says.
private struct KeptRequest<Served: RequestHandler>: Sendable {
    let measure: ReplySize<Served.Request>.Measure
    let bytes: [UInt8]
    let start: Int
    let request: PendingRequest
    var context: RequestContext { request.context }

    private func body() throws(WireError) -> Served.Request {
        try Served.Request(reading: unsafe bytes.span.bytes, from: start, version: context.version)
    }

    /// About how many bytes the reply takes.
    func replyBytes() -> Result<Int, WireError> {
        do throws(WireError) { return .success(measure(try body(), context, context.replyMaxBytes)) } catch {
            return .failure(error)
        }
    }

    func outcome() -> Result<Outcome<Served.Reply>, WireError> {
        do throws(WireError) { return .success(Served.handle(try body(), context)) } catch {
            return .failure(error)
        }
    }
}

extension RequestContext {
    /// The largest reply: small ones take none of the memory for replies.
    fileprivate var replyMaxBytes: Int { max(memory.shares.largestReplyBytes, MemoryShares.smallMaxBytes) }
}

/// A wish for the memory of a reply, and what is to be done where the client goes before it has it.
private final class ReplyWish: AwaitedReply {
    private let wish: MemoryWish
    private let gone: @Sendable () -> Void

    init(wish: MemoryWish, gone: @escaping @Sendable () -> Void) {
        self.wish = wish
        self.gone = gone
    }

    func abandon() {
        wish.cancel()
        gone()
    }
}

extension Router {
    /// Serves a request whose reply may be large.
    func serve<Served: RequestHandler>(
        _ handler: Served.Type, _ measure: @escaping ReplySize<Served.Request>.Measure, _ frame: RawSpan,
        _ start: Int, _ request: PendingRequest, _ connection: isolated Connection
    ) throws(WireError) {
        let context = request.context
        func kept() -> KeptRequest<Served> {
            let bytes = unsafe frame.withUnsafeBytes { unsafe [UInt8]($0) }
            connection.hold(bytes.count, for: request.slot)
            return KeptRequest(measure: measure, bytes: bytes, start: start, request: request)
        }
        guard frame.byteCount <= MemoryShares.smallMaxBytes else { return self.measure(kept(), connection) }
        let body = try Served.Request(reading: frame, from: start, version: context.version)
        let replyBytes = measure(body, context, context.replyMaxBytes)
        let bytes = frame.byteCount + replyBytes
        guard bytes > ReplyMemory.loopMaxBytes else {
            return finish(handler, handler.handle(body, context), request, connection)
        }
        guard bytes <= MemoryShares.smallMaxBytes else { return answer(kept(), replyBytes, connection) }
        connection.pauseRequests()
        broker.sockets.pool.run(for: context.loop) {
            handler.handle(body, context)
        } then: { [self, connection = connection as Connection] outcome in
            goOn(handler, .success(outcome), request.with(nil, nil), connection)
        }
    }

    /// Finds out how large the reply to a large request will be, which names so much that to read it takes
    /// long.
    private func measure<Served>(_ kept: KeptRequest<Served>, _ connection: isolated Connection) {
        let context = kept.context
        connection.pauseRequests()
        let bytes = ReplyMemory.workBytes(request: kept.bytes.count, reply: 0)
        context.memory.whenLeasedForWork(bytes, for: context.holder) {
            [self, connection = connection as Connection] work in
            broker.sockets.pool.run(for: context.loop) {
                withExtendedLifetime(work) { kept.replyBytes() }
            } then: { [self] result in
                connection.assumeIsolated {
                    switch result {
                    case .success(let bytes): answer(kept, bytes, $0)
                    case .failure(let error): refuse(kept.request, error, $0)
                    }
                    $0.resumeRequests()
                }
            }
        }
    }

    /// Answers a request once there is memory for the reply.
    private func answer<Served>(
        _ kept: KeptRequest<Served>, _ replyBytes: Int, _ connection: isolated Connection
    ) {
        guard connection.isOpen else { return }
        let limitBytes = kept.context.replyMaxBytes
        guard replyBytes <= limitBytes else {
            return connection.close(
                .handler("a reply of \(replyBytes) bytes or more does not fit into memory (\(limitBytes))"))
        }
        connection.pauseRequests()
        guard replyBytes > MemoryShares.smallMaxBytes else { return make(kept, replyBytes, nil, connection) }
        wish(for: replyBytes, kept.request, connection) {
            [self, connection = connection as Connection] lease in
            make(kept, replyBytes, lease, connection)
        }
    }

    /// Calls `granted`, on any thread, with memory for the reply; while that is waited for nothing else is
    /// held but the request.
    ///
    /// Where the connection ends meanwhile, `gone` is called on its loop, though memory may be granted at the
    /// same time.
    func wish(
        for replyBytes: Int, _ request: PendingRequest, _ connection: isolated Connection,
        orGone gone: @escaping @Sendable () -> Void = {},
        granted: @escaping @Sendable (MemoryLease) -> Void
    ) {
        let context = request.context
        let wish = context.memory.whenLeased(replyBytes, as: .reply, for: context.holder) {
            [connection = connection as Connection] lease in
            if let lease { return granted(lease) }
            context.loop.post { connection.assumeIsolated { $0.close(.shutdown) } }
        }
        guard let wish else { return }
        connection.expect(ReplyWish(wish: wish, gone: gone), for: request.slot)
    }

    private func make<Served>(
        _ kept: KeptRequest<Served>, _ replyBytes: Int, _ lease: MemoryLease?, _ connection: Connection
    ) {
        let context = kept.context
        let bytes = ReplyMemory.workBytes(request: kept.bytes.count, reply: replyBytes)
        context.memory.whenLeasedForWork(bytes, for: context.holder) { [self] work in
            broker.sockets.pool.run(for: context.loop) {
                kept.outcome()
            } then: { [self] result in
                // What waits for others does so without the memory for work.
                let mayWait = if case .success(.now) = result { false } else { true }
                goOn(Served.self, result, kept.request.with(lease, mayWait ? nil : work), connection)
            }
        }
    }

    /// Goes on with a request that was handled on the pool, on its loop.
    private func goOn<Served: Handler>(
        _ handler: Served.Type, _ result: Result<Outcome<Served.Reply>, WireError>,
        _ request: PendingRequest, _ connection: Connection
    ) {
        connection.assumeIsolated {
            if $0.isOpen {
                $0.hold(0, for: request.slot)
                switch result {
                case .success(let outcome): finish(handler, outcome, request, $0)
                case .failure(let error): refuse(request, error, $0)
                }
            }
            $0.resumeRequests()
        }
    }
}
