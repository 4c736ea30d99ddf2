// How a shard comes to be what its log says, and what it does first then.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Storage

extension ShardHost {
    /// Reads the state from the log on the pool, and then does what has gathered meanwhile.
    func load() { partition.whenSettled { self.loadOpened() } }

    private func loadOpened() {
        guard let log = partition.log else { return unavailable("the partition is offline") }
        guard log.bounds.logStart < log.bounds.logEnd else { return loaded(make(), end: log.bounds.logEnd) }
        services.pool.run { [self] in
            do {
                var loader = StateLogLoader<State>(make(), log, services.logger)
                try loader.run()
                loaded(loader.state, end: loader.end)
            } catch {
                unavailable("\(error)")
            }
        }
    }

    private func unavailable(_ reason: String) {
        services.logger.logLimited(
            .error, "shard.not_loaded",
            ["partition": "\(partition.id)", "reason": reason])
        var outgoing = Outgoing()
        guarded.withLock { guarded in
            guard case .loading = guarded.stage else { return }
            guarded.stage = .failed
            refuseAll(&guarded, &outgoing)
        }
        dispatch(outgoing)
    }

    private func loaded(_ state: State, end: Offset) {
        var outgoings: [Outgoing] = []
        let first = whenLoaded(state)
        guarded.withLock { guarded in
            guard case .loading = guarded.stage else { return }
            guarded.stage = .active
            guarded.state = state
            guarded.end = end
            let held = guarded.held
            guarded.held = []
            var ends = Outgoing()
            endHeld(&guarded, &ends)
            outgoings.append(ends)
            guard case .active = guarded.stage else { return }
            func next(_ body: (inout State, Moment) -> Made) {
                var outgoing = Outgoing()
                decide(&guarded, &outgoing, body)
                outgoings.append(outgoing)
            }
            next { state, now in state.loaded(at: now) }
            for event in first { next { state, now in state.handle(event, at: now) } }
            for (event, _) in held { next { state, now in state.handle(event, at: now) } }
        }
        for outgoing in outgoings { dispatch(outgoing) }
    }
}
