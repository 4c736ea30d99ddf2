// All fetch sessions of the broker. Their number is bounded: where there is no room and no session is idle, a
// client simply gets no session, which the protocol allows, and sends full requests.
internal import Base

/// Keeps fetch sessions by id.
package final class FetchSessionCache: Sendable {
    /// Why a request cannot go on with its session.
    enum Refusal: Error {
        case unknownSession
        case wrongEpoch
        /// The request names topics by id and the session by name, or the other way round.
        case mixedTopicIDs
    }

    /// A session that was not used for so long makes room for another (Kafka's two minutes).
    static let idleNanoseconds: Int64 = 120 * 1_000_000_000

    /// Partitions of all sessions together, each of which takes some 200 bytes here for as long as its client
    /// likes: Kafka bounds only the number of sessions, whatever is in them.
    package static let partitionsMax = 200_000

    private struct State {
        var sessions: [Int32: FetchSession] = [:]
        /// Partitions of all of them.
        var partitions = 0
        var generator = BrokerRandom()

        mutating func end(_ id: Int32) {
            guard let ended = sessions.removeValue(forKey: id) else { return }
            partitions -= ended.count
        }
    }
    private let state = Lock(State())
    private let slots: Int
    private let partitionsMax: Int

    /// A cache of at most `slots` sessions.
    package init(slots: Int, partitionsMax: Int = FetchSessionCache.partitionsMax) {
        self.slots = slots
        self.partitionsMax = partitionsMax
    }

    /// How many sessions there are.
    package var count: Int { state.withLock { $0.sessions.count } }

    /// Opens a session for `targets`; 0, which means no session, where there is no room.
    func open(_ targets: [FetchTarget], usesTopicIDs: Bool, at nanoseconds: Int64) -> Int32 {
        state.withLock { state in
            if state.sessions.count >= slots {
                let idle = state.sessions.values.min { $0.lastUsedNanoseconds < $1.lastUsedNanoseconds }
                guard let idle, nanoseconds - idle.lastUsedNanoseconds > Self.idleNanoseconds else {
                    return 0
                }
                state.end(idle.id)
            }
            guard state.partitions + targets.count <= partitionsMax else { return 0 }
            var id: Int32 = 0
            while id == 0 || state.sessions[id] != nil {
                id = .random(in: 1...Int32.max, using: &state.generator)
            }
            let session = FetchSession(
                id: id, usesTopicIDs: usesTopicIDs, targets: targets, at: nanoseconds)
            state.sessions[id] = session
            state.partitions += session.count
            return id
        }
    }

    /// Ends a session, if there is one with this id.
    func close(_ id: Int32) { state.withLock { $0.end(id) } }

    /// Applies an incremental request to its session and returns what is to be fetched; an empty session is
    /// ended.
    func advance(
        _ id: Int32, epoch: Int32, updating targets: [FetchTarget], forgetting keys: Set<FetchTarget.Key>,
        usesTopicIDs: Bool, at nanoseconds: Int64
    ) throws(Refusal) -> [FetchTarget] {
        try state.withLock { (state) throws(Refusal) in
            guard var session = state.sessions[id] else { throw .unknownSession }
            guard session.nextEpoch == epoch else { throw .wrongEpoch }
            guard session.usesTopicIDs == usesTopicIDs else { throw .mixedTopicIDs }
            let before = session.count
            for target in targets { session.update(target) }
            session.forget(keys)
            let growth = session.count - before
            guard growth <= 0 || state.partitions + growth <= partitionsMax else {
                // Its client begins anew, and gets none.
                state.end(id)
                throw .unknownSession
            }
            state.partitions += growth
            session.nextEpoch = FetchSession.epoch(after: epoch)
            session.lastUsedNanoseconds = nanoseconds
            state.sessions[id] = session.isEmpty ? nil : session
            return session.current
        }
    }

    /// Runs `body` on the session, if it is still there.
    func update(_ id: Int32, _ body: (inout FetchSession) -> Void) {
        state.withLock { state in
            guard let index = state.sessions.index(forKey: id) else { return }
            body(&state.sessions.values[index])
        }
    }
}
