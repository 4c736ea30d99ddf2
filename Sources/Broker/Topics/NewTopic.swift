// A request to create a topic, and the checks that every one of them passes, whoever asks: CreateTopics, or
// Metadata and its auto-creation.
package import Base
internal import Protocol

/// A topic that is to be created.
package struct NewTopic: Sendable {
    package var name: Name
    /// -1 takes `num.partitions`.
    package var partitionCount: Int32 = -1
    /// -1 takes `default.replication.factor`.
    package var replicationFactor: Int16 = -1
    /// Replicas by partition, where the client assigns them itself.
    package var assignments: [Int32: [Int32]] = [:]
    /// A partition to which replicas were assigned more than once; nil if there is none.
    package var contradictoryPartition: Int32?
    package var configs: [Name: String] = [:]
    /// Those that were given as null, which says nothing at a creation.
    package var nullConfigs: [Name] = []

    /// A topic called `name` with the broker's defaults.
    package init(name: Name) { self.name = name }
}

/// A new topic that passed every check.
struct CheckedTopic: Sendable {
    let name: Name
    let partitionCount: Int32
    let overrides: [Name: String]
    let settings: TopicSettings
    /// What the client asked for, where it was clamped to one replica.
    let clampedReplicationFactor: Int16?
}

extension NewTopic {
    /// Checks the topic in the order in which Kafka does.
    func checked(against existing: TopicDirectory, _ broker: BrokerSettings) throws(Refusal)
        -> CheckedTopic
    {
        try TopicName.check(name)
        if name == TopicName.clusterMetadata {
            throw .invalidRequest("Creation of internal topic \(name) is prohibited.")
        }
        if existing[name] != nil {
            throw Refusal(code: .topicAlreadyExists, message: "Topic '\(name)' already exists.")
        }
        if let other = existing.topic(collidingWith: name) {
            throw Refusal(
                code: .invalidTopicException,
                message: "Topic '\(name)' collides with existing topic: \(other.name)")
        }
        let settings = try checkedConfigs(broker)
        let factor = try checkedReplicationFactor(broker)
        let count = try checkedPartitionCount(broker)
        let clamped = try clampedReplication(factor, broker)
        return CheckedTopic(
            name: name, partitionCount: count, overrides: configs, settings: settings,
            clampedReplicationFactor: clamped)
    }

    private func checkedConfigs(_ broker: BrokerSettings) throws(Refusal) -> TopicSettings {
        guard nullConfigs.isEmpty else {
            throw Refusal(
                code: .invalidConfig,
                message: "Null value not supported for topic configs: \(nullConfigs.joined(separator: ","))")
        }
        do throws(ConfigError) {
            return try broker.topicDefaults.applying(configs)
        } catch {
            throw Refusal(code: .invalidConfig, message: error.description)
        }
    }

    private func checkedPartitionCount(_ broker: BrokerSettings) throws(Refusal) -> Int32 {
        guard assignments.isEmpty else { return try checkedAssignments(broker) }
        let count = partitionCount == -1 ? broker.defaultPartitions : partitionCount
        guard count > 0 else {
            throw Refusal(
                code: .invalidPartitions,
                message: "Number of partitions was set to an invalid non-positive value.")
        }
        return count
    }

    private func checkedAssignments(_ broker: BrokerSettings) throws(Refusal) -> Int32 {
        guard partitionCount == -1, replicationFactor == -1 else {
            throw .invalidRequest("With a manual assignment numPartitions and replicationFactor must be -1.")
        }
        if let index = contradictoryPartition {
            throw Refusal(
                code: .invalidReplicaAssignment,
                message: "Found multiple manual partition assignments for partition \(index)")
        }
        for index in 0..<Int32(assignments.count) {
            guard let replicas = assignments[index] else {
                throw Refusal(
                    code: .invalidReplicaAssignment,
                    message: "partitions should be a consecutive 0-based integer sequence")
            }
            try ManualAssignment.check(replicas, on: broker.nodeID)
        }
        return Int32(assignments.count)
    }

    /// How many replicas are wanted.
    private func checkedReplicationFactor(_ broker: BrokerSettings) throws(Refusal) -> Int16 {
        guard assignments.isEmpty else { return 1 }
        let factor =
            replicationFactor == -1 ? Int16(clamping: broker.defaultReplicationFactor) : replicationFactor
        guard factor > 0 else {
            throw Refusal(
                code: .invalidReplicationFactor,
                message: "Replication factor must be larger than 0, or -1 to use the default value.")
        }
        return factor
    }

    /// The factor where one replica takes its place; nil where one is wanted.
    private func clampedReplication(
        _ factor: Int16, _ broker: BrokerSettings
    ) throws(Refusal) -> Int16? {
        guard factor > 1 else { return nil }
        guard broker.clampReplication else {
            throw Refusal(
                code: .invalidReplicationFactor,
                message: "Unable to replicate the partition \(factor) time(s): The target replication "
                    + "factor of \(factor) cannot be reached because only 1 broker(s) are registered or "
                    + "some brokers have all their log directories cordoned.")
        }
        return factor
    }
}
