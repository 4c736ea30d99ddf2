// Hosts one shard of a coordinator over its partition: decides, appends and applies in one critical section,
// and lets replies go when everything that was appended before them is durable. A failed append or sync ends
// the shard: what is in memory may be ahead of the log, so it is thrown away and read again.
internal import Base
internal import Compression
internal import Coordinator
internal import Network
internal import Protocol
internal import Records
internal import Storage

/// What many shards have in common.
struct ShardServices: Sendable {
    let clock: any BrokerClock
    let logger: Logger
    let pool: Network.WorkPool
    /// The codec of the state topic's batches.
    var codec = CompressionCodec.none
    /// Bytes of one batch, which must fit into a segment; what a decision takes beyond goes into further
    /// ones.
    var batchBytesMax = 1 << 20
    /// Called when something was written down.
    var written: @Sendable () -> Void = {}

    var now: Moment { Moment(monotonic: clock.monotonicNanoseconds(), wall: clock.wallTime()) }
}

/// How long shards let requests wait, and how many.
enum ShardLimits {
    /// Requests that wait for one shard to be loaded.
    static let heldMax = 10_000
    /// How long one of them waits at most.
    static let holdTime = Duration.seconds(5)
    /// How long a shard rests after a failure before it is loaded again.
    static let restAfterFailure = Duration.seconds(1)
}

/// One shard of a coordinator, and who waits for its replies.
final class ShardHost<State: Shard>: Sendable {
    /// What a request is told: the reply, or why there is none.
    typealias Answer = Result<State.Reply, ErrorCodeError>
    typealias Made = Decision<
        State.Record, State.Reply, State.Event, State.Order
    >

    enum Stage {
        case loading
        case active
        /// The log takes no more appends until the next start.
        case failed
        /// The topic was deleted.
        case closed
    }

    struct Guarded {
        var stage = Stage.loading
        /// The groups, or whatever it is, while the shard is active; nothing otherwise.
        ///
        /// It lies beside the stage: a switch over that would be a second owner, and then every change copies
        /// all of it (measured: half of what a heartbeat took).
        var state: State
        /// What came while the shard was loading.
        var held: [(event: State.Event, token: ReplyToken?)] = []
        var waiting: [ReplyToken: @Sendable (Answer) -> Void] = [:]
        var nextToken: UInt64 = 0
        /// Where the log ended when the shard last appended.
        var end = Offset.zero
        /// The one timer that counts, and when it fires.
        var timer: (number: UInt64, at: Int64)?
        var nextTimer: UInt64 = 0
        /// What is set on the loop, which only the loop's own thread changes.
        var timerID: TimerID?
        /// Ends of transactions that came while the shard was loading.
        var heldMarkers: [HeldMarker] = []
        /// Answers that wait for the disk.
        var unsynced = UnsyncedReplies<State.Reply>()
    }

    /// A decision on its way out of the lock.
    struct Outgoing {
        /// What is to be told of ends of transactions.
        var calls: [@Sendable () -> Void] = []
        var answers: [(send: @Sendable (Answer) -> Void, answer: Answer)] = []
        var orders: [State.Order] = []
        var end = Offset.zero
        var timer: (number: UInt64, at: Int64)?
        var computations: [@Sendable () -> State.Event] = []
        var continuations: [State.Event] = []
        var hasWritten = false
        var mustReload = false
    }

    /// The partition that holds the records.
    let partition: Partition
    let guarded: Lock<Guarded>
    let make: @Sendable () -> State
    let whenLoaded: @Sendable (State) -> [State.Event]
    private let carryOut: @Sendable (State.Order, ShardHost) -> Void
    private let loop: EventLoop
    let services: ShardServices

    /// A host over `partition` that waits to be loaded.
    ///
    /// `make` gives an empty shard; what `whenLoaded` gives happens to it first; `carryOut` does what it
    /// orders, on the thread that finds out that what led to the order is durable.
    init(
        _ partition: Partition, on loop: EventLoop, _ services: ShardServices,
        make: @escaping @Sendable () -> State,
        whenLoaded: @escaping @Sendable (State) -> [State.Event] = { _ in [] },
        carryOut: @escaping @Sendable (State.Order, ShardHost) -> Void = { _, _ in }
    ) {
        self.partition = partition
        self.loop = loop
        self.services = services
        guarded = Lock(Guarded(state: make()))
        self.make = make
        self.whenLoaded = whenLoaded
        self.carryOut = carryOut
    }

