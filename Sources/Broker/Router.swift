// From a frame to its handler, which `HandlerTable` knows, and back. Requests of a connection start in their
// order of arrival; those that cannot start yet hold back the next ones; replies leave in order whatever
// happens (the connection sees to that).
internal import Base
package import Network
internal import Protocol
internal import Storage

/// Decodes requests, calls their handlers and sends the replies.
package final class Router: ConnectionHandler {
    let broker: Broker

    private let rows = HandlerTable.byNumber

    init(_ broker: Broker) { self.broker = broker }

    /// A new connection needs nothing until it speaks.
    package func opened(_ connection: isolated Connection) {}

    /// What its requests wait for was abandoned by the connection itself.
    package func closed(_ connection: isolated Connection) {}

    /// Serves one request.
    package func received(_ frame: inout MutableRawSpan, on connection: isolated Connection) {
        let header: RequestHeader
        let bodyStart: Int
        do throws(WireError) {
            (header, bodyStart) = try RequestHeader.read(from: frame.bytes)
        } catch {
            return connection.close(.handler("unreadable request header: \(error)"))
        }
        // The header could be read, so its key is one of the protocol's.
        guard let row = rows[Int(header.requestAPIKey)], row.versions.contains(header.version) else {
            return refuse(header, connection)
        }
        let limitBytes = row.requestSize.maxBytes(broker.sockets.memory.shares)
        guard frame.byteCount <= limitBytes else {
            return connection.close(
                .handler("\(row.key.name) request of \(frame.byteCount) bytes, of at most \(limitBytes)"))
        }
        let context = RequestContext(header: header, session: connection.session(with: broker))
        if header.version < row.keptFrom { broker.oldVersions.note(context, row.key) }
        let request = PendingRequest(row: row, slot: connection.reserveReply(), context: context)
        start(request, &frame, bodyStart, connection)
    }

    /// Hands a request to its handler, once the partitions that it names are open.
    ///
    /// One that waited for them too long (`isLate`) is told what can be told without them.
    private func start(
        _ request: PendingRequest, _ frame: inout MutableRawSpan, _ bodyStart: Int,
        _ connection: isolated Connection, isLate: Bool = false
    ) {
        let row = request.row
        let appends = row.effect == .appends
        do throws(WireError) {
            if !isLate, broker.catalog.opening.isAtWork {
                let unopened = try row.handler.unopened(frame.bytes, bodyStart, request.context)
                guard unopened.isEmpty else {
                    let barrier = hold(request, frame.bytes, bodyStart, count: unopened.count, connection)
                    for partition in unopened { partition.whenSettled { barrier.durable(0, failed: false) } }
                    return
                }
            }
            // Appends overlap with appends alone.
            let session = request.context.session
            if !isLate, !appends, session.isAppending {
                let barrier = hold(request, frame.bytes, bodyStart, count: 1, connection)
                return session.whenAppendsFinished { barrier.durable(0, failed: false) }
            }
            try row.serve(self, &frame, bodyStart, request, connection)
        } catch {
            refuse(request, error, connection)
        }
        if appends { waitForDisk(connection) }
    }

    /// What cannot be decoded closes its connection.
    func refuse(_ request: PendingRequest, _ error: WireError, _ connection: isolated Connection) {
        let name = request.row.key.name
        connection.close(
            .handler("\(name) request of version \(request.context.version) cannot be decoded: \(error)"))
    }

    /// Keeps a request, and those behind it, until the barrier has heard `count` times that it may start, or
    /// passes for late.
    private func hold(
        _ request: PendingRequest, _ frame: RawSpan, _ bodyStart: Int, count: Int,
        _ connection: isolated Connection
    ) -> DurabilityBarrier {
        let goOn = keep(request, frame, bodyStart, connection)
        let wait = Deferred<Void>()
        DiskWait.whenOver(wait, on: connection.loop) { isLate in goOn(request, isLate) }
        return DurabilityBarrier(count: count) { wait.complete(()) }
    }

    /// Keeps a request, and those behind it, until what this returns is called, on the loop and once.
    private func keep(
        _ request: PendingRequest, _ frame: RawSpan, _ bodyStart: Int, _ connection: isolated Connection
    ) -> @Sendable (_ request: PendingRequest, _ isLate: Bool) -> Void {
        let bytes = unsafe frame.withUnsafeBytes { unsafe [UInt8]($0) }
        connection.pauseRequests()
        connection.hold(bytes.count, for: request.slot)
        return { [self, connection = connection as Connection] request, isLate in
            connection.assumeIsolated {
                $0.hold(0, for: request.slot)
                var bytes = bytes
                var frame = bytes.mutableSpan
                var raw = unsafe frame.mutableBytes
                self.start(request, &raw, bodyStart, $0, isLate: isLate)
                $0.resumeRequests()
            }
        }
    }

    /// Serves a request in its frame, which is kept until there is memory for the reply where that is not
    /// small.
    func serve<Served: FrameHandler>(
        _ handler: Served.Type, _ measure: ReplySize<Served.Request>.Measure, _ frame: inout MutableRawSpan,
        _ start: Int, _ request: PendingRequest, _ connection: isolated Connection
    ) throws(WireError) {
        let context = request.context
        let body = try Served.Request(reading: frame.bytes, from: start, version: context.version)
        if let reason = handler.refusal(of: body) { return connection.close(.handler(reason)) }
        let replyBytes = measure(body, context, .max)
        guard replyBytes > MemoryShares.smallMaxBytes, !request.isLeased else {
            return finish(handler, handler.handle(body, frame: &frame, context), request, connection)
        }
        let goOn = keep(request, frame.bytes, start, connection)
        let first = First()
        let append: @Sendable (MemoryLease?) -> Void = { lease in
            guard first.claim() else { return }
            // For its partitions it has waited, if they had to be opened.
            context.loop.post { goOn(request.with(lease, nil), true) }
        }
        // As with Kafka what was read is appended, whether or not its client is still there; without one
        // there is no reply that takes memory.
        wish(for: replyBytes, request, connection, orGone: { append(nil) }, granted: append)
    }

    /// Serves a request whose reply is small.
    func serve<Served: RequestHandler>(
        _ handler: Served.Type, _ frame: RawSpan, _ start: Int, _ request: PendingRequest,
        _ connection: isolated Connection
    ) throws(WireError) {
        let body = try Served.Request(reading: frame, from: start, version: request.context.version)
        finish(handler, handler.handle(body, request.context), request, connection)
    }

    /// An unknown version of ApiVersions is answered as one of version 0, so that the client can try another
    /// one (KIP-511); Kafka closes on all others.
    private func refuse(_ header: RequestHeader, _ connection: isolated Connection) {
        let session = connection.session(with: broker)
        guard header.key == .apiVersions, let row = rows[Int(header.requestAPIKey)] else {
            let name = header.key?.name ?? "\(header.requestAPIKey)"
            let software = session.software.map { " (\($0.name) \($0.version))" } ?? ""
            return connection.close(
                .handler(
                    "\(name) version \(header.version) is not served to client "
                        + "\(header.clientID ?? "?")\(software)"))
        }
        var answered = header
        answered.requestAPIVersion = 0
        let request = PendingRequest(
            row: row, slot: connection.reserveReply(),
            context: RequestContext(header: answered, session: session))
        let reply = ApiVersionsHandler.unsupportedVersion()
        finish(ApiVersionsHandler.self, .now(reply), request, connection)
    }

    /// Sends what a handler made of a request, now or when it is known.
    func finish<Served: Handler>(
        _ handler: Served.Type, _ outcome: Outcome<Served.Reply>, _ request: PendingRequest,
        _ connection: isolated Connection
    ) {
        switch outcome {
        case .now(let reply):
            request.send(reply, of: handler, on: connection)
        case .later(let deferred):
            connection.expect(deferred, for: request.slot)
            let goOn = begin(handler.effect, request.context.session, connection)
            deferred.whenCompleted(on: connection.loop) { [connection = connection as Connection] reply in
                connection.assumeIsolated {
                    request.send(reply, of: handler, on: $0)
                    goOn?($0)
                }
            }
        case .starting(let deferred):
            connection.pauseRequests()
            deferred.whenCompleted(on: connection.loop) {
                [self, connection = connection as Connection] outcome in
                connection.assumeIsolated {
                    self.finish(handler, outcome, request, $0)
                    $0.resumeRequests()
                }
            }
        case .none:
            request.sendNothing(on: connection)
        case .close(let reason):
            connection.close(.handler(reason))
        }
    }

    /// Holds back what may not overlap with a request that has such an effect and goes on later; what ends
    /// that is to be called when it is finished.
    private func begin(
        _ effect: RequestEffect, _ session: Session, _ connection: isolated Connection
    ) -> (@Sendable (isolated Connection) -> Void)? {
        switch effect {
        case .none, .immediate: return nil
        case .appends:
            session.beganAppend()
            return { _ in session.finishedAppend() }
        case .whenFinished:
            connection.pauseRequests()
            return { $0.resumeRequests() }
        }
    }

    /// Too much is written but not yet on the disk: this producer is read again when that has changed, and
    /// where the disk stands still, after the limit, to be told so.
    private func waitForDisk(_ connection: isolated Connection) {
        guard broker.storage.isOverBudget else { return }
        connection.pauseRequests()
        let wait = Deferred<Void>()
        broker.storage.whenBelowBudget { wait.complete(()) }
        DiskWait.whenOver(wait, on: connection.loop) { [connection = connection as Connection] _ in
            connection.assumeIsolated { $0.resumeRequests() }
        }
    }
}
