// Partitions become part of a transaction, the first of them begins it; and the question whether they are.
internal import Base
internal import Protocol

extension TransactionCoordinator {
    mutating func add(
        _ partitions: [TopicPartition], _ claim: ProducerClaim, _ version: TransactionVersion,
        _ token: ReplyToken
    ) {
        guard !claim.id.isEmpty else { return decision.reply(.code(.invalidRequest), to: token) }
        let entry: TransactionEntry
        switch self.entry(of: claim) {
        case .success(let known): entry = known
        case .failure(let refusal): return refuse(claim, refusal.code, token)
        }
        let isOngoing = entry.state == .ongoing
        if isOngoing, partitions.allSatisfy(entry.partitions.contains) {
            return decision.reply(.code(.none), to: token)
        }
        var next = entry
        next.state = .ongoing
        next.partitions.formUnion(partitions)
        if !isOngoing { next.started = now.wall }
        next.updated = now.wall
        next.clientVersion = version
        // What could not be written would end the shard.
        guard next.partitions.recordBytes <= settings.recordBytesMax else {
            return refuse(claim, .policyViolation, token)
        }
        emit(claim.id, next)
        if !isOngoing { setTimeout(claim.id, next) }
        decision.reply(.code(.none), to: token)
    }

    /// What there is to say about each of `partitions`.
    func verify(_ partitions: [TopicPartition], _ claim: ProducerClaim) -> [ErrorCode] {
        func all(_ code: ErrorCode) -> [ErrorCode] { partitions.map { _ in code } }
        guard !claim.id.isEmpty else { return all(.invalidRequest) }
        switch entry(of: claim) {
        case .failure(let refusal): return all(refusal.code)
        case .success(let entry):
            if entry.state.isPrepared { return all(.concurrentTransactions) }
            return partitions.map { entry.partitions.contains($0) ? .none : .transactionAbortable }
        }
    }

    /// A transaction that began is aborted when its time is over.
    mutating func setTimeout(_ id: Name, _ entry: TransactionEntry) {
        let (open, overflow) = now.wall.milliseconds.subtractingReportingOverflow(entry.started.milliseconds)
        let left =
            overflow ? 0 : min(Int64(entry.timeoutMilliseconds), Int64(entry.timeoutMilliseconds) - open)
        deadlines.set(.timeout(id), at: now.after(milliseconds: Int32(clamping: left)))
    }
}

extension Set<TopicPartition> {
    /// About how many bytes they take in a record, at most.
    fileprivate var recordBytes: Int { reduce(0) { $0 + $1.topic.utf8.count + 16 } }
}
