// One fetch being answered: what to read, under which bounds, and what reading it gave. The same reading runs
// when the request arrives and again whenever a partition that it waits for has moved.
internal import Base
internal import Network
internal import Protocol
internal import Security
internal import Storage

/// Bounds and circumstances of a fetch.
struct FetchPlan: Sendable {
    let context: RequestContext
    let targets: [FetchTarget]
    let maxBytes: Int
    let minBytes: Int
    let maxWaitMilliseconds: Int32
    let limit: ReadLimit
    /// v0–2 get a part of a first batch that is larger than `maxBytes`; later versions get it whole, or
    /// nothing where another partition had something.
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
    /// Where the epoch of the reader's last record ended here, if that lies before what it asks for: it holds
    /// records that are no longer in the log (KIP-595).
    var divergence: (epoch: LeaderEpoch, offset: Offset)?

    /// The bounds of the log when it was read; nil beside an error.
    var bounds: LogBounds? { slice?.bounds }
    /// Bytes that go to the client.
    var byteCount: Int { slice?.length ?? 0 }
    /// Whether a client must hear of it, whatever it was told before.
    var isNewsByItself: Bool { byteCount > 0 || error != .none || divergence != nil }

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
    /// Whether there is something to tell that no waiting changes.
    private var hasVerdict: Bool { partitions.contains { $0.error != .none || $0.divergence != nil } }

    /// Whether an answer with at least `minBytes` would gain nothing by waiting: they are there, or more is
    /// there already than one answer carries, or no partition could give more.
    func isEnough(_ minBytes: Int) -> Bool {
        byteCount >= minBytes || hasVerdict || partitions.contains { $0.slice?.end == .file }
            || partitions.allSatisfy { $0.slice?.end == .bytesMax }
    }

    /// Calls `body` with all results: at once if nothing waits for the disk, else on `loop`, whose thread
    /// this is, when the last read is done, or with errors for those that take longer than a disk may.
    ///
    /// Not at all once nobody wants `reply` any more.
    func whenComplete<Reply: Sendable>(
        for reply: Deferred<Reply>, on loop: EventLoop,
        _ body: @escaping @Sendable (FetchedPartitions) -> Void
    ) {
        guard !pending.isEmpty else { return body(self) }
        var settled = self
        settled.pending = []
        let gathered = Lock((fetched: settled, open: Set(pending.map(\.index))))
        let all = Deferred<FetchedPartitions>()
        for (index, slice) in pending {
            slice.whenDone { result in
                let finished = gathered.withLock { state -> FetchedPartitions? in
                    state.fetched.partitions[index].take(result)
                    state.open.remove(index)
                    return state.open.isEmpty ? state.fetched : nil
                }
                if let finished { all.complete(finished) }
            }
        }
        let limited = DiskWait.limited(all, on: loop) {
            gathered.withLock { state in
                var fetched = state.fetched
                // Consumers ask again after this one, and throw at what is meant for producers.
                for index in state.open { fetched.partitions[index].error = .kafkaStorageError }
                return fetched
            }
        }
        reply.whenAbandoned { limited.abandon() }
        limited.whenCompleted(on: loop, body)
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
            let firstBatch: LargeFirstBatch = firstBatchComesWhole ? hasBytes ? .none : .whole : .cut
            do throws(ErrorCodeError) {
                if let slice = try read(&partition, topics, maxBytes: wanted, firstBatch) {
                    // How much it will be is not known yet; what it may take is set aside.
                    fetched.pending.append((fetched.partitions.count, slice))
                    rest = max(0, rest - wanted)
                    hasBytes = true
                }
            } catch { partition.error = error.code }
            rest = max(0, rest - partition.byteCount)
            hasBytes = hasBytes || partition.byteCount > 0
            fetched.partitions.append(partition)
        }
        return fetched
    }

    /// Whether any of the partitions exists.
    func findsAny(_ topics: TopicDirectory) -> Bool {
        targets.contains { if case .success = find($0, topics) { true } else { false } }
    }

    /// The partition that a target names, with the error for one that is not there, or may not be read.
    func find(_ target: FetchTarget, _ topics: TopicDirectory) -> Result<Partition, ErrorCodeError> {
        let topic = usesTopicIDs ? topics[target.key.topicID] : topics[target.key.topicName]
        if usesTopicIDs, topic == nil { return .failure(.init(.unknownTopicID)) }
        guard context.authorize(.read, .topic(topic?.name ?? target.key.topicName)) else {
            return .failure(.init(.topicAuthorizationFailed))
        }
        guard let partition = topic?.partition(target.key.partition) else {
            return .failure(.init(.unknownTopicOrPartition))
        }
        return .success(partition)
    }

    /// Notes what one partition gives, or returns the read that waits for the disk.
    private func read(
        _ partition: inout FetchedPartition, _ topics: TopicDirectory, maxBytes: Int,
        _ firstBatch: LargeFirstBatch
    ) throws(ErrorCodeError) -> Pending<LogSlice>? {
        let target = partition.target
        guard let log = try find(target, topics).get().log else { throw ErrorCodeError(.kafkaStorageError) }
        let bounds = log.bounds
        if let code = LeaderEpochCheck.problem(target.currentLeaderEpoch, bounds.leaderEpoch) {
            throw ErrorCodeError(code)
        }
        if let divergence = try divergence(of: target, log, bounds) {
            partition.divergence = divergence
            partition.slice = LogSlice(emptyWithin: bounds)
            return nil
        }
        do throws(StorageError) {
            let slice = try log.readEventually(
                from: target.fetchOffset, maxBytes: maxBytes, upTo: limit, firstBatch: firstBatch)
            switch slice {
            case .now(let slice): partition.slice = slice
            case .later(let pending): return pending
            }
            return nil
        } catch {
            throw ErrorCodeError(ErrorCode(error))
        }
    }

    /// Where the epoch of the reader's last record ended, if that is not where the reader takes it to have
    /// ended.
    private func divergence(
        of target: FetchTarget, _ log: PartitionLog, _ bounds: LogBounds
    ) throws(ErrorCodeError) -> (epoch: LeaderEpoch, offset: Offset)? {
        guard target.lastFetchedEpoch >= 0 else { return nil }
        let epoch = LeaderEpoch(target.lastFetchedEpoch)
        guard let end = log.endOffset(forEpoch: epoch), target.fetchOffset >= bounds.logStart else {
            throw ErrorCodeError(.offsetOutOfRange)
        }
        return end.epoch < epoch || end.offset < target.fetchOffset ? end : nil
    }
}
