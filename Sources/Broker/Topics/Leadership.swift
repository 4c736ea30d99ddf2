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

    /// A partition and the epoch in which it is led from now on.
    private struct Term {
        let id: TopicPartition
        let topicID: TopicID
        let known: MetadataImage.PartitionState
        let epoch: Int32
    }

    /// Leads `topics`, where the metadata log has them, from the ends of their logs on.
    ///
    /// With `raisesAll` each partition gets a new epoch, otherwise only one that nobody leads, which is how
    /// Kafka leaves them. New epochs are durable in the metadata log when the call returns, and were before
    /// any log learned of them.
    func take(_ topics: some Collection<Topic>, raisesAll: Bool) throws(StartError) {
        let image = metadata.image
        var terms: [Term] = []
        for topic in topics {
            guard let known = image.topics[topic.id]?.partitions else { continue }
            for partition in topic.partitions {
                guard let state = known[partition.id.partition.value] else { continue }
                let isRaised = (raisesAll || state.leader != nodeID) && state.leaderEpoch < .max
                let epoch = isRaised ? state.leaderEpoch + 1 : state.leaderEpoch
                if isRaised {
                    terms.append(Term(id: partition.id, topicID: topic.id, known: state, epoch: epoch))
                }
                partition.lead(in: epoch)
            }
        }
        try write(terms)
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

    private func write(_ terms: [Term]) throws(StartError) {
        guard !terms.isEmpty else { return }
        do throws(MetadataError) {
            var rest = terms[...]
            while !rest.isEmpty {
                try metadata.append(rest.prefix(Self.recordsPerBatch).map(record))
                rest = rest.dropFirst(Self.recordsPerBatch)
            }
        } catch {
            throw StartError("cannot write new leader epochs: \(error)")
        }
        logger.log(.info, "leader_epochs.raised", ["partitions": "\(terms.count)"])
    }

    /// A change that names the leader raises the epoch by one, as when Kafka's controller elects it again; a
    /// log that is further ahead, which only a damaged metadata log can explain, takes the whole state.
    private func record(of term: Term) -> MetadataRecord {
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
