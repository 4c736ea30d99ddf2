// THE table of answers that rightly differ from Kafka's to the same request, each with its reason.
import Base
import Protocol
import TestSupport

/// One kind of answer that may be another one.
struct AllowedReply: Sendable {
    let key: APIKey
    /// The field without indices, with everything below it; empty for the whole reply.
    let path: String
    let reason: String
    /// What must be odd about the request, or a part of that; nil where it does not matter.
    let oddity: String?
    /// Whether the brokers are no longer in the same state.
    let parts: Bool
    /// Whether only those need it who compare sentences.
    var isOfSentences: Bool { path.hasSuffix("errorMessage") && key != .produce }
    let condition: @Sendable (_ apus: JSONValue?, _ kafka: JSONValue?) -> Bool

    init(
        _ key: APIKey, _ path: String, _ reason: String, odd oddity: String? = nil, parts: Bool = false,
        when condition: @escaping @Sendable (JSONValue?, JSONValue?) -> Bool = { _, _ in true }
    ) {
        self.key = key
        self.path = path
        self.reason = reason
        self.oddity = oddity
        self.parts = parts
        self.condition = condition
    }

    /// The number of the first row that allows this; nil if none does.
    static func row(
        _ key: APIKey, _ notes: [String], path: String, apus: JSONValue?, kafka: JSONValue?
    ) -> Int? {
        table.firstIndex { row in
            row.key == key && (row.path == path || path.hasPrefix(row.path + ".") || row.path == anywhere)
                && row.oddity.map { oddity in notes.contains { $0.contains(oddity) } } ?? true
                && row.condition(apus, kafka)
        }
    }

    /// The longest name that older versions can write.
    private static let longName = ": 32767 bytes"
    private static let failsToTell: @Sendable (JSONValue?, JSONValue?) -> Bool = { _, kafka in
        kafka == -1 || kafka == .null || kafka == "waits" || kafka == nil
    }
    private static let severalWrong = "which of several wrong values is told of goes by a hash"
    private static let areOfValues: @Sendable (JSONValue?, JSONValue?) -> Bool = { apus, kafka in
        [apus, kafka].allSatisfy { sentence in
            ["Invalid value", "Null value", "Can't ", "Unknown "].contains {
                sentence?.text?.hasPrefix($0) == true
            }
        }
    }
    private static let offsetsTopic = ": \"__consumer_offsets\""

    /// The path of rows that say nothing of a field.
    private static let anywhere = "*"

