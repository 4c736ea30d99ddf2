// What a transactional producer sends, and what it makes of the answers.
import Base
import Coordinator
import Protocol
import Simulation

extension TransactionalClient {
    func initialize() throws {
        chooseTimeout()
        var request = InitProducerIdRequest()
        request.transactionalID = transactionalID
        request.transactionTimeoutMs = timeout
        let (isFresh, asked) = (!claims, history.now)
        if claims { (request.producerID, request.producerEpoch) = identity }
        try ask(request, isOld ? 4 : 5) { [unowned self] reply in
            let error = ErrorCode(of: reply.errorCode)
            guard error == .none else { return try failed(error, "InitProducerId") }
            history.tell("\(name) is \(reply.producerID) in epoch \(reply.producerEpoch)")
            try history.promise.gives(
                reply.producerID, reply.producerEpoch, to: transactionalID, isFresh: isFresh)
            usedAt = asked
            isInitialized(as: (reply.producerID, reply.producerEpoch))
        }
    }

    func add(_ place: Place) throws {
        var topic = AddPartitionsToTxnRequest.AddPartitionsToTxnTopic()
        topic.name = history.promise.name(of: place.topic)
        topic.partitions = [place.index]
        var request = AddPartitionsToTxnRequest()
        request.v3AndBelowTransactionalID = transactionalID
        (request.v3AndBelowProducerID, request.v3AndBelowProducerEpoch) = identity
        request.v3AndBelowTopics = [topic]
        try ask(request, 3) { [unowned self] reply in
            guard let part = reply.resultsByTopicV3AndBelow.first?.resultsByPartition.first else {
                throw violated("an addition is answered without a partition")
            }
            let error = ErrorCode(of: part.partitionErrorCode)
            guard error == .none else { return try failed(error, "AddPartitionsToTxn") }
            wasAdded(place)
        }
    }

    func addGroup() throws {
        var request = AddOffsetsToTxnRequest()
        request.transactionalID = transactionalID
        (request.producerID, request.producerEpoch) = identity
        request.groupID = group
        try ask(request, 3) { [unowned self] reply in
            let error = ErrorCode(of: reply.errorCode)
            guard error == .none else { return try failed(error, "AddOffsetsToTxn") }
            wasAdded(nil)
        }
    }

    func produce(_ batch: SentBatch) throws {
        let place = batch.place
        history.promise.sends(batch.numbers)
        let bytes = try batch.bytes(at: history.clock.wallTime(), producer: identity, isTransactional: true)
        var request = ProduceRequest([(place, bytes)], acks: -1)
        request.transactionalID = transactionalID
        request.topicData[0].name = history.promise.name(of: place.topic)
        history.tell(
            "\(name): \(batch.numbers.count) records from \(batch.sequence) on in epoch \(identity.epoch) to "
                + history.promise.name(of: place))
        try ask(request, isOld ? 11 : Self.version) { [unowned self] reply in
            guard let part = reply.responses.first?.partitionResponses.first else {
                throw violated("a produce is answered without a partition")
            }
            let error = ErrorCode(of: part.errorCode)
            if error != .none, history.promise.isGoing(place.topic) {
                history.tell("\(name): \(error), of a topic that is deleted")
                return mustGiveUp()
            }
            switch error {
            case .none: try history.promise.acknowledged(batch.numbers, at: part.baseOffset, isDurable: true)
            case .duplicateSequenceNumber: history.promise.acknowledged(batch.numbers)
            default: return try failed(error, "Produce to \(history.promise.name(of: place))")
            }
            stepIsTaken()
        }
    }

    func commit(_ key: OffsetKey, _ offset: Int64) throws {
        var partition = TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition()
        partition.partitionIndex = key.place.index
        partition.committedOffset = offset
        var topic = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic()
        topic.name = history.promise.name(of: key.place.topic)
        topic.partitions = [partition]
        var request = TxnOffsetCommitRequest()
        request.transactionalID = transactionalID
        request.groupID = key.group
        (request.producerID, request.producerEpoch) = identity
        request.topics = [topic]
        history.promise.sends(key, offset, with: transaction)
        try ask(request, isOld ? 4 : 5) { [unowned self] reply in
            guard let part = reply.topics.first?.partitions.first else {
                throw violated("a commit is answered without a partition")
            }
            let error = ErrorCode(of: part.errorCode)
            guard error == .none else { return try failed(error, "TxnOffsetCommit") }
            stepIsTaken()
        }
    }

    func askForEnd(isCommit: Bool) throws {
        var request = EndTxnRequest()
        request.transactionalID = transactionalID
        (request.producerID, request.producerEpoch) = identity
        request.committed = isCommit
        if isCommit { history.promise.asksForCommit(of: transaction) }
        let (isOld, asked) = (isOld, history.now)
        try ask(request, isOld ? 3 : 5) { [unowned self] reply in
            let error = ErrorCode(of: reply.errorCode)
            guard error == .none else { return try failed(error, "EndTxn") }
            if !isOld {
                // Behind the last epoch comes another id.
                let isNext =
                    identity.epoch == ProducerIdentity.lastEpoch
                    ? reply.producerID != identity.id && reply.producerEpoch == 0
                    : reply.producerID == identity.id && reply.producerEpoch == identity.epoch + 1
                guard isNext else {
                    throw violated(
                        "after epoch \(identity.epoch) of \(identity.id) it is in \(reply.producerEpoch) of "
                            + "\(reply.producerID)")
                }
                let next = (reply.producerID, reply.producerEpoch)
                try history.promise.gives(next.0, next.1, to: transactionalID, isFresh: false)
                identityChanges(to: next)
            }
            history.tell("\(name) has \(isCommit ? "committed" : "aborted") transaction \(transaction)")
            usedAt = asked
            try hasEnded(isCommit: isCommit)
        }
    }

    /// Looks up an offset of its group, now and then also what it is to those who do not wait.
    func look() throws {
        let mine = history.promise.groups.offsets.keys.filter { $0.group == group }
        let keys = mine.sorted { $0.place.index < $1.place.index }
        guard let key = keys.randomElement(using: &history.random) else { return }
        let isStable = history.random.chance(50)
        let before = history.promise.groups.offsets[key] ?? OffsetPromise()
        try ask(OffsetFetchRequest(key, isStable: isStable), 10) { [unowned self] reply in
            let found = try reply.look()
            guard found.error == .none else { return history.tell("\(name): \(found.error)") }
            try history.promise.sees(found.offset, of: key, known: before, isStable: isStable)
        }
    }
}
