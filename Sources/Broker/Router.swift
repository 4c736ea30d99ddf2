// From a frame to a handler and back: the one switch on the API key. Requests of a connection start in their
// order of arrival; those that cannot start yet hold back the next ones; replies leave in order whatever
// happens (the connection sees to that).
internal import Base
package import Network
package import Protocol
internal import Storage

/// Decodes requests, calls their handlers and sends the replies.
package final class Router: ConnectionHandler {
    let broker: Broker

    init(_ broker: Broker) { self.broker = broker }

    /// The keys that are served, by their numbers; GAPS.md lists the others.
    ///
    /// `dispatch` switches over them, so that the compiler asks for the handler of each.
    private enum ServedKey: Int16, CaseIterable {
        case produce = 0
        case fetch = 1
        case listOffsets = 2
        case metadata = 3
        case offsetCommit = 8
        case offsetFetch = 9
        case findCoordinator = 10
        case joinGroup = 11
        case heartbeat = 12
        case leaveGroup = 13
        case syncGroup = 14
        case describeGroups = 15
        case listGroups = 16
        case apiVersions = 18
        case createTopics = 19
        case deleteTopics = 20
        case deleteRecords = 21
        case initProducerID = 22
        case offsetForLeaderEpoch = 23
        case deleteGroups = 42
        case offsetDelete = 47
        case describeCluster = 60
        case consumerGroupHeartbeat = 68
        case consumerGroupDescribe = 69
    }

    /// The requests that are served, with their versions, in the order of their keys.
    package static let servedKeys: [(key: APIKey, versions: ClosedRange<Int16>)] =
        ServedKey.allCases.compactMap { served in
            guard let key = APIKey(rawValue: served.rawValue), let versions = key.served else { return nil }
            return (key, versions)
        }

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
        // The header could be read, so its key exists.
        guard let key = header.key else {
            return connection.close(.handler("unknown API key \(header.requestAPIKey)"))
        }
        guard let served = ServedKey(rawValue: key.rawValue), let versions = key.served,
            versions.contains(header.version)
        else {
            return refuse(key, header, connection)
        }
        let limitBytes = ReplyMemory.requestMaxBytes(key, broker.sockets.memory.shares)
        guard frame.byteCount <= limitBytes else {
            return connection.close(
                .handler("\(key.name) request of \(frame.byteCount) bytes, of at most \(limitBytes)"))
        }
        let slot = connection.reserveReply()
        let request = PendingRequest(
            slot: slot,
            context: RequestContext(
                header: header, broker: broker, loop: connection.loop, listener: connection.listener.name,
                local: connection.local, peer: connection.peer))
        start(served, request, &frame, bodyStart, connection)
    }

    /// Hands a request to its handler, once the partitions that it names are open.
    ///
    /// One that waited for them too long (`isLate`) is told what can be told without them.
    private func start(
        _ key: ServedKey, _ request: PendingRequest, _ frame: inout MutableRawSpan, _ bodyStart: Int,
        _ connection: isolated Connection, isLate: Bool = false
    ) {
        do throws(WireError) {
            let unopened =
                isLate ? [] : try NamedPartitions.unopened(request.context, frame.bytes, bodyStart)
            guard unopened.isEmpty else {
                let barrier = hold(key, request, frame.bytes, bodyStart, count: unopened.count, connection)
                for partition in unopened { partition.whenSettled { barrier.durable(0, failed: false) } }
                return
            }
            // Of all requests only Produce may overlap with appends.
            if !isLate, key != .produce, let underWay = connection.underWay, underWay.isAppending {
                let barrier = hold(key, request, frame.bytes, bodyStart, count: 1, connection)
                return underWay.whenFinished { barrier.durable(0, failed: false) }
            }
            try dispatch(key, &frame, bodyStart, request, connection)
        } catch {
            refuse(request, error, connection)
        }
        if key == .produce { waitForDisk(connection) }
    }

    /// What cannot be decoded closes its connection.
    func refuse(_ request: PendingRequest, _ error: WireError, _ connection: isolated Connection) {
        let header = request.context.header
        let name = header.key?.name ?? "\(header.requestAPIKey)"
        connection.close(
            .handler("\(name) request of version \(header.version) cannot be decoded: \(error)"))
    }

    /// Keeps a request, and those behind it, until the barrier has heard `count` times that it may start, or
    /// passes for late.
    private func hold(
        _ key: ServedKey, _ request: PendingRequest, _ frame: RawSpan, _ bodyStart: Int, count: Int,
        _ connection: isolated Connection
    ) -> DurabilityBarrier {
        let goOn = keep(key, request, frame, bodyStart, connection)
        let wait = Deferred<Void>()
        DiskWait.whenOver(wait, on: connection.loop) { isLate in goOn(request, isLate) }
        return DurabilityBarrier(count: count) { wait.complete(()) }
    }

    /// Keeps a request, and those behind it, until what this returns is called, on the loop and once.
    private func keep(
        _ key: ServedKey, _ request: PendingRequest, _ frame: RawSpan, _ bodyStart: Int,
        _ connection: isolated Connection
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
                self.start(key, request, &raw, bodyStart, $0, isLate: isLate)
                $0.resumeRequests()
            }
        }
    }

    /// Produce is decided in the frame itself: where its reply is not small, the frame is kept until there is
    /// memory for that.
    private func produce(
        _ frame: inout MutableRawSpan, _ start: Int, _ request: PendingRequest,
        _ connection: isolated Connection
    ) throws(WireError) {
        let context = request.context
        let body = try ProduceRequest(reading: frame.bytes, from: start, version: context.version)
        let partitionCount = body.partitionCount
        guard partitionCount <= ReplyMemory.producePartitionsMax else {
            return connection.close(
                .handler(
                    "Produce request of \(partitionCount) partitions, of at most "
                        + "\(ReplyMemory.producePartitionsMax)"))
        }
        let replyBytes = body.replyBytes
        guard replyBytes > MemoryShares.smallMaxBytes, body.acks != 0, !request.isLeased else {
            let outcome = ProduceHandler.handle(body, frame: &frame, context)
            return finish(outcome, ProduceHandler.effect, request, connection, Self.frame)
        }
        let goOn = keep(.produce, request, frame.bytes, start, connection)
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

    private func dispatch(
        _ key: ServedKey, _ frame: inout MutableRawSpan, _ start: Int, _ request: PendingRequest,
        _ connection: isolated Connection
    ) throws(WireError) {
        let context = request.context
        switch key {
        case .produce: try produce(&frame, start, request, connection)
        case .fetch:
            let body = try FetchRequest(reading: frame.bytes, from: start, version: context.version)
            finish(FetchHandler.handle(body, context), FetchHandler.effect, request, connection) {
                reply, header throws(WireError) in
                try reply.outbound(answering: header)
            }
        case .listOffsets: try serve(ListOffsetsHandler.self, frame.bytes, start, request, connection)
        case .metadata: try serve(MetadataHandler.self, frame.bytes, start, request, connection)
        case .offsetCommit: try serve(OffsetCommitHandler.self, frame.bytes, start, request, connection)
        case .offsetFetch: try serve(OffsetFetchHandler.self, frame.bytes, start, request, connection)
        case .findCoordinator:
            try serve(FindCoordinatorHandler.self, frame.bytes, start, request, connection)
        case .joinGroup: try serve(JoinGroupHandler.self, frame.bytes, start, request, connection)
        case .heartbeat: try serve(HeartbeatHandler.self, frame.bytes, start, request, connection)
        case .leaveGroup: try serve(LeaveGroupHandler.self, frame.bytes, start, request, connection)
        case .syncGroup: try serve(SyncGroupHandler.self, frame.bytes, start, request, connection)
        case .describeGroups: try serve(DescribeGroupsHandler.self, frame.bytes, start, request, connection)
        case .listGroups: try serve(ListGroupsHandler.self, frame.bytes, start, request, connection)
        case .apiVersions: try serve(ApiVersionsHandler.self, frame.bytes, start, request, connection)
        case .createTopics: try serve(CreateTopicsHandler.self, frame.bytes, start, request, connection)
        case .deleteTopics: try serve(DeleteTopicsHandler.self, frame.bytes, start, request, connection)
        case .deleteRecords: try serve(DeleteRecordsHandler.self, frame.bytes, start, request, connection)
        case .initProducerID: try serve(InitProducerIDHandler.self, frame.bytes, start, request, connection)
        case .offsetForLeaderEpoch:
            try serve(OffsetForLeaderEpochHandler.self, frame.bytes, start, request, connection)
        case .deleteGroups: try serve(DeleteGroupsHandler.self, frame.bytes, start, request, connection)
        case .offsetDelete: try serve(OffsetDeleteHandler.self, frame.bytes, start, request, connection)
        case .describeCluster:
            try serve(DescribeClusterHandler.self, frame.bytes, start, request, connection)
        case .consumerGroupHeartbeat:
            try serve(ConsumerGroupHeartbeatHandler.self, frame.bytes, start, request, connection)
        case .consumerGroupDescribe:
            try serve(ConsumerGroupDescribeHandler.self, frame.bytes, start, request, connection)
        }
    }

    private func serve<Handler: RequestHandler>(
        _ handler: Handler.Type, _ frame: RawSpan, _ start: Int, _ request: PendingRequest,
        _ connection: isolated Connection
    ) throws(WireError) {
        let body = try Handler.Request(reading: frame, from: start, version: request.context.version)
        finish(handler.handle(body, request.context), handler.effect, request, connection, Self.frame)
    }

    /// An unknown version of ApiVersions is answered, so that the client can try another one; Kafka closes on
    /// all others.
    private func refuse(_ key: APIKey, _ header: RequestHeader, _ connection: isolated Connection) {
        guard key == .apiVersions else {
            return connection.close(
                .handler(
                    "\(key.name) version \(header.version) is not served to client \(header.clientID ?? "?")")
            )
        }
        let slot = connection.reserveReply()
        do throws(WireError) {
            let frame = try ApiVersionsHandler.unsupportedVersion().frame(
                correlationID: header.correlationID, version: 0)
            connection.complete(slot, with: OutboundReply(frame.bytes))
        } catch {
            connection.close(.handler("the reply cannot be encoded: \(error)"))
        }
    }

    /// A reply that is nothing but a message.
    static func frame(
        _ body: consuming some ReplyMessage, answering header: RequestHeader
    ) throws(WireError) -> OutboundReply {
        OutboundReply(try body.frame(answering: header).bytes)
    }

    func finish<Reply: Sendable>(
        _ outcome: Outcome<Reply>, _ effect: RequestEffect, _ request: PendingRequest,
        _ connection: isolated Connection,
        _ encode: @escaping @Sendable (consuming Reply, RequestHeader) throws(WireError) -> OutboundReply
    ) {
        switch outcome {
        case .now(let reply):
            request.send(reply, on: connection, encode)
        case .later(let deferred):
            connection.expect(deferred, for: request.slot)
            let goOn = begin(effect, connection)
            deferred.whenCompleted(on: connection.loop) { [connection = connection as Connection] reply in
                connection.assumeIsolated {
                    request.send(reply, on: $0, encode)
                    goOn?($0)
                }
            }
        case .starting(let deferred):
            connection.pauseRequests()
            deferred.whenCompleted(on: connection.loop) {
                [self, connection = connection as Connection] outcome in
                connection.assumeIsolated {
                    self.finish(outcome, effect, request, $0, encode)
                    $0.resumeRequests()
                }
            }
        case .none:
            connection.cancel(request.slot)
        case .close(let reason):
            connection.close(.handler(reason))
        }
    }

    /// Holds back what may not overlap with a request that has such an effect and goes on later; what ends
    /// that is to be called when it is finished.
    private func begin(
        _ effect: RequestEffect, _ connection: isolated Connection
    ) -> (@Sendable (isolated Connection) -> Void)? {
        switch effect {
        case .none, .immediate: return nil
        case .appends:
            let underWay = connection.noteUnderWay()
            underWay.began()
            return { _ in underWay.finished() }
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

/// A request whose reply is still to be sent.
struct PendingRequest: Sendable {
    let slot: ReplySlot
    let context: RequestContext
    /// For a reply that takes long to write: its memory, and that for the values that it is made of, where
    /// they are not small.
    private var leases: (reply: MemoryLease?, work: MemoryLease?)?

    init(slot: ReplySlot, context: RequestContext) {
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

    func send<Reply: Sendable>(
        _ reply: consuming Reply, on connection: isolated Connection,
        _ encode: @escaping @Sendable (consuming Reply, RequestHeader) throws(WireError) -> OutboundReply
    ) {
        guard let leases else { return complete(Self.encoded(reply, context.header, encode), on: connection) }
        // What is large takes long to write.
        context.broker.sockets.pool.run(for: context.loop) { [reply, context] in
            Self.encoded(reply, context.header, encode)
        } then: { [self, connection = connection as Connection] result in
            connection.assumeIsolated { complete(result.map { $0.leased(leases.reply) }, on: $0) }
        }
    }

    private static func encoded<Reply>(
        _ reply: consuming Reply, _ header: RequestHeader,
        _ encode: (consuming Reply, RequestHeader) throws(WireError) -> OutboundReply
    ) -> Result<OutboundReply, WireError> {
        do throws(WireError) { return .success(try encode(reply, header)) } catch { return .failure(error) }
    }

    private func complete(_ result: Result<OutboundReply, WireError>, on connection: isolated Connection) {
        switch result {
        case .success(let reply): connection.complete(slot, with: reply)
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
