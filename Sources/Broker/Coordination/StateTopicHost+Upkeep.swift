// What is due in shards is often due days after the last write that concerns it, so the job rests until the
// first of it is, and at least as long as the configuration says.
internal import Base
internal import Coordinator

extension StateTopicHost {
    /// Tells the shards what they are to be told now and then, from now on; once, before `start`.
    func beginUpkeep(_ upkeep: ShardUpkeep<State>, on scheduler: UpkeepScheduler) {
        let job = scheduler.add { [weak self] in
            self?.tell(upkeep).map { max(upkeep.interval, $0) }
        }
        let request: @Sendable () -> Void = { scheduler.request(job, within: upkeep.interval) }
        whenWritten.withLock { $0 = request }
        // For what an earlier run left.
        request()
    }

    /// Tells each shard; how long nothing will be due, or nil if nothing will as things stand.
    private func tell(_ upkeep: ShardUpkeep<State>) -> Duration? {
        var next: Timestamp?
        for shard in existingShards() ?? [] {
            shard.post(upkeep.event)
            let now = services.now.wall
            let due = shard.inspect { upkeep.nextDue($0, now) } ?? nil
            if let due { next = min(next ?? due, due) }
        }
        return next.map { .milliseconds(max(0, $0.milliseconds - services.clock.wallTime().milliseconds)) }
    }
}
