// All that a metadata log amounts to, with every field of its records: what a snapshot has to hold so that
// the log before it can go. Gathered only while a snapshot is written; `MetadataImage` is what lives on.
internal import Base
internal import Protocol
internal import Records

/// The records that are still in force.
struct MetadataContents: Sendable {
    private struct Topic: Sendable {
        var record: TopicRecord
        var partitions: [Int32: PartitionRecord] = [:]
    }

    private var features: [Name: FeatureLevelRecord] = [:]
    private var brokers: [Int32: RegisterBrokerRecord] = [:]
    private var topics: [TopicID: Topic] = [:]
    private var configs: [MetadataImage.ConfigResource: [Name: ConfigRecord]] = [:]
    private var quotas = ClientQuotas()
    private var credentials: [ScramCredentialID: ScramCredential] = [:]
    private var accessRules: [UUID: AccessControlEntryRecord] = [:]
    private var producerIDs: ProducerIdsRecord?
    /// Records of types that have no effect here, all of them: what became of them only Kafka knows.
    private var others: [MetadataRecord] = []
    private var transaction = MetadataTransaction()
    /// The control records that name the quorum's version and voters, as they were written.
    private(set) var quorum: [ControlRecordType: [UInt8]] = [:]
    /// The timestamp of the last record.
    private(set) var timestamp = Timestamp.none
    /// The epoch of the last batch.
    private(set) var epoch = LeaderEpoch.zero

    /// Whether the log ends within a metadata transaction, for which snapshots have no place.
    var isInTransaction: Bool { transaction.isOpen }

    /// Applies the records of one batch.
    ///
    /// Throws `RecordError`, `WireError` and `MetadataRecord.Unreadable`.
    mutating func apply(_ batch: borrowing RecordBatch) throws {
        try batch.verifyChecksum()
        timestamp = max(timestamp, batch.header.maxTimestamp)
        epoch = max(epoch, batch.header.leaderEpoch)
        guard !batch.header.attributes.isControl else {
            for record in try ControlRecords.read(batch)
            where record.type == .kraftVersion || record.type == .kraftVoters {
                quorum[record.type] = record.value
            }
            return
        }
        for record in try batch.records(limitBytes: MetadataReplay.batchBytesMax) {
            guard let value = record.value else { continue }
            for record in transaction.admit(try unsafe MetadataRecord(reading: value.span.bytes)) {
                apply(record)
            }
        }
    }

    private mutating func apply(_ record: MetadataRecord) {
        switch record {
        case .topic(let record): topics[record.topicID] = Topic(record: record)
        case .partition(let record): topics[record.topicID]?.partitions[record.partitionID] = record
        case .partitionChange(let change):
            topics[change.topicID]?.partitions[change.partitionID]?.apply(change)
        case .removeTopic(let record):
            guard let topic = topics.removeValue(forKey: record.topicID) else { return }
            configs[.topic(topic.record.name)] = nil
        case .config(let record):
            let resource = MetadataImage.ConfigResource(type: record.resourceType, name: record.resourceName)
            configs[resource, default: [:]][record.name] = record.value == nil ? nil : record
        case .featureLevel(let record):
            features[record.name] = record.featureLevel == 0 ? nil : record
        case .clientQuota(let record): quotas.apply(record)
        case .userScramCredential(let record):
            credentials[ScramCredentialID(record)] = ScramCredential(record)
        case .removeUserScramCredential(let record):
            credentials[ScramCredentialID(record)] = nil
        case .accessRule(let record): accessRules[record.id] = record
        case .removeAccessRule(let record): accessRules[record.id] = nil
        case .producerIDs(let record):
            // Ids are never given out twice, whatever the log says.
            guard record.nextProducerID > producerIDs?.nextProducerID ?? 0 else { return }
            producerIDs = record
        case .registerBroker(let record): brokers[record.brokerID] = record
        case .unregisterBroker(let record): brokers[record.brokerID] = nil
        case .brokerRegistrationChange(let change): brokers[change.brokerID]?.apply(change)
        case .unmodelled: others.append(record)
        case .noOp, .beginTransaction, .endTransaction, .abortTransaction: break
        }
    }

    /// The records that give the same state, in the order in which Kafka writes them: features first, as they
    /// say how to read the others.
    var records: [MetadataRecord] {
        var records: [MetadataRecord] = []
        // The version of the metadata itself comes before everything.
        if let version = features["metadata.version"] { records.append(.featureLevel(version)) }
        records += features.sorted { $0.key < $1.key }.filter { $0.key != "metadata.version" }
            .map { .featureLevel($0.value) }
        records += brokers.sorted { $0.key < $1.key }.map { .registerBroker($0.value) }
        for topic in topics.values.sorted(by: { $0.record.name < $1.record.name }) {
            records.append(.topic(topic.record))
            records += topic.partitions.sorted { $0.key < $1.key }.map { .partition($0.value) }
        }
        for (_, values) in configs.sorted(by: { ($0.key.type, $0.key.name) < ($1.key.type, $1.key.name) }) {
            records += values.sorted { $0.key < $1.key }.map { .config($0.value) }
        }
        records += quotas.records.map { .clientQuota($0) }
        if let producerIDs { records.append(.producerIDs(producerIDs)) }
        records += accessRules.values.sorted { $0.id.description < $1.id.description }
            .map { .accessRule($0) }
        records += credentials.sorted { $0.key < $1.key }.map {
            .userScramCredential(UserScramCredentialRecord($0.key, $0.value))
        }
        return records + others
    }
}

extension PartitionRecord {
    /// Applies a change as Kafka's PartitionRegistration merges it.
    fileprivate mutating func apply(_ change: PartitionChangeRecord) {
        partitionEpoch &+= 1
        if change.leader != -2 {
            leader = change.leader
            leaderEpoch &+= 1
        }
        if change.leaderRecoveryState >= 0 { leaderRecoveryState = change.leaderRecoveryState }
        isr = change.isr ?? isr
        replicas = change.replicas ?? replicas
        removingReplicas = change.removingReplicas ?? removingReplicas
        addingReplicas = change.addingReplicas ?? addingReplicas
        directories = change.directories ?? directories
        eligibleLeaderReplicas = change.eligibleLeaderReplicas ?? eligibleLeaderReplicas
        lastKnownElr = change.lastKnownElr ?? lastKnownElr
    }
}

extension RegisterBrokerRecord {
    /// Applies a change: in each of its fields 0 means none, and a negative number the opposite.
    fileprivate mutating func apply(_ change: BrokerRegistrationChangeRecord) {
        if change.fenced != 0 { fenced = change.fenced > 0 }
        if change.inControlledShutdown != 0 { inControlledShutdown = change.inControlledShutdown > 0 }
        if !change.logDirs.isEmpty { logDirs = change.logDirs }
        cordonedLogDirs = change.cordonedLogDirs ?? cordonedLogDirs
    }
}
