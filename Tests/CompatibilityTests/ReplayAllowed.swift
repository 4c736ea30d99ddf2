// THE table of differences from Kafka's recorded replies that are right, each with its reason. Everything
// else fails.
import Base
import Protocol
import TestSupport

/// One kind of difference that may be.
struct AllowedDifference: Sendable {
    /// The APIs whose replies may differ so; nil for all.
    let apis: Set<APIKey>?
    /// The field without indices, with everything below it; `*.name` stands for that field anywhere.
    let path: String
    /// Why a client cannot mind.
    let reason: String
    /// The one session in which it may be; nil for all.
    let session: String?
    /// The elements of lists in which it may be, by their names; nil for all.
    let names: Set<String>?
    /// Which values are meant; all of them unless given.
    let condition: @Sendable (_ recorded: JSONValue?, _ live: JSONValue?) -> Bool

    init(
        _ apis: Set<APIKey>? = nil, _ path: String, _ reason: String, in session: String? = nil,
        of names: Set<String>? = nil,
        when condition: @escaping @Sendable (_ recorded: JSONValue?, _ live: JSONValue?) -> Bool = { _, _ in
            true
        }
    ) {
        self.apis = apis
        self.path = path
        self.reason = reason
        self.session = session
        self.names = names
        self.condition = condition
    }

    func covers(_ difference: ReplayDifference, of api: APIKey, in session: String) -> Bool {
        if let own = self.session, own != session { return false }
        if let apis, !apis.contains(api) { return false }
        if let names, !names.contains(where: { difference.place.contains("[\($0)]") }) { return false }
        let isAnywhere = path.hasPrefix("*.")
        let isHere =
            isAnywhere
            ? difference.field == path.dropFirst(2)
            : difference.path == path || difference.path.hasPrefix(path + ".")
        return isHere && condition(difference.recorded, difference.live)
    }

    /// The first row that allows `difference`; nil if none does.
    static func row(
        for difference: ReplayDifference, of api: APIKey, in session: String
    ) -> AllowedDifference? {
        table.first { $0.covers(difference, of: api, in: session) }
    }

    private static let leavesAtOnce =
        "Kafka holds a LeaveGroup behind the JoinGroup that waits on the same connection; we serve it at once"

    /// What the recorded brokers were started with, and the live one is not.
    private static let started: Set<String> = [
        "advertised.listeners", "broker.id", "controller.listener.names", "controller.quorum.voters",
        "group.initial.rebalance.delay.ms", "listener.security.protocol.map", "listeners", "log.dir",
        "log.dirs",
        "log.retention.ms", "node.id", "offsets.topic.num.partitions", "offsets.topic.replication.factor",
        "process.roles", "share.coordinator.state.topic.min.isr",
        "share.coordinator.state.topic.num.partitions",
        "share.coordinator.state.topic.replication.factor", "transaction.state.log.min.isr",
        "transaction.state.log.num.partitions", "transaction.state.log.replication.factor",
    ]

