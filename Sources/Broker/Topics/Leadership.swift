// In which epochs this broker leads its partitions. After a crash every partition gets a new one: what a
// client read may have been taken back since and other records given its offsets, and the epoch is how the
// client notices (KIP-320).
internal import Base
internal import Protocol
internal import Storage

/// Makes this broker the leader of partitions.
struct Leadership {
    /// Records in one batch of the metadata log: large enough that thousands of partitions cost a few syncs,
    /// and small enough to take little memory meanwhile.
    static let recordsPerBatch = 2000

    let metadata: MetadataLog
    let nodeID: Int32
    let storage: any StorageEngine
    let logger: Logger

    /// The epoch in which a partition is led next.
    fileprivate struct Term: Sendable {
        let id: TopicPartition
        let topicID: TopicID
        let known: MetadataImage.PartitionState
        let epoch: Int32
    }

    /// The epoch in which to lead a log that was opened just now, at least `epoch`: it may have seen a later
    /// one than the metadata log, which only a damaged metadata log can explain.
    ///
    /// Durable in the metadata log when the call returns.
    func exceed(_ log: PartitionLog, in epoch: LeaderEpoch) throws(MetadataError) -> LeaderEpoch {
        let latest = log.latestEpoch.value
        guard latest > epoch.value else { return epoch }
        let raised = latest < .max ? latest + 1 : latest
        try metadata.append { image in
            // The topic may be deleted just now.
            guard let known = image.topics[log.topicID]?.partitions[log.partition.partition.value] else {
                return []
            }
            return [record(of: Term(id: log.partition, topicID: log.topicID, known: known, epoch: raised))]
        }
        return LeaderEpoch(raised)
    }

    /// A change that names the leader raises the epoch by one, as when Kafka's controller elects it again; a
    /// log that is further ahead, which only a damaged metadata log can explain, takes the whole state.
    fileprivate func record(of term: Term) -> MetadataRecord {
        let index = term.id.partition.value
        guard term.epoch == term.known.leaderEpoch + 1 else {
            let directory = storage.place(of: term.id)?.directoryID
            var record = PartitionRecord(
                index, of: term.topicID, on: nodeID, directory ?? term.known.directory)
            record.leaderEpoch = term.epoch
            record.partitionEpoch = term.known.partitionEpoch + 1
            return .partition(record)
        }
        var change = PartitionChangeRecord()
        change.partitionID = index
        change.topicID = term.topicID
        change.leader = nodeID
        if term.known.inSync != nodeID {
            // Kafka's last replica leaves the set when it stops, and becomes eligible (KIP-966).
            change.isr = [nodeID]
            change.eligibleLeaderReplicas = []
            change.lastKnownElr = []
        }
        return .partitionChange(change)
    }
}

/// New epochs of partitions, which take effect once they are durable in the metadata log.
///
/// Until then nothing may be appended to those partitions.
final class NewTerms: Sendable {
    private struct Beginning: Sendable {
        let partition: Partition
        let term: Leadership.Term
        /// Whether clients have to notice that something may have been lost.
        let isOwed: Bool
    }

    private let leadership: Leadership
    /// Those that are still to be written.
    private let left: Lock<[Beginning]>

    /// Leads `topics`, where the metadata log has them, from the ends of their logs on: in the epochs that it
    /// knows, until `begin`.
    ///
    /// Those for which `raises` says so get a new epoch, and those that nobody leads, as Kafka leaves them.
    init(
        _ topics: some Collection<Topic>, by leadership: Leadership,
        raises: (TopicPartition) -> Bool
    ) {
        self.leadership = leadership
        let image = leadership.metadata.image
        var terms: [Beginning] = []
        for topic in topics {
            guard let known = image.topics[topic.id]?.partitions else { continue }
            for partition in topic.partitions {
                guard let state = known[partition.id.partition.value] else { continue }
                partition.lead(in: state.leaderEpoch)
                let isOwed = raises(partition.id)
                guard isOwed || state.leader != leadership.nodeID, state.leaderEpoch < .max else { continue }
                let term = Leadership.Term(
                    id: partition.id, topicID: topic.id, known: state, epoch: state.leaderEpoch + 1)
                terms.append(Beginning(partition: partition, term: term, isOwed: isOwed))
            }
        }
        left = Lock(terms)
    }

    /// Whether some are still to be written.
    var areLeft: Bool { left.withLock { !$0.isEmpty } }

    /// Whether some of those are asked for by `raises`: a later start must not go without them.
    var areOwed: Bool { left.withLock { $0.contains(where: \.isOwed) } }

    /// Writes them, and leads in them; one thread at a time.
    ///
    /// New epochs are durable in the metadata log before any log learns of them. Where that fails, the next
    /// call goes on with what is left.
    func begin() throws(MetadataError) {
        let count = left.withLock { $0.count }
        guard count > 0 else { return }
        while case let part = left.withLock({ Array($0.prefix(Leadership.recordsPerBatch)) }), !part.isEmpty {
            try leadership.metadata.append { image in
                part.compactMap { beginning in
                    let term = beginning.term
                    // Its topic may be deleted, or it was found to be further ahead, when it was opened.
                    let present = image.topics[term.topicID]?.partitions[term.id.partition.value]
                    guard let present, present.leaderEpoch < term.epoch else { return nil }
                    return leadership.record(of: term)
                }
            }
            for beginning in part { beginning.partition.rise(to: beginning.term.epoch) }
            left.withLock { $0.removeFirst(part.count) }
        }
        leadership.logger.log(.info, "leader_epochs.raised", ["partitions": "\(count)"])
    }
}

extension PartitionRecord {
    /// A partition whose only replica is on `node`, in epoch 0.
    init(_ index: Int32, of topic: TopicID, on node: Int32, _ directory: UUID) {
        self.init()
        partitionID = index
        topicID = topic
        replicas = [node]
        isr = [node]
        leader = node
        leaderEpoch = 0
        partitionEpoch = 0
        directories = [directory]
    }
}