    static let table: [AllowedReply] = [
        AllowedReply(.apiVersions, "apiKeys", "each broker serves what it serves"),
        AllowedReply(.apiVersions, "supportedFeatures", "as the APIs do"),
        AllowedReply(.apiVersions, "finalizedFeatures", "as the APIs do"),
        AllowedReply(.apiVersions, "finalizedFeaturesEpoch", "counts changes of one cluster's metadata"),
        AllowedReply(
            .createTopics, "topics.configs.configSource", "where a default comes from is the broker's affair",
            when: { apus, kafka in apus == 5 && (kafka == 3 || kafka == 4) }),
        AllowedReply(
            .describeTopicPartitions, anywhere, "a page of all topics, those of other sequences too",
            odd: "topics: empty"),
        AllowedReply(
            .describeTopicPartitions, anywhere,
            "Kafka fails (UNKNOWN_SERVER_ERROR) over a topic without name",
            odd: "name: \"\""),
        AllowedReply(
            .describeTopicPartitions, "nextCursor", "the sum of two numbers overflows in Kafka (GAPS.md)",
            odd: "partitionIndex: 214748364"),
        AllowedReply(.describeLogDirs, "results.logDir", "each broker has its own"),
        AllowedReply(.describeLogDirs, "results.totalBytes", "they may lie on different file systems"),
        AllowedReply(.describeLogDirs, "results.usableBytes", "as above, and others write there too"),
        AllowedReply(
            .describeLogDirs, "results.topics", "what other sequences made, and coordinators",
            odd: "topics: null"),
        AllowedReply(
            .describeLogDirs, "results.topics.partitions.partitionSize",
            "the coordinators write different records", odd: offsetsTopic),
        AllowedReply(
            .describeQuorum, "topics.partitions", "each has its own metadata log",
            when: { apus, kafka in (apus?.integer ?? 0) > 0 && (kafka?.integer ?? 0) > 0 }),
        AllowedReply(
            .describeQuorum, "nodes.listeners", "there are no listeners for controllers (GAPS.md)",
            when: { apus, kafka in apus == nil && kafka != nil }),
        AllowedReply(
            .electLeaders, "replicaElectionResults", "what other sequences made, and coordinators",
            odd: "topicPartitions: null", when: { apus, kafka in apus == nil || kafka == nil }),
        AllowedReply(
            .describeConfigs, "results.configs", "Kafka sets min.insync.replicas for all brokers (GAPS.md)",
            when: { apus, kafka in
                apus == 5 && kafka == 3 || apus == nil && kafka?["name"] == "min.insync.replicas"
            }),
        AllowedReply(.describeConfigs, "results.configs.documentation", "texts are ours"),
        AllowedReply(
            .alterConfigs, "", "Kafka never answers where a thing is named twice (GAPS.md)", parts: true,
            when: { _, kafka in kafka == "waits" || kafka == "no reply" }),
        AllowedReply(
            .incrementalAlterConfigs, "responses",
            "Kafka fails (UNKNOWN_SERVER_ERROR), or says first what else is wrong; there is no such edit",
            odd: "configOperation: ",
            when: { _, kafka in kafka == -1 || kafka == .null || kafka == 40 || kafka == 42 }),
        AllowedReply(
            .incrementalAlterConfigs, "responses.errorMessage", severalWrong, when: areOfValues),
        AllowedReply(.alterConfigs, "responses.errorMessage", severalWrong, when: areOfValues),
        AllowedReply(.createTopics, "topics.errorMessage", severalWrong, when: areOfValues),
        AllowedReply(.alterConfigs, "responses", "its text is too long", odd: longName, parts: true),
        AllowedReply(
            .listConfigResources, "configResources", "what other sequences made, and coordinators",
            when: { apus, kafka in apus == nil || kafka == nil }),
        AllowedReply(
            .describeConfigs, "results.configs", "what a broker was started with is its own affair",
            odd: "configurationKeys: "),
        AllowedReply(
            .createDelegationToken, anywhere,
            "Kafka fails (UNKNOWN_SERVER_ERROR) over an owner without a type",
            odd: "ownerPrincipalType: null"),
        AllowedReply(
            .addRaftVoter, anywhere, "Kafka's controller has lost its lead for a moment",
            when: { $1 == 6 || $1 == "" }),
        AllowedReply(.removeRaftVoter, anywhere, "as above", when: { $1 == 6 || $1 == "" }),
        AllowedReply(
            .describeClientQuotas, "entries", "what other sequences made",
            when: { apus, kafka in apus == nil || kafka == nil }),
        AllowedReply(
            .describeClientQuotas, "entries.values.value", "what is no number is not equal to itself",
            when: { apus, kafka in apus.map { "\($0)" } == kafka.map { "\($0)" } }),
        AllowedReply(
            .updateFeatures, "errorMessage", "which of several wrong features is told of goes by a hash",
            when: { apus, kafka in
                [apus, kafka].allSatisfy { $0?.text?.hasPrefix("The update failed for all") == true }
            }),
        AllowedReply(
            .alterClientQuotas, "entries.errorMessage", "Kafka prints an entity in an order of hashes",
            when: { apus, kafka in
                [apus, kafka].allSatisfy { $0?.text?.hasPrefix("Ignoring duplicate entity") == true }
            }),
        AllowedReply(
            .alterClientQuotas, "entries.errorMessage", severalWrong,
            when: { apus, kafka in
                [apus, kafka].allSatisfy { sentence in
                    sentence?.text?.hasPrefix("Invalid configuration key") == true
                        || sentence?.text?.hasSuffix("cannot be a fractional value.") == true
                }
            }),
        AllowedReply(
            .describeUserScramCredentials, "results", "what other sequences made",
            when: { apus, kafka in apus == nil || kafka == nil }),
        AllowedReply(
            .alterUserScramCredentials, "results",
            "Kafka fails (UNKNOWN_SERVER_ERROR) on a password of no bytes", odd: "saltedPassword: 0 bytes"),
        AllowedReply(
            .fetch, "responses.partitions", "Kafka fails (UNKNOWN_SERVER_ERROR) where we take none for none",
            odd: "partitionMaxBytes: -"),
        AllowedReply(
            .fetch, anywhere, "Kafka fails (UNKNOWN_SERVER_ERROR); there is no such session",
            odd: "sessionId: -2147483648"),
        AllowedReply(
            .fetch, anywhere, "as above: it looks beyond its last shard", odd: "sessionId: 214748364"),
        AllowedReply(
            .fetch, "responses.partitions", "Kafka fails (UNKNOWN_SERVER_ERROR) where we take none for none",
            odd: "maxBytes: -"),
        AllowedReply(
            .fetch, "", "Kafka refuses tagged fields that only other versions have; ours skips them",
            odd: "tags: of nobody", when: { _, kafka in kafka == "closed" }),
        AllowedReply(
            .fetch, "", "Kafka does not compare what a tagged field holds with its size; ours does",
            odd: "tags: of nobody", when: { apus, _ in apus == "closed" }),
        AllowedReply(
            .fetch, anywhere, "Kafka fails (UNKNOWN_SERVER_ERROR) over a topic without name beside others",
            odd: "topics: repeated otherwise", when: { _, kafka in kafka == -1 || kafka == nil }),
        AllowedReply(
            .fetch, "responses.partitions", "the coordinators write different records", odd: offsetsTopic,
            when: { apus, kafka in apus?.isContainer == false && kafka?.isContainer == false }),
        AllowedReply(
            .listOffsets, "topics.partitions", "as above", odd: offsetsTopic,
            when: { apus, kafka in apus?.isContainer == false && kafka?.isContainer == false }),
        AllowedReply(
            .offsetForLeaderEpoch, "topics.partitions.endOffset", "as above", odd: offsetsTopic),
        AllowedReply(
            .fetch, "responses.partitions", "there are no other brokers that could fetch (GAPS.md)",
            odd: "replicaId: ", parts: true),
        AllowedReply(
            .produce, "", "Kafka never answers where records are null, and closes nothing",
            odd: "records: null", parts: true,
            when: { _, kafka in kafka == "waits" || kafka == "no reply" }),
        AllowedReply(
            .produce, "responses",
            "Kafka drops all but the last records for a partition; ours are stored, each with its answer",
            odd: "partitionData: repeated", parts: true),
        AllowedReply(.produce, "responses", "as above", odd: "topicData: repeated", parts: true),
        AllowedReply(
            .produce, "responses.partitionResponses.errorMessage", "we say what is wrong with records",
            odd: "records: ", when: { apus, kafka in apus == "a text" && kafka == .null }),
        AllowedReply(
            .consumerGroupHeartbeat, anywhere, "Kafka matches expressions later (GAPS.md)",
            odd: "subscribedTopicRegex: ", parts: true),
        AllowedReply(
            .findCoordinator, anywhere, "Kafka answers before there is a coordinator (GAPS.md)",
            odd: "keyType: 1"),
        AllowedReply(
            .initProducerID, "errorCode", "Kafka has to ask for ids first (COORDINATOR_LOAD_IN_PROGRESS)",
            when: { apus, kafka in apus == 0 && kafka == 14 }),
        AllowedReply(
            .initProducerID, "producerId", "as above",
            when: { apus, kafka in apus == "its own" && kafka == -1 }),
        AllowedReply(
            .initProducerID, "producerEpoch", "as above", when: { apus, kafka in apus == 0 && kafka == -1 }),
        AllowedReply(
            .initProducerID, "errorCode", "as above: the coordinator of the odd id is there at once",
            odd: "transactionalId", when: { _, kafka in [14, 15, 16].contains(kafka) }),
        AllowedReply(.initProducerID, "producerId", "as above", odd: "transactionalId"),
        AllowedReply(.initProducerID, "producerEpoch", "as above", odd: "transactionalId"),
        AllowedReply(
            .joinGroup, "memberId",
            "ids of classic members begin with their client's; in a consumer group Kafka leaves that out",
            when: { apus, kafka in apus?.text?.hasSuffix("-its uuid") == true && kafka == "its uuid" }),
        AllowedReply(
            .offsetFetch, "groups.errorCode",
            "Kafka fails (UNKNOWN_SERVER_ERROR) on a member without an id; we know none",
            when: { apus, kafka in apus == 25 && kafka == -1 }),
        AllowedReply(
            .joinGroup, anywhere, "Kafka fails (UNKNOWN_SERVER_ERROR) or never answers; we take the first",
            odd: "protocols: repeated", parts: true),
        AllowedReply(
            .consumerGroupHeartbeat, anywhere, "Kafka fails, or never answers, as its text is too long",
            odd: longName, when: failsToTell),
        AllowedReply(.consumerGroupDescribe, anywhere, "as above", odd: longName),
        AllowedReply(.describeUserScramCredentials, anywhere, "as above", odd: longName),
        AllowedReply(.describeConfigs, "results", "as above", odd: longName),
        AllowedReply(.addRaftVoter, anywhere, "as above", odd: longName, when: failsToTell),
        AllowedReply(.removeRaftVoter, anywhere, "as above", odd: longName, when: failsToTell),
        AllowedReply(.updateFeatures, anywhere, "as above", odd: longName, when: failsToTell),
        AllowedReply(
            .alterClientQuotas, anywhere, "as above", odd: longName, when: failsToTell),
        AllowedReply(
            .describeClientQuotas, anywhere, "as above", odd: longName, when: failsToTell),
        AllowedReply(
            .incrementalAlterConfigs, anywhere, "as above", odd: longName,
            when: failsToTell),
        AllowedReply(
            .alterPartitionReassignments, anywhere, "as above", odd: longName,
            when: failsToTell),
        AllowedReply(
            .electLeaders, anywhere, "as above", odd: longName,
            when: failsToTell),
        AllowedReply(
            .createTopics, anywhere, "as above", odd: longName,
            when: failsToTell),
    ]
}