    /// Looks at the state; nil while there is none.
    func inspect<Value>(_ body: (State) -> Value) -> Value? {
        guarded.withLock { if case .active = $0.stage { body($0.state) } else { nil } }
    }

    /// How many requests wait for a reply.
    var waitingCount: Int { guarded.withLock { $0.waiting.count } }
}

// MARK: - Events

extension ShardHost {
    /// How a request was taken.
    enum Taken<Promise> {
        /// It is answered, and there is nothing to wait for.
        case answered(Answer)
        /// The answer will come; the token is there if `giveUp` can end the wait, for a shard that is loaded.
        case waiting(Promise, ReplyToken?)
    }

    /// Has the shard decide on a request.
    ///
    /// Only if its answer has to wait, `later` makes what stands for it, and what the answer is given to,
    /// from any thread. Most answers have not: then nothing is kept, which halves what a heartbeat costs
    /// here.
    func take<Promise>(
        _ event: (ReplyToken) -> State.Event,
        later: () -> (promise: Promise, send: @Sendable (Answer) -> Void)
    ) -> Taken<Promise> {
        var outgoing = Outgoing()
        let taken: Taken<Promise> = guarded.withLock { guarded in
            let token = ReplyToken(guarded.nextToken)
            guarded.nextToken += 1
            switch guarded.stage {
            case .active:
                let answer = decide(&guarded, &outgoing, for: token) { state, now in
                    state.handle(event(token), at: now)
                }
                if let answer, isDurable(outgoing.end) { return .answered(answer) }
                let (promise, send) = later()
                if let answer {
                    outgoing.answers.append((send, answer))
                } else {
                    guarded.waiting[token] = send
                }
                return .waiting(promise, nil)
            case .loading:
                guard guarded.held.count < ShardLimits.heldMax else {
                    return .answered(.failure(ErrorCodeError(.coordinatorLoadInProgress)))
                }
                let (promise, send) = later()
                guarded.waiting[token] = send
                guarded.held.append((event(token), token))
                return .waiting(promise, token)
            case .failed, .closed: return .answered(.failure(ErrorCodeError(.coordinatorNotAvailable)))
            }
        }
        dispatch(outgoing)
        return taken
    }

    /// Has the shard decide on a request; `answer` is called once, from any thread, perhaps at once.
    ///
    /// Returns the token by which `giveUp` can end the wait for a shard that is being loaded; nil if there is
    /// no such wait.
    @discardableResult
    func submit(
        _ event: (ReplyToken) -> State.Event, answer: @escaping @Sendable (Answer) -> Void
    ) -> ReplyToken? {
        switch take(event, later: { ((), answer) }) {
        case .answered(let known):
            answer(known)
            return nil
        case .waiting(_, let token): return token
        }
    }

    /// Tells the shard of something that nobody waits for.
    func post(_ event: State.Event) {
        var outgoing = Outgoing()
        guarded.withLock { guarded in
            switch guarded.stage {
            case .active: decide(&guarded, &outgoing) { state, now in state.handle(event, at: now) }
            case .loading: guarded.held.append((event, nil))
            case .failed, .closed: break
            }
        }
        dispatch(outgoing)
    }

    /// Ends the wait of a request after `hold`, if the shard has not seen it by then.
    func giveUp(_ token: ReplyToken, after hold: Duration) {
        loop.post { [self] in loop.schedule(after: hold) { [weak self] in self?.giveUp(token) } }
    }

    /// Ends the wait of a request that the shard has not seen yet.
    func giveUp(_ token: ReplyToken) {
        let answer = guarded.withLock { guarded in
            guard let index = guarded.held.firstIndex(where: { $0.token == token }) else {
                return nil as (@Sendable (Answer) -> Void)?
            }
            guarded.held.remove(at: index)
            return guarded.waiting.removeValue(forKey: token)
        }
        answer?(.failure(ErrorCodeError(.coordinatorLoadInProgress)))
    }

    /// Ends the shard, as its topic is gone.
    func close() {
        var outgoing = Outgoing()
        guarded.withLock { guarded in
            guarded.stage = .closed
            guarded.state = make()
            refuseAll(&guarded, &outgoing)
        }
        dispatch(outgoing)
    }
}

