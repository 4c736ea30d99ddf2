// Which partitions a request is about, and which of the results its reply carries: the part of a fetch that
// sessions decide (KIP-227).
internal import Base
internal import Protocol
internal import Storage

/// A request's relation to a session.
struct FetchSessionContext: Sendable {
    private enum Kind {
        /// The request stands alone.
        case sessionless
        /// The first request of a session, which is opened with the reply.
        case opening
        /// A later request.
        case incremental(id: Int32)
    }

    /// Epochs that are not numbers of requests.
    private enum Epoch {
        static let initial: Int32 = 0
        static let final: Int32 = -1
    }

    private let kind: Kind
    /// The partitions to read, in serving order.
    let targets: [FetchTarget]
    private let usesTopicIDs: Bool

    init(_ request: FetchRequest, _ context: RequestContext) throws(FetchSessionCache.Refusal) {
        let sessions = context.broker.fetchSessions
        let named = request.targets
        usesTopicIDs = context.version >= 13
        switch request.sessionEpoch {
        case Epoch.initial, Epoch.final:
            if request.sessionID != 0 { sessions.close(request.sessionID) }
            kind = request.sessionEpoch == Epoch.final || context.version < 7 ? .sessionless : .opening
            targets = named
        default:
            let forgotten = Set(
                request.forgottenTopicsData.flatMap { topic in
                    topic.partitions.map {
                        FetchTarget.Key(topicName: topic.topic, topicID: topic.topicID, partition: $0)
                    }
                })
            targets = try sessions.advance(
                request.sessionID, epoch: request.sessionEpoch, updating: named, forgetting: forgotten,
                usesTopicIDs: usesTopicIDs, at: context.broker.clock.monotonicNanoseconds())
            kind = targets.isEmpty ? .sessionless : .incremental(id: request.sessionID)
        }
    }

    /// The session id for the reply, and the partitions that it carries.
    func answer(_ fetched: FetchedPartitions, _ context: RequestContext) -> (
        id: Int32, partitions: [FetchedPartition]
    ) {
        let sessions = context.broker.fetchSessions
        switch kind {
        case .sessionless:
            return (0, fetched.partitions)
        case .opening:
            let now = context.broker.clock.monotonicNanoseconds()
            let id = sessions.open(targets, usesTopicIDs: usesTopicIDs, at: now)
            if id != 0 { sessions.update(id) { session in _ = news(fetched, &session) } }
            return (id, fetched.partitions)
        case .incremental(let id):
            // A session that was closed meanwhile has no memory of what its client knows.
            var answered = fetched.partitions.filter(\.isNewsByItself)
            sessions.update(id) { session in
                answered = news(fetched, &session)
                session.rotate(served: Set(answered.filter { $0.byteCount > 0 }.map(\.target.key)))
            }
            return (id, answered)
        }
    }

    private func news(_ fetched: FetchedPartitions, _ session: inout FetchSession) -> [FetchedPartition] {
        fetched.partitions.filter { partition in
            let told = FetchSession.Told(
                highWatermark: partition.bounds?.highWatermark.value ?? -1,
                logStart: partition.bounds?.logStart.value ?? -1)
            return session.isNews(
                partition.target.key, byItself: partition.isNewsByItself, failed: partition.error != .none,
                now: told)
        }
    }
}

extension FetchRequest {
    /// The partitions that the request itself names, each once; the last wish counts, as in Kafka.
    fileprivate var targets: [FetchTarget] {
        let named = allTargets
        guard named.count > 1 else { return named }
        var places: [FetchTarget.Key: Int] = [:]
        places.reserveCapacity(named.count)
        var once: [FetchTarget] = []
        once.reserveCapacity(named.count)
        for target in named {
            if let place = places.updateValue(once.count, forKey: target.key) {
                places[target.key] = place
                once[place] = target
            } else {
                once.append(target)
            }
        }
        return once
    }

    private var allTargets: [FetchTarget] {
        topics.flatMap { topic in
            topic.partitions.map { partition in
                FetchTarget(
                    key: .init(
                        topicName: topic.topic, topicID: topic.topicID, partition: partition.partition),
                    fetchOffset: Offset(partition.fetchOffset), maxBytes: partition.partitionMaxBytes,
                    currentLeaderEpoch: max(-1, partition.currentLeaderEpoch),
                    lastFetchedEpoch: max(-1, partition.lastFetchedEpoch))
            }
        }
    }
}
