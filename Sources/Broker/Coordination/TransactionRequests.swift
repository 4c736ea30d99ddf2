// How the coordinator of transactions is asked: the shard of an id, again with a new producer id where that
// takes one.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

/// What the coordinator of transactions says, or why it says nothing.
typealias TransactionAnswer = TransactionHost.Host.Answer

extension Administration {
    /// Asks the shard of `id`; `request` is given a new producer id, where the coordinator wants one.
    ///
    /// `answer` is called once, from any thread, perhaps at once.
    func transact(
        _ id: Name, _ request: @escaping @Sendable (_ fresh: ProducerID?) -> TransactionRequest,
        answer: @escaping @Sendable (TransactionAnswer) -> Void
    ) {
        let broker = broker
        // Only who asks for the coordinator has its topic made.
        guard let shards = broker.transactions.existingShards() else {
            return answer(.failure(ErrorCodeError(.notCoordinator)))
        }
        let shard = TransactionHost.shard(of: id, in: shards)
        @Sendable func ask(_ fresh: ProducerID?) {
            let asked = request(fresh)
            shard.ask({ .request(asked, $0) }) { result in
                guard case .success(.needsProducerID) = result else { return answer(result) }
                broker.producerIDs.nextOrRefill { fresh in
                    guard let fresh else {
                        return answer(.failure(ErrorCodeError(.coordinatorNotAvailable)))
                    }
                    ask(fresh)
                }
            }
        }
        ask(nil)
    }
}

extension RequestContext {
    /// Asks the shard of `id`, and makes a reply of what it says.
    func transact<Reply: Sendable>(
        _ id: Name, _ request: @escaping @Sendable (_ fresh: ProducerID?) -> TransactionRequest,
        reply: @escaping @Sendable (TransactionAnswer) -> Reply
    ) -> Outcome<Reply> {
        let deferred = Deferred<Reply>()
        administration.transact(id, request) { deferred.complete(reply($0)) }
        return .later(deferred)
    }

    /// What a client is told instead of PRODUCER_FENCED in versions before it knew that (KIP-588).
    func code(_ code: ErrorCode, fencedFrom version: Int16) -> ErrorCode {
        code == .producerFenced && self.version < version ? .invalidProducerEpoch : code
    }
}

extension Result where Success == TransactionReply, Failure == ErrorCodeError {
    /// Who the producer is from now on, or why it is not.
    var producer: Result<ProducerIdentity, ErrorCodeError> {
        flatMap { reply in
            switch reply {
            case .producer(let producer): .success(producer)
            case .code(let code): .failure(ErrorCodeError(code))
            case .needsProducerID, .verdicts, .description, .list:
                preconditionFailure("the coordinator answered another request")
            }
        }
    }

    /// What became of a request whose answer is a code.
    var code: ErrorCode {
        switch self {
        case .success(.code(let code)): code
        case .failure(let error): error.code
        case .success(.producer), .success(.needsProducerID), .success(.verdicts), .success(.description),
            .success(.list):
            preconditionFailure("the coordinator answered another request")
        }
    }
}

extension ProducerIDs {
    /// The next id, with a new block if need be; nil if that could not be written.
    ///
    /// `done` is called from any thread, perhaps at once.
    func nextOrRefill(_ done: @escaping @Sendable (ProducerID?) -> Void) {
        if let id = next() { done(id) } else { nextAfterRefill(done) }
    }
}