// MARK: - Decide, append, apply

extension ShardHost {
    /// Lets the shard decide, and appends what it decided on, all under the lock; what the request `token` is
    /// answered, if that is known.
    @discardableResult
    func decide(
        _ guarded: inout Guarded, _ outgoing: inout Outgoing, for token: ReplyToken? = nil,
        _ body: (inout State, Moment) -> Made
    ) -> Answer? {
        guard case .active = guarded.stage else { return nil }
        let now = services.now
        let made = body(&guarded.state, now)
        var replies = made.replies
        do {
            if !made.records.isEmpty {
                guarded.end = try append(made.records, at: now)
                outgoing.hasWritten = true
            }
            for write in made.transactionalWrites {
                replies.append(try take(write, &guarded, at: now))
                outgoing.hasWritten = true
            }
        } catch {
            collapse(&guarded, &outgoing, reason: "\(error)")
            return .failure(ErrorCodeError(.coordinatorNotAvailable))
        }
        outgoing.end = guarded.end
        outgoing.orders = made.orders
        outgoing.computations = made.computations
        outgoing.continuations = made.continuations
        var answer: Answer?
        for addressed in replies {
            if addressed.token == token {
                answer = .success(addressed.reply)
            } else if let send = guarded.waiting.removeValue(forKey: addressed.token) {
                outgoing.answers.append((send, .success(addressed.reply)))
            }
        }
        if let deadline = guarded.state.nextDeadline, guarded.timer.map({ deadline < $0.at }) ?? true {
            guarded.timer = (guarded.nextTimer, deadline)
            guarded.nextTimer += 1
            outgoing.timer = guarded.timer
        }
        assertInvariants { () throws(InvariantViolation) in try guarded.checkInvariants() }
        return answer
    }

    /// Whether everything before `end` is on the disk; nothing is ever written before offset 0.
    private func isDurable(_ end: Offset) -> Bool {
        end == .zero || partition.log.map { $0.bounds.highWatermark >= end } ?? false
    }

    /// Appends the records of a decision, as one batch if they fit; where the log ends then.
    func append(
        _ records: [State.Record], at now: Moment, _ options: BatchOptions = BatchOptions(),
        from origin: AppendOrigin = .producer
    ) throws -> Offset {
        guard let log = partition.log else { throw StorageError.closed(path: partition.id.description) }
        var options = options
        options.codec = services.codec
        var builder = BatchBuilder(options)
        for record in records {
            let (key, value) = try record.encoded()
            if builder.recordCount > 0,
                builder.sizeInBytes + key.count + (value?.count ?? 0) > services.batchBytesMax
            {
                _ = try append(builder, to: log, from: origin)
                builder = BatchBuilder(options)
            }
            builder.append(timestamp: now.wall, key: key, value: value)
        }
        return try append(builder, to: log, from: origin)
    }

    private func append(
        _ builder: consuming BatchBuilder, to log: PartitionLog, from origin: AppendOrigin
    ) throws -> Offset {
        var bytes = try builder.finish()
        var span = bytes.mutableSpan
        var batch = unsafe span.mutableBytes
        let header = try BatchHeader(reading: batch.bytes)
        switch try log.append(&batch, header: header, from: origin) {
        case .appended(let range, _): return range.last.next
        case .duplicate, .mustRecall:
            preconditionFailure("a batch whose sequence does not count was taken for a repeated one")
        }
    }

    /// Throws the state away; everyone who waits asks again later.
    func collapse(_ guarded: inout Guarded, _ outgoing: inout Outgoing, reason: String) {
        let isOver = partition.log?.hasFailed ?? true
        services.logger.logLimited(
            .error, "shard.failed",
            ["partition": "\(partition.id)", "reason": reason, "reloads": "\(!isOver)"])
        guarded.stage = isOver ? .failed : .loading
        guarded.state = make()
        guarded.timer = nil
        outgoing.mustReload = !isOver
        outgoing.orders = []
        refuseAll(&guarded, &outgoing)
    }

    func refuseAll(_ guarded: inout Guarded, _ outgoing: inout Outgoing) {
        for send in guarded.waiting.values {
            outgoing.answers.append((send, .failure(ErrorCodeError(.coordinatorNotAvailable))))
        }
        guarded.waiting = [:]
        guarded.held = []
        refuseMarkers(&guarded, &outgoing)
        outgoing.end = .zero
    }

