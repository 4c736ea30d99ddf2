// InitProducerId of transactional producers: who gets which id and epoch. A producer that says who it was
// goes on where it stood (KIP-360); one that does not takes the id from whoever had it.
internal import Base
internal import Protocol

/// What a producer wants to begin as.
struct ProducerWish {
    let id: Name
    let timeoutMilliseconds: Int32
    /// Who it says that it was.
    let claimed: ProducerIdentity?
    let fresh: ProducerID?

    init(
        id: Name, timeoutMilliseconds: Int32, _ claimed: ProducerIdentity?, _ fresh: ProducerID?
    ) {
        self.id = id
        self.timeoutMilliseconds = timeoutMilliseconds
        self.claimed = claimed
        self.fresh = fresh
    }
}

extension TransactionCoordinator {
    mutating func initialize(_ wish: ProducerWish, _ request: TransactionRequest, _ token: ReplyToken) {
        guard !wish.id.isEmpty else { return decision.reply(.code(.invalidRequest), to: token) }
        guard wish.timeoutMilliseconds > 0, wish.timeoutMilliseconds <= settings.timeoutMaxMilliseconds else {
            return decision.reply(.code(.invalidTransactionTimeout), to: token)
        }
        guard let entry = entries[wish.id] else { return register(wish, token) }
        guard entry.isOrWas(wish.claimed) else { return refuse(wish, token) }
        switch entry.state {
        case .ongoing:
            guard abortOver(wish.id, entry, .replaced, fresh: wish.fresh) else {
                return decision.reply(.needsProducerID, to: token)
            }
            // The epoch that the abort took is given to nobody; it is raised again afterwards.
            serve(request.withoutFreshID, token)
        case .empty, .completeCommit, .completeAbort: renew(wish, entry, token)
        case .prepareCommit, .prepareAbort, .prepareEpochFence, .dead:
            preconditionFailure("requests wait while \(wish.id) is in \(entry.state)")
        }
    }

    /// Gives an id to the first producer that asks for it, whoever it says that it was: what it had before
    /// has expired.
    private mutating func register(_ wish: ProducerWish, _ token: ReplyToken) {
        guard let fresh = wish.fresh else { return decision.reply(.needsProducerID, to: token) }
        let producer = ProducerIdentity(id: fresh, epoch: 0)
        begin(wish, TransactionEntry(producer, timeoutMilliseconds: wish.timeoutMilliseconds), token)
    }

    private mutating func renew(_ wish: ProducerWish, _ entry: TransactionEntry, _ token: ReplyToken) {
        var next = entry
        next.state = .empty
        next.partitions = []
        next.started = .none
        next.nextID = .none
        next.timeoutMilliseconds = wish.timeoutMilliseconds
        next.formerEpoch = wish.claimed == nil ? TransactionEntry.noEpoch : entry.producer.epoch
        if let claimed = wish.claimed, claimed.epoch != entry.producer.epoch {
            // Asked again, as the answer was lost: nobody took the id since, or the former epoch were
            // unknown.
            guard claimed.epoch == entry.formerEpoch else { return refuse(wish, token) }
            guard entry.producer.epoch <= ProducerIdentity.lastEpoch else {
                return rotate(wish, next, token)
            }
            next.formerEpoch = entry.formerEpoch
        } else if entry.producer.isExhausted {
            return rotate(wish, next, token)
        } else {
            next.producer = ProducerIdentity(id: entry.producer.id, epoch: entry.producer.nextEpoch)
        }
        begin(wish, next, token)
    }

    /// Another id takes the place of one whose epochs are exhausted.
    private mutating func rotate(_ wish: ProducerWish, _ entry: TransactionEntry, _ token: ReplyToken) {
        guard let fresh = wish.fresh else { return decision.reply(.needsProducerID, to: token) }
        var next = entry
        next.producer = ProducerIdentity(id: fresh, epoch: 0)
        begin(wish, next, token)
    }

    private mutating func begin(_ wish: ProducerWish, _ entry: TransactionEntry, _ token: ReplyToken) {
        var entry = entry
        entry.updated = now.wall
        emit(wish.id, entry)
        decision.reply(.producer(entry.producer), to: token)
    }

    private mutating func refuse(_ wish: ProducerWish, _ token: ReplyToken) {
        let claimed = wish.claimed ?? ProducerIdentity(id: .none, epoch: TransactionEntry.noEpoch)
        refuse(ProducerClaim(id: wish.id, producer: claimed), .producerFenced, token)
    }
}

extension TransactionEntry {
    /// Whether a producer may go on as `claimed`; its epoch is looked at later.
    fileprivate func isOrWas(_ claimed: ProducerIdentity?) -> Bool {
        guard let claimed else { return true }
        return claimed.id == producer.id || (claimed.id == previousID && claimed.isExhausted)
    }
}

extension TransactionRequest {
    /// The same without the producer id that was brought for it.
    fileprivate var withoutFreshID: TransactionRequest {
        guard case .initialize(let id, let timeout, let producer, _) = self else { return self }
        return .initialize(id, timeoutMilliseconds: timeout, as: producer, fresh: nil)
    }
}
