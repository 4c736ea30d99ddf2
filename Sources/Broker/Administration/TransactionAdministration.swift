// Transactions are listed, described and aborted.
internal import Base
internal import Coordinator

internal import enum Protocol.ErrorCode

/// The transactional ids that there are.
struct TransactionListing: Sendable {
    /// By their ids.
    let transactions: [ListedTransaction]
    /// Why some are missing; nil if none is.
    let problem: Refusal?
}

extension Administration {
    /// The transactional ids that `filter` shows, and that all of `pattern` (RE2) matches, if there is one.
    func listTransactions<Reply: Sendable>(
        _ filter: TransactionFilter = TransactionFilter(), pattern: Name? = nil,
        answer: @escaping @Sendable (TransactionListing) -> Reply
    ) -> Deferred<Reply> {
        do throws(TopicPatternError) {
            if let pattern, !pattern.isEmpty { _ = try TopicPattern(pattern) }
        } catch {
            let refusal = Refusal(code: .invalidRegularExpression, message: error.description)
            let reply = Deferred<Reply>()
            reply.complete(answer(TransactionListing(transactions: [], problem: refusal)))
            return reply
        }
        // There are no shards before somebody made use of transactions.
        let shards = broker.transactions.existingShards() ?? []
        return broker.transactions.gather(count: shards.count) { answers in
            var transactions: [ListedTransaction] = []
            var problem: Refusal?
            for answer in answers {
                let part: Result<[ListedTransaction], Refusal> = answer.read {
                    if case .list(let listed) = $0 { .success(listed) } else { nil }
                } _: {
                    .failure(Refusal($0))
                }
                switch part {
                case .success(let listed): transactions += listed
                case .failure(let refusal): problem = refusal
                }
            }
            let shown = Self.matching(transactions, pattern).sorted { $0.id < $1.id }
            return answer(TransactionListing(transactions: shown, problem: problem))
        } ask: { index, tell in
            shards[index].ask({ .request(.list(filter), $0) }, answer: tell)
        }
    }

    private static func matching(_ all: [ListedTransaction], _ pattern: Name?) -> [ListedTransaction] {
        guard let pattern, !pattern.isEmpty, let compiled = try? TopicPattern(pattern) else { return all }
        return all.filter { compiled.matches($0.id) }
    }

    /// What there is to tell of transactional ids, in the order of `ids`; `denial` says why one must not be
    /// asked about, in their order, and before it is.
    func describeTransactions<Reply: Sendable>(
        _ ids: [Name], denial: (Name) -> ErrorCode? = { _ in nil },
        answer: @escaping @Sendable ([Result<DescribedTransaction, Refusal>]) -> Reply
    ) -> Deferred<Reply> {
        let host = broker.transactions
        let shards = host.existingShards()
        return host.gather(count: ids.count) { answers in
            answer(
                answers.map { result in
                    result.read { reply -> Result<DescribedTransaction, Refusal>? in
                        guard case .description(let described) = reply else { return nil }
                        return described.map { .success($0) } ?? .failure(Refusal(.transactionalIDNotFound))
                    } _: {
                        .failure(Refusal($0))
                    }
                })
        } ask: { index, tell in
            let id = ids[index]
            if let code = denial(id) ?? (id.isEmpty ? .invalidRequest : nil) {
                return tell(.failure(ErrorCodeError(code)))
            }
            guard let shards else { return tell(.failure(ErrorCodeError(.notCoordinator))) }
            TransactionHost.shard(of: id, in: shards).ask({ .request(.describe(id), $0) }, answer: tell)
        }
    }

    /// Aborts the open transaction of `id` and fences its producer; complete when the verdict is durable, and
    /// markers follow.
    func abortTransaction<Reply: Sendable>(
        _ id: Name, answer: @escaping @Sendable (Refusal?) -> Reply
    ) -> Deferred<Reply> {
        let reply = Deferred<Reply>()
        transact(id, { .abort(id, fresh: $0) }) { result in
            switch result.producer {
            case .success: reply.complete(answer(nil))
            case .failure(let error): reply.complete(answer(Refusal(error.code)))
            }
        }
        return reply
    }
}
