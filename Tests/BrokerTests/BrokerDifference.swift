// Where a broker's configuration is judged otherwise than by Kafka, each with its reason.

struct BrokerDifference {
    enum Direction {
        /// Refused here, accepted by Kafka.
        case stricter
        /// Accepted here, refused by Kafka.
        case looser
        /// Refused by both, for different reasons.
        case otherReason
    }

    let reason: String
    let direction: Direction
    let matches: @Sendable ([(key: String, value: String)]) -> Bool

    func covers(_ configs: [(key: String, value: String)], _ isRefused: Bool, _ isRefusedByKafka: Bool)
        -> Bool
    {
        let found: Direction = isRefused && isRefusedByKafka ? .otherReason : isRefused ? .stricter : .looser
        return found == direction && matches(configs)
    }

    /// One of these keys is set.
    private static func keys(_ reason: String, _ direction: Direction, _ names: Set<String>)
        -> BrokerDifference
    {
        BrokerDifference(reason: reason, direction: direction) { $0.contains { names.contains($0.key) } }
    }

    /// One of the keys that begin so is set.
    private static func prefix(_ reason: String, _ direction: Direction, _ prefix: String) -> BrokerDifference
    {
        BrokerDifference(reason: reason, direction: direction) { $0.contains { $0.key.hasPrefix(prefix) } }
    }

    /// Keys whose refusals are told in our own words, as Kafka's name its classes and methods.
    static let ownSentences: Set<String> = [
        "listeners", "advertised.listeners", "listener.security.protocol.map",
        "max.connections.per.ip.overrides",
    ]

    static let all: [BrokerDifference] = [
        BrokerDifference(reason: "NaN compares with nothing", direction: .stricter) {
            $0.contains { $0.value.hasSuffix("NaN") }
        },
        keys(
            "protection that there is not", .stricter,
            [
                "authorizer.class.name", "max.connection.creation.rate", "cordoned.log.dirs",
                "listener.name.plaintext.max.connections",
                "listener.name.plaintext.max.connection.creation.rate", "listener.security.protocol.map",
                "listeners",
            ]),
        keys(
            "what protects is named before what is missing", .otherReason,
            [
                "alter.config.policy.class.name", "client.quota.callback.class",
                "create.topic.policy.class.name", "principal.builder.class", "cordoned.log.dirs",
            ]),
        keys(
            "protection by a class that Kafka finds", .stricter,
            ["create.topic.policy.class.name", "client.quota.callback.class"]),
        BrokerDifference(reason: "classes of Java are not looked for", direction: .looser) {
            $0.contains { $0.key.hasSuffix(".class") || $0.key == "group.share.assignors" }
        },
        prefix("keys without an effect are not compared with each other", .looser, "group.share."),
        prefix("keys without an effect are not compared with each other", .looser, "group.streams."),
        prefix("keys without an effect are not compared with each other", .looser, "replica."),
        keys(
            "keys without an effect are not compared with each other", .looser,
            [
                "connection.failed.authentication.delay.ms", "connections.max.idle.ms",
                "early.start.listeners", "share.coordinator.state.topic.compression.codec",
            ]),
        keys(
            "one node needs no quorum, whatever names one", .looser,
            [
                "controller.quorum.voters", "controller.quorum.bootstrap.servers",
                "controller.listener.names",
                "process.roles", "node.id",
            ]),
        keys("a controller without a broker is not Apus", .otherReason, ["process.roles"]),
        prefix("a list's elements are looked at first", .otherReason, "controller.quorum."),
        keys("both kinds of groups are always served", .looser, ["group.coordinator.rebalance.protocols"]),
        keys(
            "a name that is blank is none", .looser,
            ["inter.broker.listener.name"]),
        keys("Kafka's own division by zero; here it turns compaction off", .looser, ["log.cleaner.threads"]),
        BrokerDifference(
            reason: "without an advertised host clients are told what they used", direction: .looser
        ) {
            $0.contains { $0.key == "listeners" && $0.value.hasPrefix("PLAINTEXT://0.0.0.0") }
        },
        BrokerDifference(reason: "one node has no listener for brokers or controllers", direction: .looser) {
            let listeners = $0.first { $0.key == "listeners" }?.value
            return listeners?.hasPrefix("INTERNAL") == true || listeners == "PLAINTEXT://h:9092"
        },
        BrokerDifference(reason: "Kafka fails later, when it binds or is reached", direction: .stricter) {
            $0.contains { $0.key.hasSuffix("listeners") }
        },
        keys(
            "Kafka fails later, when it looks for the host", .stricter, ["max.connections.per.ip.overrides"]),
        keys(
            "no replication factor, delay, size or share is less than nothing", .stricter,
            [
                "default.replication.factor", "group.initial.rebalance.delay.ms",
                "internal.metadata.log.segment.bytes", "log.cleaner.io.buffer.load.factor",
                "log.cleaner.io.max.bytes.per.second", "offset.metadata.max.bytes",
                "metadata.log.segment.ms", "metadata.max.retention.bytes", "metadata.max.retention.ms",
            ]),
        keys(
            "a session lasts", .stricter, ["group.min.session.timeout.ms", "group.max.session.timeout.ms"]),
        keys(
            "each partition is a directory with files", .stricter,
            ["offsets.topic.num.partitions", "transaction.state.log.num.partitions"]),
        keys(
            "a topic could not be configured so", .stricter,
            ["offsets.topic.segment.bytes"]),
        keys("a topic could not be configured so", .otherReason, ["offsets.topic.segment.bytes"]),
        keys("Kafka tells of broker.id, which was not set", .otherReason, ["node.id"]),
    ]
}

/// The same for topics.
enum TopicDifference {
    static func covers(_ configs: [(key: String, value: String?)], _ ours: Int64, _ theirs: Int64) -> Bool {
        // Of several mistakes another one may be named.
        if configs.count > 1 { return ours == theirs }
        guard ours != 0, theirs == 0, let config = configs.first else { return false }
        // NaN compares with nothing, and no segment is smaller than a batch.
        return config.value?.hasSuffix("NaN") == true || config.key == "internal.segment.bytes"
    }
}
