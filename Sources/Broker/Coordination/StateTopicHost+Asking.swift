// How requests reach the shard of their key: at once where it is there, after the topic was made where it is
// not, and with limited patience for one that is being loaded.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

extension StateTopicHost {
    /// Has the shard of `key` decide on a request, as `ShardHost.take` does; nil if there are no shards yet.
    ///
    /// After `hold` a request is refused that waits for its shard to be loaded. Inlined, as answers are large
    /// and every heartbeat gets one.
    @inline(__always)
    func take<Promise>(
        _ key: Name, holdFor hold: Duration, _ event: (ReplyToken) -> State.Event,
        later: () -> (promise: Promise, send: @Sendable (Host.Answer) -> Void)
    ) -> Host.Taken<Promise>? {
        guard let shards = existingShards() else { return nil }
        let shard = Self.shard(of: key, in: shards)
        let taken = shard.take(event, later: later)
        if case .waiting(_, let token?) = taken { shard.giveUp(token, after: hold) }
        return taken
    }

    /// Asks the shard of `key`, and makes the topic before if need be.
    ///
    /// `answer` is called once, from any thread, perhaps at once; `loop` is where the wait for the topic is
    /// limited.
    func ask(
        _ key: Name, holdFor hold: Duration = ShardLimits.holdTime, on loop: EventLoop,
        _ event: @escaping @Sendable (ReplyToken) -> State.Event,
        answer: @escaping @Sendable (Host.Answer) -> Void
    ) {
        withShard(of: key, on: loop) { shard in
            guard let shard else { return answer(.failure(ErrorCodeError(.coordinatorNotAvailable))) }
            shard.ask(holdFor: hold, event, answer: answer)
        }
    }

    /// Calls `body` with the shard of `key`, and makes the topic before if need be; with nil if that failed.
    ///
    /// At once where it is there, and else on `loop`.
    func withShard(of key: Name, on loop: EventLoop, _ body: @escaping @Sendable (Host?) -> Void) {
        if let shards = existingShards() { return body(Self.shard(of: key, in: shards)) }
        let made = Deferred<[Host]?>()
        withShards { made.complete($0) }
        DiskWait.limited(made, on: loop) { nil }.whenCompleted(on: loop) { shards in
            body(shards.map { Self.shard(of: key, in: $0) })
        }
    }
}

extension ShardHost {
    /// Has the shard decide on a request; one that waits for it to be loaded is refused after `hold`.
    func ask(
        holdFor hold: Duration = ShardLimits.holdTime, _ event: (ReplyToken) -> State.Event,
        answer: @escaping @Sendable (Answer) -> Void
    ) {
        if let token = submit(event, answer: answer) { giveUp(token, after: hold) }
    }
}
