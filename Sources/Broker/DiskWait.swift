// How long a request waits for this broker's own disk. The timeouts in requests are not for that: they say
// how long to wait for replicas, of which there are none, and a client that is told of one takes what it sent
// for lost and sends it again.
internal import Base
internal import Network
internal import Storage

/// Waiting for the disk.
enum DiskWait {
    /// After so long a disk passes for standing still, and the client is told that its request took too long;
    /// what it sent may still become durable.
    ///
    /// Clients give their connection up after 30 to 60 seconds.
    static let limit = Duration.milliseconds(limitMilliseconds)
    static let limitMilliseconds: Int64 = 60_000

    /// Calls `then` once the logs are durable up to `ends`, or have failed: on the thread that finds out, or
    /// at once.
    ///
    /// Not at all once nobody wants `reply` any more, which its limit (`limited`) sees to as well.
    static func whenDurable<Reply: Sendable>(
        _ ends: [(partition: Partition, end: Offset)], for reply: Deferred<Reply>,
        then: @escaping @Sendable () -> Void
    ) {
        guard !ends.isEmpty else { return then() }
        // Who comes first: what was refused must not be done afterwards.
        let first = First()
        let barrier = DurabilityBarrier(count: ends.count) { if first.claim() { then() } }
        tell(barrier, of: ends, for: reply) { _ = first.claim() }
    }

    /// Tells `listener` of each of `ends`, by its place among them, when the log is durable up to there or
    /// has failed: on the thread that finds out, or at once.
    ///
    /// Of no more of them once nobody wants `reply` any more; then `abandoned` is called.
    static func tell<Reply: Sendable>(
        _ listener: some DurabilityListener, of ends: [(partition: Partition, end: Offset)],
        for reply: Deferred<Reply>, orAbandoned abandoned: @escaping @Sendable () -> Void = {}
    ) {
        reply.whenAbandoned {
            abandoned()
            for (partition, _) in ends { partition.removeAppends(of: listener) }
        }
        for (index, (partition, end)) in ends.enumerated() {
            partition.whenDurable(end, tell: listener, index: index)
        }
    }

    /// Calls `body` on the loop, whose thread this is, when `wait` has come, or with `isLate` when the limit
    /// is over.
    static func whenOver(
        _ wait: Deferred<Void>, on loop: EventLoop, _ body: @escaping @Sendable (_ isLate: Bool) -> Void
    ) {
        let first = First()
        let timer = loop.schedule(after: limit) {
            wait.abandon()
            if first.claim() { body(true) }
        }
        wait.whenCompleted(on: loop) {
            loop.cancel(timer)
            if first.claim() { body(false) }
        }
    }

    /// What `reply` is completed with, or `late` where that takes longer than the limit; on any thread.
    static func limited<Reply: Sendable>(
        _ reply: Deferred<Reply>, on loop: EventLoop, late: @escaping @Sendable () -> Reply
    ) -> Deferred<Reply> {
        let limited = Deferred<Reply>()
        onLoop(loop) {
            let timer = loop.schedule(after: limit) {
                reply.abandon()
                limited.complete(late())
            }
            limited.whenAbandoned {
                loop.cancel(timer)
                reply.abandon()
            }
            reply.whenCompleted(on: loop) { value in
                loop.cancel(timer)
                limited.complete(value)
            }
        }
        return limited
    }

    /// Calls `body` on the loop: at once, where the caller is on it.
    private static func onLoop(_ loop: EventLoop, _ body: @escaping @Sendable () -> Void) {
        if loop.isCurrent { body() } else { loop.post(body) }
    }
}

extension Partition {
    /// Where its log ends now, if that is not durable yet.
    var unsyncedEnd: (partition: Partition, end: Offset)? {
        guard let bounds = log?.bounds, bounds.highWatermark < bounds.logEnd else { return nil }
        return (self, bounds.logEnd)
    }
}
