// In which epochs this broker leads its partitions. After a crash every partition gets a new one: what a
// client read may have been taken back since and other records given its offsets, and the epoch is how the
// client notices (KIP-320).
internal import Base
internal import Protocol
internal import Storage

/// Makes this broker the leader of partitions that were opened just now.
struct Leadership {
    /// Records in one batch of the metadata log: large enough that thousands of partitions cost a few syncs.
    static let recordsPerBatch = 5000

    let metadata: MetadataLog
    let nodeID: Int32
    let directoryID: UUID
    let logger: Logger

    /// A partition and the epoch in which it is led from now on.
    private struct Term {
        let log: PartitionLog
        let epoch: LeaderEpoch
    }

    /// Leads `topics`, where the metadata log has them, from the ends of their logs on.
    ///
    /// With `raisesAll` each gets a new epoch, otherwise only one whose log has seen a later epoch than the
    /// metadata log. New epochs are durable in the metadata log when the call returns, and were before any
    /// log learned of them.
    func take(_ topics: some Collection<Topic>, raisesAll: Bool) throws(StartError) {
        let image = metadata.image
        var terms: [Term] = []
        var records: [MetadataRecord] = []
        for topic in topics {
            guard let known = image.topics[topic.id]?.partitions else { continue }
            for partition in topic.partitions {
                guard let log = partition.log, let state = known[partition.id.partition.value] else {
                    continue
                }
                let latest = max(state.leaderEpoch, log.latestEpoch.value)
                let isRaised = raisesAll || latest > state.leaderEpoch
                let epoch = isRaised && latest < .max ? latest + 1 : latest
                terms.append(Term(log: log, epoch: LeaderEpoch(epoch)))
                if isRaised { records.append(record(of: partition, topic, state, epoch)) }
            }
        }
        try write(records)
        do throws(StorageError) {
            for term in terms { try term.log.becomeLeader(epoch: term.epoch) }
        } catch {
            throw StartError("a partition cannot be led: \(error)")
        }
    }

    /// A change that names the leader raises the epoch by one, as when Kafka's controller elects it again; a
    /// log that is further ahead, which only a damaged metadata log can explain, takes the whole state.
    private func record(
        of partition: Partition, _ topic: Topic, _ state: MetadataImage.PartitionState, _ epoch: Int32
    ) -> MetadataRecord {
        guard epoch == state.leaderEpoch + 1 else {
            var record = PartitionRecord(partition.id.partition.value, of: topic.id, on: nodeID, directoryID)
            record.leaderEpoch = epoch
            record.partitionEpoch = state.partitionEpoch + 1
            return .partition(record)
        }
        var change = PartitionChangeRecord()
        change.partitionID = partition.id.partition.value
        change.topicID = topic.id
        change.leader = nodeID
        return .partitionChange(change)
    }

    private func write(_ records: [MetadataRecord]) throws(StartError) {
        guard !records.isEmpty else { return }
        do throws(MetadataError) {
            var rest = records[...]
            while !rest.isEmpty {
                try metadata.append(Array(rest.prefix(Self.recordsPerBatch)))
                rest = rest.dropFirst(Self.recordsPerBatch)
            }
        } catch {
            throw StartError("cannot write new leader epochs: \(error)")
        }
        logger.log(.info, "leader_epochs.raised", ["partitions": "\(records.count)"])
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
