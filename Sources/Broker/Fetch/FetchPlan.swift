// One fetch being answered: what to read, under which bounds, and what reading it gave. The same reading runs
// when the request arrives and again whenever a partition that it waits for has moved.
internal import Base
internal import Network
internal import Protocol
internal import Storage

/// Bounds and circumstances of a fetch.
struct FetchPlan: Sendable {
    let targets: [FetchTarget]
    let maxBytes: Int
    let minBytes: Int
    let maxWaitMilliseconds: Int32
    let limit: ReadLimit
    /// v0–2 may not exceed `maxBytes` even for a first batch that is larger.
    let firstBatchComesWhole: Bool
    let usesTopicIDs: Bool
}

/// What one partition gave.
struct FetchedPartition: Sendable {
    let target: FetchTarget
    var error = ErrorCode.none
    var slice: LogSlice?
    /// The records in an old format, where the consumer wants that.
    var converted: [UInt8]?

    /// The bounds of the log when it was read; nil beside an error.
    var bounds: LogBounds? { slice?.bounds }
    /// Bytes that go to the client.
    var byteCount: Int { slice?.length ?? 0 }

    fileprivate mutating func take(_ result: Result<LogSlice, StorageError>) {
        switch result {
        case .success(let found): slice = found
        case .failure(let problem): error = ErrorCode(problem)
        }
    }
}

/// What all partitions gave.
struct FetchedPartitions: Sendable {
    var partitions: [FetchedPartition] = []
    /// Reads that wait for the disk, by their place in `partitions`.
    fileprivate var pending: [(index: Int, slice: Pending<LogSlice>)] = []

    var byteCount: Int { partitions.reduce(0) { $0 + $1.byteCount } }
    var hasError: Bool { partitions.contains { $0.error != .none } }

    /// Calls `body` with all results: at once if nothing waits for the disk, else on `loop` when the last
    /// read is done.
    func whenComplete(on loop: EventLoop, _ body: @escaping @Sendable (FetchedPartitions) -> Void) {
        guard !pending.isEmpty else { return body(self) }
        var settled = self
        settled.pending = []
        let gathered = Lock((fetched: settled, open: pending.count))
        for (index, slice) in pending {
            slice.whenDone { result in
                let finished = gathered.withLock { state -> FetchedPartitions? in
                    state.fetched.partitions[index].take(result)
                    state.open -= 1
                    return state.open == 0 ? state.fetched : nil
                }
                if let finished { loop.post { body(finished) } }
            }
        }
    }
}

extension FetchPlan {
    /// Reads every partition as far as the bounds allow.
    ///
    /// No bytes are copied: slices name ranges of segment files.
    func read(_ topics: TopicDirectory) -> FetchedPartitions {
        var fetched = FetchedPartitions()
        fetched.partitions.reserveCapacity(targets.count)
        var rest = maxBytes
        var hasBytes = false
        for target in targets {
            let wanted = min(rest, Int(target.maxBytes))
            var partition = FetchedPartition(target: target)
            switch read(target, topics, maxBytes: wanted, wholeFirstBatch: firstBatchComesWhole && !hasBytes)
            {
            case .success(.now(let slice)):
                partition.slice = slice
                rest = max(0, rest - slice.length)
                hasBytes = hasBytes || slice.length > 0
            case .success(.later(let slice)):
                // How much it will be is not known yet; what it may take is set aside.
                fetched.pending.append((fetched.partitions.count, slice))
                rest = max(0, rest - wanted)
                hasBytes = true
            case .failure(let problem):
                partition.error = problem.code
            }
            fetched.partitions.append(partition)
        }
        return fetched
    }

    /// The partition that a target names, with the error for a topic or partition that is not there.
    func find(_ target: FetchTarget, _ topics: TopicDirectory) -> Result<Partition, ErrorCodeError> {
        guard let topic = usesTopicIDs ? topics[target.key.topicID] : topics[target.key.topicName] else {
            return .failure(.init(usesTopicIDs ? .unknownTopicID : .unknownTopicOrPartition))
        }
        guard let partition = topic.partition(target.key.partition) else {
            return .failure(.init(.unknownTopicOrPartition))
        }
        return .success(partition)
    }

    private func read(
        _ target: FetchTarget, _ topics: TopicDirectory, maxBytes: Int, wholeFirstBatch: Bool
    ) -> Result<Eventually<LogSlice>, ErrorCodeError> {
        find(target, topics).flatMap { partition in
            guard let log = partition.log else { return .failure(.init(.kafkaStorageError)) }
            if let code = LeaderEpochCheck.problem(target.currentLeaderEpoch, log.bounds.leaderEpoch) {
                return .failure(.init(code))
            }
            do throws(StorageError) {
                return .success(
                    try log.readEventually(
                        from: target.fetchOffset, maxBytes: maxBytes, upTo: limit,
                        wholeFirstBatch: wholeFirstBatch))
            } catch {
                return .failure(.init(ErrorCode(error)))
            }
        }
    }
}

/// An error code where a thrown or returned error is needed.
struct ErrorCodeError: Error {
    let code: ErrorCode
    init(_ code: ErrorCode) { self.code = code }
}
