// A transactional producer, which may also commit offsets with what it writes, as whoever consumes,
// transforms and produces does. It speaks version 1 or 2 of the protocol (KIP-890), loses answers and asks
// again, leaves transactions open, and may share its transactional id with another one, so that the two fence
// each other.
import Base
import Coordinator
import Protocol
import Simulation

final class TransactionalClient: Producer {
    enum Stage: Equatable {
        /// It has to ask who it is.
        case nobody
        case idle
        case open
        /// The end was asked for, and is until it is answered.
        case ending(isCommit: Bool)
    }

    /// Something that becomes part of the transaction.
    enum Step {
        case records(SentBatch)
        case offset(OffsetKey, Int64)
    }

    /// What is not answered.
    private enum Waiting { case initialization, other }

    let transactionalID: Name
    /// Whether nobody else uses its id.
    private let isSole: Bool
    let group: Name
    var stage = Stage.nobody
    var identity: (id: Int64, epoch: Int16) = (-1, -1)
    /// Whether it speaks version 1, in which partitions are added by the client, and epochs stay.
    private(set) var isOld: Bool
    /// Whether it speaks what the cluster runs at when a transaction begins.
    private let isFlexible: Bool
    /// When it asked for what was done about its id last: it is forgotten after as long as is configured.
    var usedAt: Int64 = 0
    private(set) var timeout: Int32 = 0
    /// The transaction that is open, as the checker knows it.
    private(set) var transaction = 0
    /// The clock may end it that long after this.
    private var openedAt: Int64 = 0
    private(set) var step: Step?
    /// Partitions that were added; nil for the group.
    private var added: Set<Place?> = []
    private var hasOffsets = false
    /// Whether something counts if it commits.
    private var hasContent = false
    private var mustAbort = false
    /// Requests of version 1 whose answers were lost may still come to the broker, where nothing tells them
    /// from those of the next transaction but a new epoch.
    private var mustRenew = false
    private(set) var claims = false
    /// Whether an end whose answer was lost may stand in records of version 0, which do not say that it
    /// raised the epoch: after a crash whoever asks again passes for one who was fenced (GAPS.md).
    private var mayPassForFenced = false
    private var sequences: [Place: Int32] = [:]
    private var lastOffset: Int64 = 0
    private var waiting: Waiting?
    private var restsUntil: Int64 = 0
    /// Whether an earlier request for the id may still come to the broker, or has, and whether a crash has
    /// made an end of it since.
    private var lateInitialization: (isPossible: Bool, isOver: Bool) = (false, false)

    init(
        _ number: Int, _ history: BrokerHistory, _ id: Name, isSole: Bool, isOld: Bool, isFlexible: Bool
    ) {
        transactionalID = id
        self.isSole = isSole
        self.isOld = isOld
        self.isFlexible = isFlexible
        group = Name("transactions-\(number)")
        super.init(number, "transactional producer", history)
    }

    override var isQuiet: Bool { stage == .nobody || stage == .idle }

    override func lostConnection() {
        if waiting == .initialization { lateInitialization = (true, false) }
        if waiting != nil, isOld { mustRenew = true }
        if waiting != nil, !isOld, case .ending = stage, history.promise.hadVersion0 {
            mayPassForFenced = true
        }
        waiting = nil
    }

    override func brokerEnded() { lateInitialization.isOver = true }

    override func proceed(_ wire: Wire) throws -> Bool {
        guard waiting == nil, history.now >= restsUntil, !(history.isSettling && isQuiet) else {
            return false
        }
        guard history.isSettling || !isFree || history.random.chance(60) else { return false }
        switch stage {
        case .nobody: try initialize()
        case .idle where mustRenew:
            claims = history.random.chance(40)
            stage = .nobody
        case .idle where history.random.chance(20): try look()
        case .idle:
            begin()
            try proceedInTransaction()
        case .open: try proceedInTransaction()
        case .ending(let isCommit): try askForEnd(isCommit: isCommit)
        }
        return true
    }

    /// Whether it may take its time.
    private var isFree: Bool { step == nil && (stage == .idle || stage == .open) }

    /// Sends a request about the transaction.
    func ask<Request: RequestMessage>(
        _ request: Request, _ version: Int16, _ handle: @escaping (Request.Reply) throws -> Void
    ) throws {
        waiting = Request.key == .initProducerID ? .initialization : .other
        try send(request, version) { [unowned self] reply in
            waiting = nil
            try handle(reply)
        }
    }
}

// MARK: - What it does

extension TransactionalClient {
    private func begin() {
        if isFlexible { isOld = !history.promise.transactionVersion.raisesEpochs }
        transaction = history.promise.beginsTransaction(name)
        openedAt = history.now
        (step, added, hasOffsets, hasContent, mustAbort) = (nil, [], false, false, false)
        mayPassForFenced = false
        stage = .open
        history.tell("\(name) begins transaction \(transaction), version \(isOld ? 1 : 2)")
    }

