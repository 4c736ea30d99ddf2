// The end of a transaction: asked for by its producer (EndTxn), by whoever takes its place, by the clock or
// by an operator. The verdict is written down first, then markers are ordered (`MarkerDebt`), and when all of
// them are durable the transaction is complete.
internal import Base
internal import Protocol

extension TransactionCoordinator {
    mutating func end(
        _ claim: ProducerClaim, _ outcome: TransactionOutcome, _ version: TransactionVersion,
        _ fresh: ProducerID?, _ token: ReplyToken
    ) {
        guard !claim.id.isEmpty else { return decision.reply(.code(.invalidRequest), to: token) }
        guard let entry = entries[claim.id] else { return refuse(claim, .invalidProducerIDMapping, token) }
        switch entry.verdict(claim.producer, outcome, version) {
        case .refuse(let code): refuse(claim, code, token)
        case .isDone: decision.reply(.producer(entry.producer), to: token)
        case .prepare:
            var next = entry
            next.clientVersion = version
            if version.raisesEpochs {
                if entry.producer.isExhausted {
                    guard let fresh else { return decision.reply(.needsProducerID, to: token) }
                    next.nextID = fresh
                }
                next.raiseEpoch()
            }
            // Nothing took part: an abort of version 2 that only raises the epoch.
            if entry.state != .ongoing { next.started = now.wall }
            prepare(claim.id, next, outcome)
            // The producer goes on at once; what it does next waits for the markers.
            decision.reply(.producer(next.producerAfterwards), to: token)
        }
    }

    /// Writes the verdict down, and has markers written.
    private mutating func prepare(_ id: Name, _ entry: TransactionEntry, _ outcome: TransactionOutcome) {
        var next = entry
        next.state = outcome == .commit ? .prepareCommit : .prepareAbort
        next.updated = now.wall
        deadlines.cancel(.timeout(id))
        awaitingProducerID[id] = nil
        emit(id, next)
        if next.partitions.isEmpty { complete(id) } else { owe(id, next) }
    }

    /// Ends a transaction whose markers are all durable.
    mutating func complete(_ id: Name) {
        guard let entry = entries[id] else { return }
        var next = entry
        next.state = entry.state == .prepareCommit ? .completeCommit : .completeAbort
        next.producer = entry.producerAfterwards
        next.nextID = .none
        next.partitions = []
        next.updated = now.wall
        emit(id, next)
        serveHeld(id)
    }
}

// MARK: - Over the producer's head

extension TransactionCoordinator {
    /// Aborts an open transaction and fences its producer; false if that takes a new producer id first.
    ///
    /// With version 2 the producer of the epoch before may begin anew, as its markers carry the epoch that
    /// its own abort would have had. So a client that speaks it is told of the next epoch or id also where
    /// the cluster's version was lowered meanwhile.
    mutating func abortOver(
        _ id: Name, _ entry: TransactionEntry, _ reason: AbortReason, fresh: ProducerID?
    ) -> Bool {
        var next = entry
        if !entry.clientVersion.raisesEpochs { next.clientVersion = settings.version }
        if next.clientVersion.raisesEpochs, entry.producer.isExhausted {
            guard let fresh else { return false }
            next.nextID = fresh
        }
        next.raiseEpoch()
        if !settings.version.raisesEpochs { next.formerEpoch = TransactionEntry.noEpoch }
        let open = now.wall.milliseconds &- entry.started.milliseconds
        decision.orders.append(
            .tell(
                .aborted(
                    id, next.producer, reason, openMilliseconds: open, partitions: entry.partitions.count)))
        prepare(id, next, .abort)
        return true
    }

    /// A transaction has been open for as long as it may.
    mutating func timeout(_ id: Name) {
        guard let entry = entries[id], entry.state == .ongoing else { return }
        let reason = AbortReason.timedOut(milliseconds: entry.timeoutMilliseconds)
        guard !abortOver(id, entry, reason, fresh: nil) else { return }
        awaitingProducerID[id] = reason
        decision.orders.append(.bringProducerID(for: id))
    }

