// The entry points of the transaction coordinator: one shard's transactional ids, as a value. What each
// request does lies beside it.
package import Base
internal import Protocol

/// Names what is due of a transactional id.
enum TransactionDeadline: Hashable, Sendable {
    /// A transaction has been open for as long as it may.
    case timeout(Name)
    /// Requests have waited long enough for the markers of the transaction before.
    case held(Name)
    /// Partitions that took no marker are asked again.
    case markers(Name)
}

/// What a transaction coordinator decides.
package typealias TransactionDecision = Decision<
    TransactionRecord, TransactionReply, TransactionEvent, TransactionOrder
>

/// The transactional ids of one partition of `__transaction_state`.
package struct TransactionCoordinator: Shard {
    /// What was configured.
    package internal(set) var settings: TransactionSettings
    /// What is known of each id.
    package internal(set) var entries: [Name: TransactionEntry] = [:]
    /// The markers that are owed, by the ids whose transactions are prepared.
    var debts: [Name: MarkerDebt] = [:]
    /// Whose order each is that is under way.
    var orders: [MarkerOrder.Number: Name] = [:]
    /// Requests that wait for the end of a transaction that is prepared.
    var held: [Name: [HeldRequest]] = [:]
    /// Ids whose transactions are to be aborted as soon as the producer id has come that this takes.
    var awaitingProducerID: [Name: AbortReason] = [:]
    var deadlines = Deadlines<TransactionDeadline>()
    /// The decision that is being made, and when.
    var decision = TransactionDecision()
    var now = Moment(monotonic: 0, wall: .none)
    /// Tells this shard from those that were loaded before or after from the same log.
    let incarnation: UInt64
    var orderCount: UInt64 = 0
    /// When the next id expires, as it stood at the last look; nil if none will before something is written.
    package internal(set) var nextExpiry: Timestamp?

    /// A shard without ids.
    package init(_ settings: TransactionSettings, incarnation: UInt64) {
        self.settings = settings
        self.incarnation = incarnation
    }

    /// Decides what follows from `event`.
    package mutating func handle(_ event: TransactionEvent, at now: Moment) -> TransactionDecision {
        decide(at: now) { shard in
            switch event {
            case .request(let request, let token): shard.serve(request, token)
            case .markersWritten(let number, let failed): shard.markersWritten(number, failed: failed)
            case .producerIDArrived(let id, let fresh): shard.producerIDArrived(id, fresh)
            case .versionChanged(let version): shard.settings.version = version
            case .expiryDue: shard.expire()
            }
        }
    }

    /// Serves a request, or has it wait until the transaction before has ended.
    mutating func serve(_ request: TransactionRequest, _ token: ReplyToken) {
        if let id = request.changedID, entries[id]?.state.isPrepared == true {
            return hold(HeldRequest(request: request, token: token), id)
        }
        switch request {
        case .initialize(let id, let timeout, let producer, let fresh):
            initialize(ProducerWish(id: id, timeoutMilliseconds: timeout, producer, fresh), request, token)
        case .add(let partitions, let claim, let version): add(partitions, claim, version, token)
        case .verify(let partitions, let claim):
            decision.reply(.verdicts(verify(partitions, claim)), to: token)
        case .end(let claim, let outcome, let version, let fresh): end(claim, outcome, version, fresh, token)
        case .abort(let id, let fresh): abort(id, fresh, token)
        case .describe(let id):
            let described = entries[id].map { DescribedTransaction(id: id, entry: $0) }
            decision.reply(.description(described), to: token)
        case .list(let filter): decision.reply(.list(list(filter)), to: token)
        }
    }

    /// Does what is due.
    package mutating func deadlinesReached(at now: Moment) -> TransactionDecision {
        decide(at: now) { shard in
            while let key = shard.deadlines.popDue(at: now.monotonic) {
                switch key {
                case .timeout(let id): shard.timeout(id)
                case .held(let id): shard.refuseHeld(id)
                case .markers(let id): shard.orderMarkers(id)
                }
            }
        }
    }

    /// When something is due next.
    package var nextDeadline: Int64? { deadlines.next }

    /// Begins to live with what was replayed: what is prepared is brought to its end, and what is open has
    /// the rest of its time.
    package mutating func loaded(at now: Moment) -> TransactionDecision {
        decide(at: now) { shard in
            for (id, entry) in shard.entries.sorted(by: { $0.key < $1.key }) {
                if entry.state.isPrepared {
                    shard.owe(id, entry)
                } else if entry.state == .ongoing {
                    shard.setTimeout(id, entry)
                }
            }
        }
    }

    private mutating func decide(
        at now: Moment, _ body: (inout TransactionCoordinator) -> Void
    ) -> TransactionDecision {
        self.now = now
        body(&self)
        let made = decision
        decision = TransactionDecision()
        return made
    }
}

// MARK: - Records

extension TransactionCoordinator {
    /// Changes what is known of an id to what a record says; nothing else changes what survives a restart.
    package mutating func apply(_ record: TransactionRecord) {
        let id = record.key.transactionalID
        guard let value = record.value else {
            entries[id] = nil
            return
        }
        entries[id] = TransactionEntry(value, known: entries[id])
    }

    /// Decides that an id is as `entry` says: it takes effect at once, and is hidden until it is durable.
    mutating func emit(_ id: Name, _ entry: TransactionEntry) {
        let former = entries[id]
        assertInvariants { () throws(InvariantViolation) in
            try invariant(
                entry.state.allowedPredecessors.contains(former?.state ?? .empty),
                "\(id) went from \(former?.state ?? .empty) to \(entry.state)")
        }
        let record = record(id, entry, after: former)
        decision.records.append(record)
        apply(record)
        // No record has room for it (KIP-360 does without after a restart).
        entries[id]?.formerEpoch = entry.formerEpoch
    }

    func record(
        _ id: Name, _ entry: TransactionEntry, after former: TransactionEntry?
    ) -> TransactionRecord {
        TransactionRecord(key(id), entry.value(after: former), version: settings.version.recordVersion)
    }

    func key(_ id: Name) -> TransactionLogKey {
        var key = TransactionLogKey()
        key.transactionalID = id
        return key
    }
}

// MARK: - Shared by what serves requests

extension TransactionCoordinator {
    /// What is known of the id that is claimed; or why the claim does not hold, which is noted.
    ///
    /// The order of the questions is Kafka's: the id first, then the epoch.
    func entry(of claim: ProducerClaim) -> Result<TransactionEntry, ClaimRefusal> {
        guard let entry = entries[claim.id], entry.producer.id == claim.producer.id else {
            return .failure(ClaimRefusal(code: .invalidProducerIDMapping))
        }
        guard entry.producer.epoch == claim.producer.epoch else {
            return .failure(ClaimRefusal(code: .producerFenced))
        }
        return .success(entry)
    }

    /// Refuses what `claim` asked for.
    mutating func refuse(_ claim: ProducerClaim, _ code: ErrorCode, _ token: ReplyToken) {
        decision.orders.append(.tell(.refused(claim, code, known: entries[claim.id])))
        decision.reply(.code(code), to: token)
    }
}

/// Why a producer is not the one that has a transactional id.
struct ClaimRefusal: Error {
    let code: ErrorCode
}

extension TransactionRequest {
    /// The id that it wants to change; nil if it only looks.
    var changedID: Name? {
        switch self {
        case .initialize(let id, _, _, _), .abort(let id, _): id
        case .add(_, let claim, _), .end(let claim, _, _, _): claim.id
        case .verify, .describe, .list: nil
        }
    }
}