    /// Does outside of the lock what follows from a decision.
    func dispatch(_ outgoing: Outgoing) {
        if outgoing.hasWritten { services.written() }
        for call in outgoing.calls { call() }
        if let timer = outgoing.timer { arm(timer) }
        for computation in outgoing.computations {
            services.pool.run { [weak self] in self?.post(computation()) }
        }
        // Behind what the pool has to do, and not at once: a lock goes to whoever asks for it, and that is
        // the thread that had it just now rather than one that has to wake up first.
        for event in outgoing.continuations {
            services.pool.run { [weak self] in self?.post(event) }
        }
        if outgoing.mustReload {
            loop.post { [self] in
                loop.schedule(after: ShardLimits.restAfterFailure) { [self] in load() }
            }
        }
        if !outgoing.orders.isEmpty { dispatch(outgoing.orders, at: outgoing.end) }
        guard !outgoing.answers.isEmpty else { return }
        // Nothing was kept of a shard that is gone, so its errors need not wait for anything.
        if outgoing.end == .zero {
            for (send, answer) in outgoing.answers { send(answer) }
            return
        }
        let replies = HeldReplies(outgoing.answers) { [weak self] in self?.syncFailed() }
        partition.whenDurable(outgoing.end, tell: replies, index: 0)
        guard !replies.isOver else { return }
        let now = services.clock.monotonicNanoseconds()
        let isFirst = guarded.withLock { $0.unsynced.add(replies, at: now) }
        if isFirst { loop.post { [weak self] in self?.limitUnsynced(after: DiskWait.limit) } }
    }

    /// Has orders carried out when everything before `end` is durable, however long that takes.
    private func dispatch(_ orders: [State.Order], at end: Offset) {
        let carryAllOut: @Sendable () -> Void = { [weak self] in
            guard let self else { return }
            for order in orders { carryOut(order, self) }
        }
        guard end != .zero else { return carryAllOut() }
        let held = HeldOrders(carryAllOut) { [weak self] in self?.syncFailed() }
        partition.whenDurable(end, tell: held, index: 0)
    }

    /// Gives up on a disk that stands still, when some time is over; on the loop.
    ///
    /// What was decided may still become durable.
    private func limitUnsynced(after rest: Duration) {
        loop.schedule(after: rest) { [weak self] in
            guard let self else { return }
            let now = services.clock.monotonicNanoseconds()
            let (late, rest) = guarded.withLock { $0.unsynced.takeLate(at: now) }
            for replies in late { replies.timeOut() }
            if let rest { limitUnsynced(after: rest) }
        }
    }

    /// The log failed before what was decided became durable.
    private func syncFailed() {
        var outgoing = Outgoing()
        guarded.withLock { guarded in
            guard case .active = guarded.stage else { return }
            collapse(&guarded, &outgoing, reason: "what was appended could not be synced")
        }
        dispatch(outgoing)
    }
}

// MARK: - Time

extension ShardHost {
    private func arm(_ timer: (number: UInt64, at: Int64)) {
        if loop.isCurrent { setTimer(timer) } else { loop.post { [self] in setTimer(timer) } }
    }

    /// Takes the place of the timer that is set; on the loop.
    private func setTimer(_ timer: (number: UInt64, at: Int64)) {
        let former: TimerID?? = guarded.withLock { guarded in
            // Two threads may have come here in another order than they left the lock.
            guard guarded.timer?.number == timer.number else { return nil }
            defer { guarded.timerID = nil }
            return guarded.timerID
        }
        guard let former else { return }
        if let former { loop.cancel(former) }
        let id = loop.schedule(at: timer.at) { [weak self] in self?.fire(timer.number) }
        guarded.withLock { $0.timerID = id }
    }

    private func fire(_ number: UInt64) {
        var outgoing = Outgoing()
        guarded.withLock { guarded in
            // An earlier deadline may have taken the place of this one.
            guard guarded.timer?.number == number else { return }
            guarded.timer = nil
            guarded.timerID = nil
            decide(&guarded, &outgoing) { state, now in state.deadlinesReached(at: now) }
        }
        dispatch(outgoing)
    }
}
