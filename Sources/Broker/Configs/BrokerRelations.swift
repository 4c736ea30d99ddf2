// What broker keys demand of each other, in Kafka's words.
import Base

extension BrokerSettings {
    /// Refuses values that contradict each other.
    func checkRelations() throws(ConfigError) {
        guard processRoles.isEmpty || processRoles.contains("broker") else {
            throw ConfigError(
                key: "process.roles",
                sentence: "process.roles names no broker, which is all that Apus is: a controller of its own "
                    + "is not needed")
        }
        guard interBrokerListener == nil || interBrokerProtocol == nil else {
            throw ConfigError(
                key: "inter.broker.listener.name",
                sentence: "Only one of inter.broker.listener.name and security.inter.broker.protocol should "
                    + "be set.")
        }
        _ = try ListenerPlan(self)
        try checkStorage()
        try topicDefaults.checkRelations()
        try checkConnections()
        try checkConsumerGroups()
        guard (0...4).contains(offsetsCodec) else {
            throw ConfigError(
                key: "offsets.topic.compression.codec",
                sentence: "Unknown compression type id: \(offsetsCodec)")
        }
    }

    private func checkStorage() throws(ConfigError) {
        let topics = topicDefaults
        guard topics.retentionMilliseconds != 0 else {
            throw ConfigError(
                key: "log.retention.ms",
                sentence: "log.retention.ms must be unlimited (-1) or, greater than or equal to 1")
        }
        guard topics.segmentMilliseconds >= 1 else {
            throw ConfigError(
                key: "log.roll.ms", sentence: "log.roll.ms must be greater than or equal to 1")
        }
        guard topics.segmentJitterMilliseconds >= 0 else {
            throw ConfigError(
                key: "log.roll.jitter.ms", sentence: "log.roll.jitter.ms must be greater than or equal to 0")
        }
        let threads = Int64(max(1, cleanerThreads))
        guard cleanerMapBytes / threads > 1 << 20 else {
            throw ConfigError(
                key: "log.cleaner.dedupe.buffer.size",
                sentence: "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.")
        }
    }

    private func checkConnections() throws(ConfigError) {
        guard maxConnectionsPerAddress > 0 || !maxConnectionsPerAddressOverrides.entries.isEmpty else {
            throw ConfigError(
                key: "max.connections.per.ip",
                sentence: "max.connections.per.ip can be set to zero only if "
                    + "\(AddressLimits.key) property is set.")
        }
        guard requestMemoryBytes <= 0 || requestMemoryBytes >= Int64(requestMaxBytes) else {
            throw ConfigError(
                key: "queued.max.request.bytes",
                sentence: "queued.max.request.bytes must be larger or equal to socket.request.max.bytes")
        }
    }

    private func checkConsumerGroups() throws(ConfigError) {
        let bounds = consumerBounds
        try checkConsumerBounds(
            "heartbeat.interval.ms", consumerHeartbeatMilliseconds, bounds.heartbeatMin, bounds.heartbeatMax)
        try checkConsumerBounds(
            "session.timeout.ms", consumerSessionMilliseconds, bounds.sessionMin, bounds.sessionMax)
        try checkConsumerBounds(
            "assignment.interval.ms", consumerAssignmentMilliseconds, bounds.assignmentMin,
            bounds.assignmentMax)
        guard consumerHeartbeatMilliseconds < consumerSessionMilliseconds else {
            throw ConfigError(
                key: "group.consumer.heartbeat.interval.ms",
                sentence: "group.consumer.heartbeat.interval.ms must be less than "
                    + "group.consumer.session.timeout.ms")
        }
    }

    private func checkConsumerBounds(
        _ key: Name, _ value: Int32, _ low: Int32, _ high: Int32
    ) throws(ConfigError) {
        let (name, least, most): (Name, Name, Name) = (
            "group.consumer.\(key)", "group.consumer.min.\(key)", "group.consumer.max.\(key)"
        )
        guard high >= low else {
            throw ConfigError(key: most, sentence: "\(most) must be greater than or equal to \(least)")
        }
        guard value >= low else {
            throw ConfigError(key: name, sentence: "\(name) must be greater than or equal to \(least)")
        }
        guard value <= high else {
            throw ConfigError(key: name, sentence: "\(name) must be less than or equal to \(most)")
        }
    }
}
