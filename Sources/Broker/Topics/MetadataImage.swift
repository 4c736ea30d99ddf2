// What the metadata log says: the state that replaying its records gives. Changed only by `apply`, live and
// at start alike.
package import Base
internal import Protocol
internal import Security

/// Topics, configurations, quotas, users and producer ids as the metadata log has them.
package struct MetadataImage: Sendable {
    /// A partition as its records describe it.
    package struct PartitionState: Sendable, Equatable {
        package var leaderEpoch: Int32
        package var partitionEpoch: Int32
        /// -1 if nobody leads, as after a clean stop of Kafka.
        package var leader: Int32
        /// The only replica in sync; -1 if there is none, or several.
        package var inSync: Int32
        /// Where the only replica lies; a reserved id if nobody knows, or there are several (KIP-858).
        package var directory: UUID

        init(_ record: PartitionRecord) {
            leaderEpoch = record.leaderEpoch
            partitionEpoch = record.partitionEpoch
            leader = record.leader
            inSync = Self.inSync(record.isr)
            directory = Self.directory(record.directories)
        }

        static func directory(_ ids: [UUID]) -> UUID { ids.count == 1 ? ids[0] : .zero }

        static func inSync(_ isr: [Int32]) -> Int32 { isr.count == 1 ? isr[0] : -1 }
    }

    /// A topic as its records describe it.
    package struct TopicState: Sendable, Equatable {
        package let name: Name
        package let id: TopicID
        package var partitions = PartitionStates()
    }

    /// A configured thing: its kind as KRaft numbers it (topic 2, broker 4), and its name.
    package struct ConfigResource: Hashable, Sendable {
        package let type: Int8
        package let name: Name

        /// The configurations of the topic `name`.
        package static func topic(_ name: Name) -> ConfigResource { ConfigResource(type: 2, name: name) }
        var isTopic: Bool { type == 2 }
        /// The configurations of all brokers.
        package static let cluster = ConfigResource(type: 4, name: "")
    }

    /// Topics by id.
    package private(set) var topics: [TopicID: TopicState] = [:]
    /// The ids of topics that were removed.
    package private(set) var removedTopics: Set<TopicID> = []
    /// Values that were set, by resource.
    package private(set) var configs: [ConfigResource: [Name: String]] = [:]
    /// Those of topics that came last: there are many topics, and most are configured as others are.
    private var topicConfigs: Set<[Name: String]> = []
    private static let topicConfigsMax = 256
    /// Finalized features; `metadata.version` is always among them.
    package private(set) var features: [Name: Int16] = [:]
    /// Client quotas, by whom they are for.
    private(set) var quotas = ClientQuotas()
    /// SCRAM credentials, by users and mechanisms.
    private(set) var credentials: [ScramCredentialID: ScramCredential] = [:]
    /// Access rules.
    private(set) var accessRules = AccessRules()
    /// The first producer id that no block contains yet.
    package private(set) var nextProducerID: Int64 = 0
    /// Nodes that registered and are not gone for good.
    package private(set) var registeredBrokers: Set<Int32> = []
    /// Records of types that this version does not model, counted.
    ///
    /// They stay in the log; they only have no effect here.
    package private(set) var unmodelledRecords = 0
    private var transaction = MetadataTransaction()
    /// Whether the log ends within a metadata transaction.
    package var isInTransaction: Bool { transaction.isOpen }

    /// The state before the first record.
    package init() {}

    /// Applies one record.
    ///
    /// Records about things that are not there are passed over: the log of another program may be compacted.
    package mutating func apply(_ record: MetadataRecord) {
        for record in transaction.admit(record) { applyNow(record) }
    }

    private mutating func configure(_ resource: ConfigResource, _ record: ConfigRecord) {
        guard resource.isTopic else {
            configs[resource, default: [:]][record.name] = record.value
            return
        }
        var values = configs[resource] ?? [:]
        values[record.name] = record.value
        if topicConfigs.count >= Self.topicConfigsMax { topicConfigs = [] }
        configs[resource] = topicConfigs.insert(values).memberAfterInsert
    }

    private mutating func applyNow(_ record: MetadataRecord) {
        switch record {
        case .topic(let record):
            topics[record.topicID] = TopicState(name: record.name, id: record.topicID)
        case .partition(let record):
            topics[record.topicID]?.partitions[record.partitionID] = PartitionState(record)
        case .partitionChange(let record):
            guard var partition = topics[record.topicID]?.partitions[record.partitionID] else { return }
            partition.partitionEpoch &+= 1
            // Naming a leader, even the same one, begins a new leader epoch; -2 means that the record does
            // not name one.
            if record.leader != -2 {
                partition.leaderEpoch &+= 1
                partition.leader = record.leader
            }
            if let isr = record.isr { partition.inSync = PartitionState.inSync(isr) }
            if let ids = record.directories { partition.directory = PartitionState.directory(ids) }
            topics[record.topicID]?.partitions[record.partitionID] = partition
        case .removeTopic(let record):
            removedTopics.insert(record.topicID)
            guard let topic = topics.removeValue(forKey: record.topicID) else { return }
            configs[.topic(topic.name)] = nil
        case .config(let record):
            configure(ConfigResource(type: record.resourceType, name: record.resourceName), record)
        case .featureLevel(let record):
            features[record.name] = record.featureLevel == 0 ? nil : record.featureLevel
        case .clientQuota(let record):
            quotas.apply(record)
        case .userScramCredential(let record):
            credentials[ScramCredentialID(record)] = ScramCredential(record)
        case .removeUserScramCredential(let record):
            credentials[ScramCredentialID(record)] = nil
        case .accessRule(let record):
            accessRules.apply(record)
        case .removeAccessRule(let record):
            accessRules.apply(record)
        case .producerIDs(let record):
            nextProducerID = max(nextProducerID, record.nextProducerID)
        case .registerBroker(let record):
            registeredBrokers.insert(record.brokerID)
        case .unregisterBroker(let record):
            registeredBrokers.remove(record.brokerID)
        case .brokerRegistrationChange, .beginTransaction, .endTransaction, .abortTransaction, .noOp:
            break
        case .unmodelled:
            unmodelledRecords += 1
        }
    }
}
