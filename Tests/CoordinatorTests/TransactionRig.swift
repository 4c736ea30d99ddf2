// A transaction coordinator with its log, its clock and a host that does what it orders; every record passes
// its bytes, as in the log.
import Base
import Coordinator
import Protocol

/// One coordinator that is told what happens, and what came of it.
struct TransactionRig {
    private(set) var shard: TransactionCoordinator
    private var settings: TransactionSettings
    private(set) var log: [(key: [UInt8], value: [UInt8]?)] = []
    var now = Moment(monotonic: 0, wall: Timestamp(milliseconds: 1_800_000_000_000))
    /// Answers by the number of their request.
    private(set) var replies: [UInt64: TransactionReply] = [:]
    /// Markers that are ordered and not written yet.
    var orders: [MarkerOrder] = []
    private(set) var notes: [TransactionNote] = []
    /// Ids for which a producer id was ordered.
    private(set) var wanting: [Name] = []
    private var nextToken: UInt64 = 0
    private var nextProducer: Int64 = 100
    private var incarnation: UInt64 = 1

    init(_ change: (inout TransactionSettings) -> Void = { _ in }) {
        var settings = TransactionSettings()
        change(&settings)
        self.settings = settings
        shard = TransactionCoordinator(settings, incarnation: incarnation)
    }

    // MARK: - Events

    /// Sends a request; its number.
    mutating func send(_ request: TransactionRequest) -> UInt64 {
        let number = nextToken
        nextToken += 1
        take(shard.handle(.request(request, ReplyToken(number)), at: now))
        return number
    }

    /// Sends a request, again with a producer id where it takes one, and writes what markers it takes.
    mutating func ask(_ request: (ProducerID?) -> TransactionRequest) -> TransactionReply? {
        var fresh: ProducerID?
        while true {
            let number = send(request(fresh))
            writeMarkers()
            guard case .needsProducerID? = replies[number] else { return replies[number] }
            fresh = freshID()
        }
    }

    mutating func freshID() -> ProducerID {
        nextProducer += 1
        return ProducerID(nextProducer)
    }

    /// Writes all markers that are ordered, but those in `failing`.
    mutating func writeMarkers(failing: Set<TopicPartition> = []) {
        while let order = orders.first {
            orders.removeFirst()
            tell(.markersWritten(order.number, failed: order.partitions.filter(failing.contains)))
            if !failing.isEmpty { return }
        }
    }

    mutating func tell(_ event: TransactionEvent) {
        var events = [event]
        while let next = events.popLast() {
            let decision = shard.handle(next, at: now)
            events += decision.continuations
            take(decision)
        }
    }

    /// Moves both clocks from deadline to deadline.
    mutating func advance(milliseconds: Int64) {
        let end = now.monotonic + milliseconds * 1_000_000
        while let next = shard.nextDeadline, next <= end {
            move(to: max(next, now.monotonic))
            take(shard.deadlinesReached(at: now))
        }
        move(to: end)
    }

    private mutating func move(to time: Int64) {
        now.wall = Timestamp(milliseconds: now.wall.milliseconds + (time - now.monotonic) / 1_000_000)
        now.monotonic = time
    }

    /// Begins again with the first `length` records of the log, and nothing else.
    mutating func restart(length: Int? = nil) {
        log = Array(log.prefix(length ?? log.count))
        incarnation += 1
        (orders, wanting) = ([], [])
        shard = TransactionCoordinator(settings, incarnation: incarnation)
        for (key, value) in log {
            if let record = try? TransactionRecord(key: key, value: value) { shard.apply(record) }
        }
        take(shard.loaded(at: now))
    }

    private mutating func take(_ decision: TransactionDecision) {
        for record in decision.records { if let bytes = try? record.encoded() { log.append(bytes) } }
        for addressed in decision.replies { replies[addressed.token.value] = addressed.reply }
        for order in decision.orders {
            switch order {
            case .writeMarkers(let order): orders.append(order)
            case .bringProducerID(let id): wanting.append(id)
            case .tell(let note): notes.append(note)
            }
        }
    }
}

// MARK: - Requests in short

extension TransactionRig {
    static let partition = TopicPartition(topic: "t", partition: PartitionIndex(0))

    /// The producer that has `id`.
    func producer(of id: Name) -> ProducerIdentity? { shard.entries[id]?.producer }
    func state(of id: Name) -> TransactionState? { shard.entries[id]?.state }

    /// Makes a producer of `id`.
    @discardableResult
    mutating func begin(
        _ id: Name, as claimed: ProducerIdentity? = nil, timeout: Int32 = 60_000
    ) -> ProducerIdentity? {
        guard
            case .producer(let producer)? = ask({
                .initialize(id, timeoutMilliseconds: timeout, as: claimed, fresh: $0)
            })
        else { return nil }
        return producer
    }

    /// Adds partitions to the transaction of `id`, by its producer; the code.
    @discardableResult
    mutating func add(
        _ id: Name, _ partitions: [TopicPartition] = [partition], _ version: TransactionVersion = .v2
    ) -> ErrorCode? {
        guard let producer = producer(of: id) else { return nil }
        let reply = ask { _ in .add(partitions, ProducerClaim(id: id, producer: producer), version) }
        guard case .code(let code)? = reply else { return nil }
        return code
    }

    /// Has the producer of `id` end its transaction, and leaves its markers unwritten; the number of the
    /// request.
    mutating func end(
        _ id: Name, _ outcome: TransactionOutcome, _ version: TransactionVersion = .v2
    ) -> UInt64 {
        let producer = producer(of: id) ?? ProducerIdentity(id: .none, epoch: -1)
        return send(.end(ProducerClaim(id: id, producer: producer), outcome, version, fresh: nil))
    }
}