    private func proceedInTransaction() throws {
        if mustAbort { return end(isCommit: false) }
        if let step { return try take(step) }
        if history.isSettling { return end(isCommit: hasContent && history.random.chance(80)) }
        switch Int.random(in: 0..<12, using: &history.random) {
        case ..<5: planRecords()
        case ..<7: planOffset()
        case ..<11: end(isCommit: hasContent && history.random.chance(80))
        default:
            guard history.random.chance(40) else { return }
            history.tell("\(name) leaves transaction \(transaction) open")
            stage = .nobody
            restsUntil = history.now + Int64.random(in: 0...40_000, using: &history.random) * 1_000_000
            return
        }
        if let step { try take(step) }
    }

    /// Old clients know topics by their names, under which another one may come to be: all but the first.
    private var places: [Place] {
        let promise = history.promise
        return isOld
            ? promise.places.filter { promise.name(of: $0.topic) == BrokerPromise.names[0] } : promise.places
    }

    private func planRecords() {
        guard let place = places.randomElement(using: &history.random) else { return }
        var batch = newBatch(place, isIdempotent: true, transaction: transaction)
        batch.sequence = sequences[place, default: 0]
        sequences[place] = batch.sequence + Int32(batch.numbers.count)
        step = .records(batch)
    }

    private func planOffset() {
        let first = history.promise.places.filter {
            history.promise.name(of: $0.topic) == BrokerPromise.names[0]
        }
        guard !hasOffsets, let place = first.randomElement(using: &history.random) else { return }
        hasOffsets = true
        lastOffset += 1
        step = .offset(OffsetKey(group: group, place: place), lastOffset)
    }

    private func take(_ step: Step) throws {
        switch step {
        case .records(let batch):
            if isOld, !added.contains(batch.place) { return try add(batch.place) }
            try produce(batch)
        case .offset(let key, let offset):
            if isOld, !added.contains(nil) { return try addGroup() }
            try commit(key, offset)
        }
    }

    /// A partition or the group is part of the transaction.
    func wasAdded(_ place: Place?) { added.insert(place) }

    /// The step was taken.
    func stepIsTaken() {
        step = nil
        hasContent = true
    }

    private func end(isCommit: Bool) {
        step = nil
        guard isOld, mustAbort || added.isEmpty else {
            stage = .ending(isCommit: isCommit)
            return
        }
        // What was refused leaves a gap in the sequence numbers, which a new epoch closes.
        mustRenew = mustRenew || mustAbort
        stage = mustRenew ? .nobody : .idle
    }
}

// MARK: - How it ends

extension TransactionalClient {
    /// It was told who it is.
    func isInitialized(as producer: (id: Int64, epoch: Int16)) {
        if lateInitialization.isOver { lateInitialization = (false, false) }
        (claims, mustRenew) = (false, false)
        identityChanges(to: producer)
        stage = .idle
    }

    func chooseTimeout() { timeout = Int32.random(in: 2_000...50_000, using: &history.random) }

    func identityChanges(to producer: (id: Int64, epoch: Int16)) {
        identity = producer
        sequences = [:]
    }

    /// The end was answered well.
    func hasEnded(isCommit: Bool) throws {
        try history.promise.ended(transaction, isCommit: isCommit, "EndTxn")
        stage = mustRenew ? .nobody : .idle
    }

    /// It is to ask again in a moment.
    func rest() { restsUntil = history.now + 20_000_000 }

    /// What was asked for failed with `error`.
    func failed(_ error: ErrorCode, _ what: String) throws {
        history.tell("\(name): \(what): \(error)")
        switch error {
        case .concurrentTransactions, .coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator,
            .requestTimedOut, .kafkaStorageError, .networkException, .notLeaderOrFollower, .notEnoughReplicas:
            rest()
        case .transactionAbortable, .invalidTxnState, .producerFenced, .invalidProducerEpoch,
            .invalidProducerIDMapping:
            try isFenced(error, what)
        default: throw violated("\(what): \(error)")
        }
    }

    /// Its transaction, and its epoch, have ended without it.
    private func isFenced(_ error: ErrorCode, _ what: String) throws {
        let isOverdue = !isQuiet && history.now >= openedAt + Int64(timeout) * 1_000_000
        let isExpired = error == .invalidProducerIDMapping && history.expires(usedAt)
        let isExcused = lateInitialization.isPossible || isExpired || claims || mayPassForFenced
        guard !isSole || isOverdue || isExcused else {
            throw violated("\(what): \(error), and nobody else has its id, nor is its time over")
        }
        (claims, step) = (false, nil)
        stage = .nobody
    }

    /// A topic is deleted that the transaction writes to: what is left is to abort.
    func mustGiveUp() { (mustAbort, step) = (true, nil) }
}