    static let table: [AllowedDifference] = [
        AllowedDifference(
            [.describeConfigs], "results.configs", "each broker was started with its own", of: started),
        AllowedDifference(
            [.describeConfigs], "results.configs", "Kafka sets it for all brokers itself (GAPS.md)",
            of: ["min.insync.replicas"]),
        AllowedDifference(
            [.describeConfigs], "results.configs",
            "replays run without retention, see the README of the captures", of: ["retention.ms"]),
        AllowedDifference(
            [.describeConfigs], "results.configs", "keys of our own",
            when: { recorded, live in
                recorded == nil && live?["name"]?.text?.hasPrefix("apus.") == true
            }),
        AllowedDifference([.describeConfigs], "*.documentation", "texts are ours"),
        AllowedDifference(
            [.describeTopicPartitions], "topics.partitions",
            "partitions that were just created are there as soon as CreatePartitions answers",
            in: "java-admin", when: { recorded, live in recorded == nil && live?["errorCode"] == 0 }),
        AllowedDifference([.describeLogDirs], "results.logDir", "each broker has its own"),
        AllowedDifference([.describeLogDirs], "results.totalBytes", "each broker has its own disk"),
        AllowedDifference([.describeLogDirs], "results.usableBytes", "as above, and others write there too"),
        AllowedDifference(
            [.describeLogDirs], "results.topics", "internal topics are there when their coordinator is",
            when: { recorded, live in (recorded ?? live)?["name"]?.text?.hasPrefix("__") == true }),
        AllowedDifference(
            [.describeLogDirs], "results.topics.partitions.partitionSize",
            "its records are of a transaction, which the replay leaves out", in: "kafka-python3-admin",
            when: { recorded, live in recorded == 150 && live == 0 }),
        AllowedDifference(
            [.describeLogDirs], "results.topics.partitions.partitionSize",
            "what DeleteRecords frees may be gone by then (GAPS.md, \"Retention\")", in: "franz-admin",
            when: { recorded, live in recorded == 560 && live == 0 }),
        AllowedDifference(
            [.describeQuorum], "topics.partitions", "each has its own metadata log, and its own clock",
            when: { recorded, live in (recorded?.integer ?? 0) > 0 && (live?.integer ?? 0) > 0 }),
        AllowedDifference(
            [.describeQuorum], "nodes.listeners", "there are no listeners for controllers (GAPS.md)",
            when: { recorded, live in recorded != nil && live == nil }),
        AllowedDifference(
            [.listConfigResources], "configResources.resourceName",
            "Kafka lists in the order of a hash map; which names there are is compared by their count"),
        AllowedDifference(
            [.listOffsets], "topics.partitions.offset",
            "Kafka tells where the latest record was also where DeleteRecords took it (GAPS.md)",
            in: "confluent-admin", when: { recorded, live in recorded == 0 && live == 4 }),
        AllowedDifference(nil, "*.throttleTimeMs", "a quota's measure of time"),
        AllowedDifference(nil, "*.errorMessage", "texts are ours; codes must not differ"),
        AllowedDifference(nil, "*.clusterId", "each cluster has its own"),
        AllowedDifference(
            [.findCoordinator], "*.errorCode", "our coordinator is there when it answers",
            when: { recorded, live in recorded == 15 && live == 0 }),
        AllowedDifference(
            [.findCoordinator], "*.nodeId", "our coordinator is there when it answers, and here",
            when: { recorded, live in recorded == -1 && live == 1 }),
        AllowedDifference(
            [.findCoordinator, .metadata, .describeCluster], "*.port", "the live broker listens elsewhere"),
        AllowedDifference(
            [.findCoordinator, .metadata, .describeCluster], "*.host",
            "the live broker may be called localhost"),
        AllowedDifference(
            [.apiVersions], "apiKeys",
            "which APIs and versions a broker serves grows with it; clients negotiate"),
        AllowedDifference(
            [.joinGroup], "members", leavesAtOnce, in: "java-classic-group",
            when: { recorded, live in recorded != nil && live == nil }),
        AllowedDifference(
            [.syncGroup], "errorCode", leavesAtOnce, in: "java-classic-group",
            when: { recorded, live in recorded == 27 && live == 0 }),
        AllowedDifference(
            [.syncGroup], "protocolType", leavesAtOnce, in: "java-classic-group",
            when: { recorded, live in recorded == .null && live == "consumer" }),
        AllowedDifference(
            [.syncGroup], "protocolName", leavesAtOnce, in: "java-classic-group",
            when: { recorded, live in recorded == .null && live == "range" }),
        AllowedDifference(
            [.syncGroup], "assignment", leavesAtOnce, in: "java-classic-group",
            when: { recorded, live in recorded == "" && live != "" }),
        AllowedDifference([.apiVersions], "supportedFeatures", "as the APIs do"),
        AllowedDifference([.apiVersions], "finalizedFeatures", "as the APIs do"),
        AllowedDifference(
            [.apiVersions], "finalizedFeaturesEpoch", "counts changes of one cluster's metadata"),
        AllowedDifference(
            [.metadata], "topics", "internal topics are there when their coordinator is",
            when: { recorded, live in (recorded ?? live)?["name"]?.text?.hasPrefix("__") == true }),
        AllowedDifference(
            [.createTopics], "topics.configs", "the list shows the configurations that a broker has",
            when: { recorded, live in recorded == nil || live == nil }),
        AllowedDifference(
            [.createTopics], "topics.configs.value",
            "replays run without retention, see the README of the captures",
            when: { recorded, live in recorded == "604800000" && live == "-1" }),
        AllowedDifference(
            [.createTopics], "topics.configs.configSource",
            "where a default comes from is the broker's affair"),
        AllowedDifference(
            [.produce, .fetch], "nodeEndpoints", "where the leader listens, sent along with some errors"),
        AllowedDifference(
            [.fetch], "responses",
            "in which reply a session hears that a high watermark moved: ours moves with the sync",
            when: { recorded, live in
                let partitions = (recorded ?? live)?["partitions"]?.elements ?? []
                return (recorded == nil || live == nil) && !partitions.isEmpty
                    && partitions.allSatisfy { $0["errorCode"] == 0 && $0["records"] == "" }
            }),
        AllowedDifference(
            [.fetch], "*.highWatermark",
            "grows while the session writes; its last value is compared at the end"),
        AllowedDifference(
            [.fetch], "*.lastStableOffset",
            "grows while the session writes; its last value is compared at the end"),
        AllowedDifference(
            [.initProducerID], "errorCode", "Kafka loads a coordinator after its start; we are ready at once",
            when: { recorded, live in [14, 16, 51].contains(recorded) && live == 0 }),
        AllowedDifference(
            [.initProducerID], "producerId", "as above: an id instead of the error",
            when: { recorded, live in recorded == -1 && (live?.integer ?? -1) >= 0 }),
        AllowedDifference(
            [.initProducerID], "producerEpoch", "as above: an epoch instead of the error",
            when: { recorded, live in recorded == -1 && (live?.integer ?? -1) >= 0 }),
        AllowedDifference(
            [.produce], "*.logStartOffset", "told also beside what the coordinator did not permit",
            in: "sweep-txn", when: { recorded, live in recorded == -1 && live == 0 }),
        AllowedDifference(
            [.fetch], "*.abortedTransactions",
            "the replay asks at once, and the marker follows the answer to EndTxn", in: "franz-txn",
            when: { _, live in live == nil }),
        AllowedDifference(
            [.describeProducers], "*.lastTimestamp", "that of a marker is the broker's clock",
            when: { recorded, live in (recorded?.integer ?? -1) >= 0 && (live?.integer ?? -1) >= 0 }),
        AllowedDifference(
            [.describeTransactions], "*.transactionStartTimeMs", "the broker's clock",
            when: { recorded, live in (recorded?.integer ?? -1) >= 0 && (live?.integer ?? -1) >= 0 }),
        AllowedDifference(
            [.produce], "*.logAppendTimeMs", "the broker's clock",
            when: { recorded, live in (recorded?.integer ?? -1) >= 0 && (live?.integer ?? -1) >= 0 }),
        AllowedDifference(
            [.listOffsets], "*.timestamp", "the broker's clock, in topics with LogAppendTime",
            when: { recorded, live in
                // The sessions were recorded in November 2026; what their clients stamped themselves is
                // older.
                (recorded?.integer ?? 0) > 1_780_000_000_000 && (live?.integer ?? 0) > 1_780_000_000_000
            }),
    ]

    /// Requests that Kafka 4 refuses by closing the connection and that we serve: ten-year-old clients work.
    static func isServedByUsOnly(_ frame: CapturedFrame) -> Bool {
        switch frame.api {
        case .produce: frame.version <= 2
        case .fetch: frame.version <= 3
        default: false
        }
    }
}
