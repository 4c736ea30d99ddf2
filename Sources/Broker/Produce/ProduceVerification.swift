// Batches that begin a transaction in their partition, and what its coordinator has to say of that.
internal import Base
internal import Protocol
internal import Storage

extension ProduceAttempt {
    /// Asks the coordinator about what needs its permission, if anything does; `done` gets, by their places
    /// in `postponed`, why some of it is refused.
    func verify(
        _ context: RequestContext, then done: @escaping @Sendable ([Int: ProduceRefusal]) -> Void
    ) {
        let places = postponed.indices.filter { postponed[$0].permission != nil }
        guard let id = transactionalID, let producer, !places.isEmpty else { return done([:]) }
        var partitions: [TopicPartition] = []
        var numbers: [TopicPartition: Int] = [:]
        for place in places {
            let partition = postponed[place].partition.id
            guard numbers[partition] == nil else { continue }
            numbers[partition] = partitions.count
            partitions.append(partition)
        }
        let ids = places.map { postponed[$0].partition.id }
        TransactionVerification(
            transactionalID: id, producer: producer, kind: VerificationKind(produce: context.version),
            partitions: partitions
        ).ask(context) { [numbers] codes in
            var refusals: [Int: ProduceRefusal] = [:]
            for (place, id) in zip(places, ids) {
                let code = numbers[id].map { codes[$0] } ?? .unknownServerError
                if code != .none { refusals[place] = ProduceRefusal(verification: code) }
            }
            done(refusals)
        }
    }
}

extension ProduceRefusal {
    /// What a producer is told of a batch that the coordinator did not permit: instead of errors that older
    /// ones do not try again after, one that they do, and that has nobody look for another leader.
    init(verification code: ErrorCode) {
        switch code {
        case .invalidTxnState: self.init(code, "Partition was not added to the transaction")
        case .concurrentTransactions, .networkException, .coordinatorLoadInProgress,
            .coordinatorNotAvailable, .notCoordinator:
            self.init(
                .notEnoughReplicas,
                "Unable to verify the partition has been added to the transaction. Underlying error: "
                    + code.name)
        default: self.init(code)
        }
        isOfLog = false
    }
}
