// Records are deleted from the front of a partition: its start moves, the new start is made durable, and
// retention frees the space.
internal import Base
internal import Network
internal import Storage

internal import enum Protocol.ErrorCode

/// Which records of a partition are to be deleted.
struct RecordDeletion: Sendable {
    /// What remains.
    enum Bound: Sendable {
        /// The records from this offset on; it may be any number.
        case offset(Offset)
        /// None of those that there are.
        case highWatermark
    }

    let partition: TopicPartition
    let before: Bound
}

extension Administration {
    /// Deletes the records before each bound, and gives the new starts in the order of `wanted`; complete
    /// when they are durable.
    ///
    /// Waits for logs that are not open yet, unless `hasWaited` says that the caller has done so. What was
    /// refused as the disk stood still is not done later.
    func deleteRecords<Reply: Sendable>(
        _ wanted: [RecordDeletion], hasWaited: Bool = false,
        answer: @escaping @Sendable ([Result<Offset, Refusal>]) -> Reply
    ) -> Deferred<Reply> {
        let topics = broker.catalog.topics
        let reply = Deferred<Reply>()
        let named = hasWaited ? [] : wanted.compactMap { topics.partition($0.partition) }
        whenSettled(named, for: reply) {
            DiskWait.whenDurable(ends(of: wanted, topics), for: reply) {
                // The new starts are written to the disk, so all of it happens on the pool.
                broker.sockets.pool.run { reply.complete(answer(trim(wanted, of: topics))) }
            }
        }
        return DiskWait.limited(reply, on: loop) { answer(wanted.map { _ in .failure(.outOfTime) }) }
    }

    /// Calls `body` when the logs of all partitions are open, or cannot be had, unless nobody wants the reply
    /// any more.
    func whenSettled<Reply: Sendable>(
        _ partitions: [Partition], for reply: Deferred<Reply>, then body: @escaping @Sendable () -> Void
    ) {
        let closed = partitions.filter { !$0.isSettled }
        guard !closed.isEmpty else { return body() }
        let first = First()
        reply.whenAbandoned { _ = first.claim() }
        let opened = Gathering<Bool>(count: closed.count) { _ in if first.claim() { body() } }
        for (index, partition) in closed.enumerated() {
            partition.whenSettled { opened.add(true, at: index) }
        }
    }

    /// What has to be durable first.
    ///
    /// The high watermark is the durable end; what was acknowledged before can be deleted, so the log's end
    /// as it is now is waited for.
    private func ends(
        of wanted: [RecordDeletion], _ topics: TopicDirectory
    ) -> [(partition: Partition, end: Offset)] {
        wanted.compactMap { wanted in
            guard let partition = topics.partition(wanted.partition), let log = partition.log else {
                return nil
            }
            if case .offset(let offset) = wanted.before, offset <= log.bounds.highWatermark { return nil }
            return partition.unsyncedEnd
        }
    }

    /// Moves the starts, writes them to the disk, and has retention free what lies before them.
    private func trim(
        _ wanted: [RecordDeletion], of topics: TopicDirectory
    ) -> [Result<Offset, Refusal>] {
        let moved = wanted.map { wanted in
            Result { () throws(Refusal) in try trim(wanted, of: topics[wanted.partition.topic]) }
        }
        guard moved.contains(where: { if case .success = $0 { true } else { false } }) else { return moved }
        defer { broker.storage.requestRetention() }
        do throws(StorageError) {
            try broker.storage.saveStarts()
            return moved
        } catch {
            broker.logger.logLimited(.error, "record_deletion.failed", ["reason": error.description])
            let refusal = Refusal(code: .kafkaStorageError, message: error.description)
            return moved.map { $0.flatMap { _ in .failure(refusal) } }
        }
    }

    /// Moves the start of one partition, which is not durable yet.
    private func trim(_ wanted: RecordDeletion, of topic: Topic?) throws(Refusal) -> Offset {
        guard let topic, let partition = topic.partition(wanted.partition.partition.value) else {
            throw Refusal(
                code: .unknownTopicOrPartition, message: "This server does not host this topic-partition.")
        }
        guard !topic.isInternal else {
            throw Refusal(code: .invalidTopicException, message: "Only the broker writes internal topics.")
        }
        guard let log = partition.log else {
            throw Refusal(code: .kafkaStorageError, message: "The log of the partition cannot be opened.")
        }
        guard topic.settings.cleanupPolicy.contains(.delete) else {
            throw Refusal(
                code: .policyViolation,
                message: "Records are deleted where the cleanup.policy of the topic contains delete.")
        }
        let start = if case .offset(let offset) = wanted.before { offset } else { log.bounds.highWatermark }
        guard start >= .zero else {
            throw Refusal(code: .offsetOutOfRange, message: "An offset is not negative.")
        }
        do throws(StorageError) { try log.trim(to: start) } catch {
            throw Refusal(code: ErrorCode(error), message: error.description)
        }
        return log.bounds.logStart
    }
}

extension TopicDirectory {
    /// The partition called `id`, if there is one.
    func partition(_ id: TopicPartition) -> Partition? {
        self[id.topic]?.partition(id.partition.value)
    }
}