    mutating func producerIDArrived(_ id: Name, _ fresh: ProducerID) {
        guard let reason = awaitingProducerID.removeValue(forKey: id), let entry = entries[id],
            entry.state == .ongoing
        else { return }
        _ = abortOver(id, entry, reason, fresh: fresh)
    }

    /// An operator has a transaction aborted.
    mutating func abort(_ id: Name, _ fresh: ProducerID?, _ token: ReplyToken) {
        guard let entry = entries[id] else {
            return decision.reply(.code(.transactionalIDNotFound), to: token)
        }
        guard entry.state == .ongoing else { return decision.reply(.code(.invalidTxnState), to: token) }
        guard abortOver(id, entry, .operatorAsked, fresh: fresh) else {
            return decision.reply(.needsProducerID, to: token)
        }
        decision.reply(.producer(entries[id]?.producerAfterwards ?? entry.producer), to: token)
    }
}

extension TransactionEntry {
    fileprivate mutating func raiseEpoch() {
        formerEpoch = producer.epoch
        producer = ProducerIdentity(id: producer.id, epoch: producer.nextEpoch)
    }
}

// MARK: - What EndTxn leads to

/// What follows from the wish to end a transaction.
private enum EndVerdict {
    case prepare
    /// It has been done: the answer was lost.
    case isDone
    case refuse(ErrorCode)
}

extension TransactionEntry {
    /// With version 1: the epoch stays the same, so the state alone says whether it was done before.
    private func verdictV1(_ claimed: ProducerIdentity, _ outcome: TransactionOutcome) -> EndVerdict {
        guard claimed.id == producer.id else { return .refuse(.invalidProducerIDMapping) }
        guard claimed.epoch == producer.epoch else { return .refuse(.producerFenced) }
        switch state {
        case .ongoing: return .prepare
        case .completeCommit where outcome == .commit, .completeAbort where outcome == .abort: return .isDone
        case .empty, .completeCommit, .completeAbort, .prepareCommit, .prepareAbort, .prepareEpochFence,
            .dead:
            return .refuse(.invalidTxnState)
        }
    }

    fileprivate func verdict(
        _ claimed: ProducerIdentity, _ outcome: TransactionOutcome, _ version: TransactionVersion
    ) -> EndVerdict {
        version.raisesEpochs ? verdictV2(claimed, outcome) : verdictV1(claimed, outcome)
    }

    /// With version 2 (KIP-890): the same epoch means the next transaction, the one before it that this was
    /// done and the answer lost.
    ///
    /// An end by the rules of version 1 left the epoch as it was: one before it is no repetition of that, but
    /// the wish of a producer that was fenced since. Kafka tells it that what another one did is done.
    private func verdictV2(_ claimed: ProducerIdentity, _ outcome: TransactionOutcome) -> EndVerdict {
        let isRetryOverRotation =
            claimed.id == previousID && claimed.epoch == ProducerIdentity.lastEpoch && producer.epoch == 0
        guard claimed.id == producer.id || isRetryOverRotation else {
            return .refuse(.invalidProducerIDMapping)
        }
        let isNow = claimed == producer
        switch state {
        case .ongoing: return isNow ? .prepare : .refuse(.producerFenced)
        case .empty:
            guard isNow else { return .refuse(.producerFenced) }
            return outcome == .abort ? .prepare : .refuse(.invalidTxnState)
        case .completeCommit, .completeAbort:
            let isRetry =
                clientVersion.raisesEpochs
                && (isRetryOverRotation || claimed.nextEpoch == producer.epoch)
            guard isNow || isRetry else { return .refuse(.producerFenced) }
            if isNow { return outcome == .abort ? .prepare : .refuse(.invalidTxnState) }
            let was: TransactionOutcome = state == .completeCommit ? .commit : .abort
            guard was == outcome else { return .refuse(.invalidTxnState) }
            // Records of version 0 do not say which id comes behind the last epoch of one: who asks for one
            // gets it from InitProducerId.
            return producer.epoch > ProducerIdentity.lastEpoch ? .refuse(.producerFenced) : .isDone
        case .prepareCommit, .prepareAbort, .prepareEpochFence, .dead: return .refuse(.invalidTxnState)
        }
    }
}
