// A look at the metadata log before anything in the directory is changed: one that belongs to a cluster of
// several brokers, or that a later version wrote, is left as it is.
internal import Base
internal import Records
internal import Storage

/// Finds out whether this version can serve a metadata log.
struct MetadataInspection {
    /// The snapshot on which the log goes on.
    private(set) var snapshot: MetadataSnapshot?
    /// What `quorum-state` says.
    private(set) var quorumState: QuorumState?
    /// The offset after the last record that is whole.
    private(set) var end = Offset.zero
    private var replay = MetadataReplay()
    private var obstacle: String?

    /// Looks at the log `partition` of `storage`; one that is not there is fine.
    ///
    /// Throws, with one sentence, if it is not for a broker `nodeID` of this version.
    init(_ partition: TopicPartition, of storage: any StoragePlace, nodeID: Int32) throws(StartError) {
        do throws(StorageError) {
            let newest = try MetadataSnapshot.newest(of: partition, in: storage)
            snapshot = newest.snapshot
            quorumState = try QuorumState.find(of: partition, in: storage)
            let start = snapshot?.end ?? .zero
            if let snapshot { replay = snapshot.replay }
            end = start
            var first: Offset?
            try storage.peek(at: partition) { batch in
                first = first ?? batch.header.baseOffset
                end = batch.header.nextOffset
                if batch.header.baseOffset >= start, obstacle == nil { apply(batch) }
            }
            if first ?? start > start || newest.damagedEnd ?? end > end {
                obstacle =
                    "its metadata log lacks the records from offset \(start.value), and no snapshot that is "
                    + "whole stands for them; restore the newest .checkpoint file in \(partition)"
            }
            if replay.image.features.isEmpty {
                for record in try MetadataSnapshot.bootstrapRecords(in: storage) ?? [] {
                    replay.image.apply(record)
                }
            }
        } catch {
            throw StartError(error.description)
        }
        guard let obstacle = obstacle ?? newerFeature ?? otherNode(nodeID) else { return }
        throw StartError("the data directory \(storage.path) was left untouched: \(obstacle)")
    }

    /// Damage is no obstacle here: replaying the log, which comes next, finds and names it.
    private mutating func apply(_ batch: borrowing RecordBatch) {
        do {
            try replay.apply(batch)
        } catch MetadataRecord.Unreadable.newerFormat(let type, let version) {
            obstacle =
                "its metadata log holds records of type \(type) in version \(version), which a later "
                + "version of Apus or Kafka wrote; start that one"
        } catch {}
    }

    private var newerFeature: String? {
        var levels = replay.image.features
        if replay.quorum.kraftVersion > 0 { levels["kraft.version"] = replay.quorum.kraftVersion }
        for feature in Features.supported {
            guard let level = levels[feature.name], level > feature.levels.upperBound else { continue }
            return "its \(feature.name) is \(level), and this version of Apus knows levels up to "
                + "\(feature.levels.upperBound); start a later version"
        }
        return nil
    }

    private func otherNode(_ nodeID: Int32) -> String? {
        func names(_ nodes: [Int32]) -> String { nodes.map(String.init).joined(separator: ", ") }
        let others = replay.image.registeredBrokers.subtracting([nodeID]).sorted()
        if !others.isEmpty {
            return "its metadata log registers other brokers (\(names(others))) than this one, node.id "
                + "\(nodeID), and Apus is the only broker of its cluster; set node.id, or choose another "
                + "directory"
        }
        let named = replay.quorum.voters.isEmpty ? quorumState?.voters ?? [] : replay.quorum.voters
        let voters = Set(named).subtracting([nodeID]).sorted()
        guard !voters.isEmpty else { return nil }
        return "its metadata quorum has other voters (\(names(voters))) than this node, node.id \(nodeID), "
            + "and Apus is the only voter of its cluster; set node.id, or choose another directory"
    }
}
