// Transactions that write into a shard's log: their records stand there from the first, and count for the
// shard when the marker does. Both are appended under the shard's lock, so that what it knows and what the
// log says change in the same order, live and when it is read again.
internal import Base
internal import Coordinator
internal import Protocol
internal import Records
internal import Storage

/// What became of the end of a transaction in a shard's log.
enum MarkerAppend: Sendable {
    /// It stands there, and is durable when the log is up to `end`.
    case appended(end: Offset)
    /// The log refused it.
    case refused(StorageError)
    /// The shard takes nothing at present.
    case unavailable
}

/// The end of a transaction that waits for its shard to be loaded.
struct HeldMarker: Sendable {
    let marker: TransactionMarker
    let answer: @Sendable (MarkerAppend) -> Void
}

extension ShardHost {
    /// Ends a transaction here; `answer` is called once, from any thread, perhaps at once.
    func end(_ marker: TransactionMarker, answer: @escaping @Sendable (MarkerAppend) -> Void) {
        var outgoing = Outgoing()
        guarded.withLock { guarded in
            let held = HeldMarker(marker: marker, answer: answer)
            switch guarded.stage {
            case .active: end(held, &guarded, &outgoing)
            case .loading where guarded.heldMarkers.count < ShardLimits.heldMax:
                guarded.heldMarkers.append(held)
            case .loading, .failed, .closed: outgoing.calls.append { answer(.unavailable) }
            }
        }
        dispatch(outgoing)
    }

    /// Ends the transactions whose ends came before the shard was there.
    func endHeld(_ guarded: inout Guarded, _ outgoing: inout Outgoing) {
        let held = guarded.heldMarkers
        guarded.heldMarkers = []
        for held in held { end(held, &guarded, &outgoing) }
    }

    /// Nothing becomes of those that wait.
    func refuseMarkers(_ guarded: inout Guarded, _ outgoing: inout Outgoing) {
        for held in guarded.heldMarkers { outgoing.calls.append { held.answer(.unavailable) } }
        guarded.heldMarkers = []
    }

    private func end(_ held: HeldMarker, _ guarded: inout Guarded, _ outgoing: inout Outgoing) {
        guard case .active = guarded.stage, let log = partition.log else {
            return outgoing.calls.append { held.answer(.unavailable) }
        }
        let marker = held.marker
        do throws(StorageError) {
            let end = try log.append(marker, at: services.now.wall).last.next
            guarded.end = end
            guarded.state.transactionEnded(of: marker.producerID, isCommit: marker.outcome == .commit)
            outgoing.hasWritten = true
            outgoing.calls.append { held.answer(.appended(end: end)) }
        } catch {
            outgoing.calls.append { held.answer(.refused(error)) }
            if !error.isRefusalOfProducer { collapse(&guarded, &outgoing, reason: "\(error)") }
        }
    }

    /// Appends and applies what is to count when a transaction commits; what whoever asked for it is told.
    func take(
        _ write: TransactionalWrite<State.Record, State.Reply>, _ guarded: inout Guarded, at now: Moment
    ) throws -> AddressedReply<State.Reply> {
        var options = BatchOptions()
        options.producerID = write.producer.id
        options.producerEpoch = write.producer.epoch
        // As Kafka numbers what coordinators write.
        options.baseSequence = 0
        options.isTransactional = true
        let permission = write.permission.map { TransactionPermission(number: $0) }
        do {
            guarded.end = try append(write.records, at: now, options, from: .coordinator(permission))
        } catch let error as StorageError where error.isRefusalOfProducer {
            return AddressedReply(token: write.token, reply: write.refusal(ErrorCode(error)))
        }
        for record in write.records { guarded.state.apply(record, ofTransactionOf: write.producer.id) }
        return AddressedReply(token: write.token, reply: write.reply)
    }
}

extension PartitionLog {
    /// Appends the end of a transaction; where it stands.
    func append(_ marker: TransactionMarker, at time: Timestamp) throws(StorageError) -> OffsetRange {
        try append(
            EndTransactionMarker(
                isCommit: marker.outcome == .commit, coordinatorEpoch: marker.coordinatorEpoch),
            of: marker.producerID, epoch: marker.producerEpoch,
            transactionVersion: marker.transactionVersion, at: time)
    }
}
