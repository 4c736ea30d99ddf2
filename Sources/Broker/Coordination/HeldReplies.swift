// Answers of a shard on their way: they leave when what the shard had appended is durable, and are replaced
// by an error where the disk stands still.
internal import Base
internal import Protocol

/// Replies that leave when the log is durable.
final class HeldReplies<Reply: Sendable>: DurabilityListener {
    typealias Answer = Result<Reply, ErrorCodeError>
    private typealias Addressed = (send: @Sendable (Answer) -> Void, answer: Answer)
    private let answers: Lock<[Addressed]>
    private let whenFailed: @Sendable () -> Void

    /// Holds `answers`, of which there is at least one.
    init(
        _ answers: [(send: @Sendable (Answer) -> Void, answer: Answer)],
        whenFailed: @escaping @Sendable () -> Void
    ) {
        self.answers = Lock(answers)
        self.whenFailed = whenFailed
    }

    /// Whether they have left.
    var isOver: Bool { answers.withLock { $0.isEmpty } }

    func durable(_ index: Int, failed: Bool) {
        guard failed else {
            for (send, answer) in take() { send(answer) }
            return
        }
        refuse()
        whenFailed()
    }

    /// The disk takes too long.
    ///
    /// Kafka, too, has clients of a coordinator that cannot write look for another.
    func timeOut() { refuse() }

    private func refuse() {
        for (send, _) in take() { send(.failure(ErrorCodeError(.coordinatorNotAvailable))) }
    }

    private func take() -> [Addressed] {
        answers.withLock { answers in
            defer { answers = [] }
            return answers
        }
    }
}

/// Orders of a shard that are carried out when the log is durable; a disk that stands still is waited for.
final class HeldOrders: DurabilityListener {
    private let carryOut: @Sendable () -> Void
    private let whenFailed: @Sendable () -> Void

    init(_ carryOut: @escaping @Sendable () -> Void, whenFailed: @escaping @Sendable () -> Void) {
        self.carryOut = carryOut
        self.whenFailed = whenFailed
    }

    func durable(_ index: Int, failed: Bool) { if failed { whenFailed() } else { carryOut() } }
}

/// The answers of one shard that wait for the disk, in the order in which they came.
///
/// One timer stands for all of them: it is set while some wait, and comes round once in a `DiskWait.limit`.
struct UnsyncedReplies<Reply: Sendable>: Sendable {
    private var waiting: [(since: Int64, replies: HeldReplies<Reply>)] = []
    private var isTimed = false
    /// From so many on those that have left meanwhile are dropped.
    private var tidyFrom = Self.tidyFromMin
    private static var tidyFromMin: Int { 64 }

    /// Adds answers that wait since `now`; whether a timer is to be set for a `DiskWait.limit`.
    mutating func add(_ replies: HeldReplies<Reply>, at now: Int64) -> Bool {
        if waiting.count >= tidyFrom {
            waiting.removeAll { $0.replies.isOver }
            tidyFrom = max(Self.tidyFromMin, 2 * waiting.count)
        }
        waiting.append((now, replies))
        defer { isTimed = true }
        return !isTimed
    }

    /// Takes those that have waited too long, when the timer has come; when it is to come again, if it is.
    mutating func takeLate(at now: Int64) -> (late: [HeldReplies<Reply>], next: Duration?) {
        let limit = DiskWait.limitMilliseconds * 1_000_000
        waiting.removeAll { $0.replies.isOver }
        let late = waiting.prefix { now - $0.since >= limit }
        waiting.removeFirst(late.count)
        isTimed = !waiting.isEmpty
        return (late.map(\.replies), waiting.first.map { .nanoseconds($0.since + limit - now) })
    }
}
