/// Fetch (key 1, v0–18): reads record batches. v3 total bound, first batch whole · v4 isolation level, format
/// v2 · v5 log start · v7 sessions (KIP-227) · v9 leader epochs · v11 rack · v12 flexible, diverging epochs ·
/// v13 topics by id · v15 replica state · v16 leader hints · v18 high watermark in requests. v0–3 get magic 0
/// or 1, converted.
internal import Base
internal import Network
internal import Protocol
internal import Storage

enum FetchHandler: RequestHandler {
    typealias Request = FetchRequest
    typealias Reply = FetchReply
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .needed { request in
        request.topics.map {
            (TopicReference(name: $0.topic, id: $0.topicID), $0.partitions.map(\.partition))
        }
    }
    /// Its partitions are read on a loop, and this names some 40,000 of them.
    static let requestSize = RequestSize.namingAtMost(2 << 20)
    static let replySize: ReplySize<Request> = .leasedByHandler

    static func encode(
        _ reply: consuming FetchReply, answering header: RequestHeader
    ) throws(WireError) -> OutboundReply {
        try reply.outbound(answering: header)
    }

    static func handle(_ request: FetchRequest, _ context: RequestContext) -> Outcome<FetchReply> {
        let session: FetchSessionContext
        do throws(FetchSessionCache.Refusal) {
            session = try FetchSessionContext(request, context)
        } catch {
            return .now(FetchReply(refusing: error))
        }
        let plan = FetchPlan(request, session, context)
        let reply = Deferred<FetchReply>()
        // What is isolated how is asked only where there is something to read.
        guard (0...1).contains(request.isolationLevel) || !plan.findsAny(context.topics) else {
            return make(request.refusalBytes, context, reply) { lease in
                FetchReply(failing: request, .unknownServerError, context, lease: lease)
            }
        }
        plan.read(context.topics).whenComplete(for: reply, on: context.loop) { fetched in
            if plan.isAnswered(by: fetched) {
                complete(reply, with: fetched, plan, session, context)
            } else {
                wait(plan, session, context, reply)
            }
        }
        return .later(reply)
    }

    private static func wait(
        _ plan: FetchPlan, _ session: FetchSessionContext, _ context: RequestContext,
        _ reply: Deferred<FetchReply>
    ) {
        let delayed = DelayedFetch(plan, context)
        let timer = delayed.begin()
        reply.whenAbandoned {
            context.loop.cancel(timer)
            delayed.cancel()
        }
        delayed.result.whenCompleted(on: context.loop) { fetched in
            context.loop.cancel(timer)
            complete(reply, with: fetched, plan, session, context)
        }
    }

    private static func complete(
        _ reply: Deferred<FetchReply>, with fetched: FetchedPartitions, _ plan: FetchPlan,
        _ session: FetchSessionContext, _ context: RequestContext
    ) {
        let isIsolated = plan.limit == .lastStable
        guard context.version < FetchReply.firstVersionWithBatches, fetched.byteCount > 0 else {
            make(fetched.replyBytes, context, reply) { lease in
                FetchReply(fetched, session, isIsolated: isIsolated, context, lease: lease)
            }
            return
        }
        let conversion = ConvertedFetch(fetched, context) { converted, lease in
            reply.complete(
                FetchReply(converted, session, isIsolated: isIsolated, context, lease: lease))
        }
        reply.whenAbandoned { conversion.cancel() }
        conversion.begin()
    }

    /// Completes `reply` with what `body` makes, once there is memory for so many `bytes` beside the records.
    @discardableResult
    private static func make(
        _ bytes: Int, _ context: RequestContext, _ reply: Deferred<FetchReply>,
        _ body: @escaping @Sendable (MemoryLease?) -> FetchReply
    ) -> Outcome<FetchReply> {
        guard bytes > MemoryShares.smallMaxBytes else {
            reply.complete(body(nil))
            return .later(reply)
        }
        let wish = context.memory.whenLeased(bytes, as: .reply, for: context.holder) { lease in
            context.broker.sockets.pool.run { reply.complete(body(lease)) }
        }
        if let wish { reply.whenAbandoned { wish.cancel() } }
        return .later(reply)
    }
}

extension FetchedPartitions {
    /// About how many bytes a reply takes beside the records.
    fileprivate var replyBytes: Int {
        partitions.reduce(0) {
            $0 + 2 * EntryBytes.topic + $1.target.key.topicName.utf8.count
                + ($1.slice?.aborted.count ?? 0) * EntryBytes.aborted
        }
    }
}

extension FetchRequest {
    /// About how many bytes a reply takes that fails for each partition.
    var refusalBytes: Int {
        topics.reduce(0) { $0 + EntryBytes.ofTopic($1.topic, $1.partitions.count, of: EntryBytes.topic) }
    }
}

extension FetchPlan {
    /// The plan for `request`, whose session says which partitions are meant.
    init(_ request: FetchRequest, _ session: FetchSessionContext, _ context: RequestContext) {
        self.context = context
        targets = session.targets
        let bound = min(request.maxBytes, context.broker.fetchMaxBytes)
        maxBytes = Int(max(0, bound))
        minBytes = Int(min(request.minBytes, bound))
        maxWaitMilliseconds = request.maxWaitMs
        limit = request.isolationLevel == 1 ? .lastStable : .highWatermark
        firstBatchComesWhole = context.version >= 3
        usesTopicIDs = context.version >= 13
    }

    /// Whether the answer can go out at once.
    func isAnswered(by fetched: FetchedPartitions) -> Bool {
        maxWaitMilliseconds <= 0 || targets.isEmpty || fetched.isEnough(minBytes)
    }
}
