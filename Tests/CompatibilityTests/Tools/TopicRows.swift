// The tools for topics and for what lies in them.

extension ToolRow {
    /// Topics are made, described, changed and deleted.
    static let topics: [ToolRow] = [
        .acts("kafka-topics --create --topic a --partitions 3"),
        .acts("kafka-topics --create --topic a --partitions 3"),
        .acts("kafka-topics --create --topic a --partitions 3 --if-not-exists"),
        .acts("kafka-topics --create --topic plain"),
        .acts(
            "kafka-topics --create --topic compacted --config cleanup.policy=compact "
                + "--config retention.ms=1000"
        ),
        .acts("kafka-topics --create --topic wrong --config retention.ms=soon"),
        .acts("kafka-topics --create --topic wrong --config nothing=1"),
        .acts("kafka-topics --create --topic wrong --config cleanup.policy=neither"),
        .acts("kafka-topics --create --topic bad/name"),
        .acts("kafka-topics --create --topic .."),
        .acts("kafka-topics --create --topic with.point"),
        .acts("kafka-topics --create --topic with_point"),
        .acts("kafka-topics --create --topic many --replication-factor 2"),
        .acts("kafka-topics --create --topic many --partitions 0"),
        .acts("kafka-topics --create --topic many --partitions -2"),
        .acts("kafka-topics --create --topic many --replication-factor 40000"),
        .acts("kafka-topics --create --topic assigned --replica-assignment 1,1"),
        .acts("kafka-topics --create --topic elsewhere --replica-assignment 1,2"),
        .acts("kafka-topics --create --topic twice --replica-assignment 1:1"),
        .acts("kafka-topics --create --topic both --replica-assignment 1 --partitions 1"),
        .acts("kafka-topics --create"),
        .reads("kafka-topics"),
        .reads("kafka-topics --list"),
        .reads("kafka-topics --list --topic 'with.*'"),
        .reads("kafka-topics --list --topic nothing"),
        .reads("kafka-topics --list --exclude-internal"),
        .reads("kafka-topics --describe").with { $0.isUnordered = true },
        .reads("kafka-topics --describe --topic a"),
        .reads("kafka-topics --describe --topic 'with.*'")
            .with { $0.isUnordered = true },
        .reads("kafka-topics --describe --topic compacted"),
        .reads("kafka-topics --describe --topic nothing"),
        .reads("kafka-topics --describe --topic nothing --if-exists"),
        .reads("kafka-topics --describe --topic-id AAAAAAAAAAAAAAAAAAAAAQ"),
        .reads("kafka-topics --describe --topics-with-overrides").with { $0.isUnordered = true },
        .reads("kafka-topics --describe --under-replicated-partitions"),
        .reads("kafka-topics --describe --unavailable-partitions"),
        .reads("kafka-topics --describe --at-min-isr-partitions")
            .with { $0.isUnordered = true },
        .reads("kafka-topics --describe --under-min-isr-partitions"),
        .acts("kafka-topics --alter --topic a --partitions 5"),
        .acts("kafka-topics --alter --topic a --partitions 5"),
        .acts("kafka-topics --alter --topic a --partitions 2"),
        .acts("kafka-topics --alter --topic a --partitions 0"),
        .acts("kafka-topics --alter --topic nothing --partitions 5"),
        .acts("kafka-topics --alter --topic nothing --partitions 5 --if-exists"),
        .acts("kafka-topics --alter --topic plain --partitions 3 --replica-assignment 1,1,1"),
        .acts("kafka-topics --alter --topic plain --partitions 4 --replica-assignment 1,1,1,2"),
        .reads("kafka-topics --describe --topic a"),
        .reads("kafka-topics --describe --topic plain"),
        .acts("kafka-topics --delete --topic plain"),
        .acts("kafka-topics --delete --topic plain"),
        .acts("kafka-topics --delete --topic plain --if-exists"),
        .acts("kafka-topics --delete --topic 'with.*'"),
        .reads("kafka-topics --list"),
    ]

    /// Records are written, counted, read and deleted; topic `a` is there.
    static let records: [ToolRow] = [
        .acts("kafka-console-producer --topic a --reader-property parse.key=true")
            .with { $0.input = "k1\tone\nk2\ttwo\nk1\tthree\nk3\tfour\n" },
        .acts(
            "kafka-console-producer --topic a --compression-codec gzip --sync "
                + "--reader-property parse.key=true"
        ).with { $0.input = "k1\tfive\nk2\tsix\n" },
        .acts("kafka-console-producer --topic a --compression-codec nothing").with { $0.input = "seven\n" },
        .acts(
            "kafka-console-producer --topic bad/name",
            allowed: [
                AllowedLines(
                    ".*(Error when sending message to topic bad/name|InvalidTopicException).*",
                    "whether it hears of it before it closes")
            ]
        ).with { $0.input = "eight\n" },
        .acts("kafka-console-producer --topic made --command-property acks=1", allowed: [justMade])
            .with { $0.input = "nine\n" },
        .reads("kafka-get-offsets --topic made"),
        .reads("kafka-get-offsets --topic assigned"),
        .reads("kafka-get-offsets --topic 'a.*' --time -2"),
        .reads("kafka-get-offsets --topic made --time earliest"),
        .reads("kafka-get-offsets --topic made --time latest"),
        .reads("kafka-get-offsets --topic made --time max-timestamp"),
        .reads("kafka-get-offsets --topic made --time earliest-local"),
        .reads("kafka-get-offsets --topic made --time latest-tiered"),
        .reads("kafka-get-offsets --topic made --time earliest-pending-upload"),
        .reads("kafka-get-offsets --topic made --time 0"),
        .reads("kafka-get-offsets --topic made --time 4102444800000"),
        .reads("kafka-get-offsets --topic made --time soon"),
        .reads("kafka-get-offsets --topic made --partitions 0,1,7"),
        .reads("kafka-get-offsets --topic-partitions a:0,assigned:1-2"),
        .reads("kafka-get-offsets --topic-partitions a:x"),
        .reads("kafka-get-offsets --topic nothing"),
        .reads("kafka-get-offsets --exclude-internal-topics --topic 'm.*'"),
        .reads("kafka-console-consumer --topic made --partition 0 --offset earliest --max-messages 1"),
        .reads("kafka-console-consumer --topic made --partition 7 --timeout-ms 500"),
        .reads("kafka-console-consumer --topic made --partition 0 --offset 5 --timeout-ms 500"),
        .acts("kafka-console-consumer --topic made --max-messages 1 --group g1 --from-beginning"),
        .acts(
            "kafka-console-consumer --topic a --max-messages 6 --group g2 --from-beginning "
                + "--formatter-property print.key=true --formatter-property print.partition=true"
        ).with { $0.isUnordered = true },
        .acts(
            "kafka-console-consumer --include 'a|made' --max-messages 7 --group g3 --from-beginning "
                + "--command-property group.protocol=consumer"
        ).with { $0.isUnordered = true },
        .acts("kafka-delete-records --offset-json-file FOLDER/delete.json").with {
            $0.files["delete.json"] = """
                {"version": 1, "partitions": [{"topic": "made", "partition": 0, "offset": 1},
                {"topic": "assigned", "partition": 1, "offset": 5}]}
                """
        },
        .acts("kafka-delete-records --offset-json-file FOLDER/twice.json").with {
            $0.files["twice.json"] = """
                {"version": 1, "partitions": [{"topic": "made", "partition": 0, "offset": 1},
                {"topic": "made", "partition": 0, "offset": -1}]}
                """
        },
        .acts("kafka-delete-records --offset-json-file FOLDER/wrong.json").with {
            $0.files["wrong.json"] = "{\"version\": 1, \"parts\": []}"
        },
        .reads("kafka-get-offsets --topic made --time -2"),
    ]

    private static let justMade = AllowedLines(
        ".*recoverable issue.*UNKNOWN_TOPIC_OR_PARTITION.*", "a topic is there once it is told of (GAPS.md)")

    /// Tools that measure, and such as check a broker.
    static let loads: [ToolRow] = [
        .acts("kafka-topics --create --topic perf --partitions 1"),
        .acts(
            "kafka-producer-perf-test --topic perf --num-records 2000 --record-size 50 --throughput -1"
        ).with { $0.measures = true },
        .reads("kafka-get-offsets --topic perf"),
        .acts("kafka-consumer-perf-test --topic perf --num-records 2000 --timeout 5000")
            .with { $0.measures = true },
        .acts(
            "kafka-e2e-latency --topic latency --num-records 20 --producer-acks 1 --record-size 20"
        ).with { $0.measures = true },
        .acts(
            "kafka-verifiable-producer --topic verified --max-messages 20 --acks -1", allowed: [justMade]
        ).with { $0.measures = true },
        .acts(
            "kafka-verifiable-consumer --topic verified --group-id v --max-messages 20 "
                + "--reset-policy earliest"
        )
        .with { $0.measures = true },
        .reads("kafka-get-offsets --topic verified"),
        .acts(
            "ClientCompatibilityTest --topic made --offsets-for-times-supported true "
                + "--cluster-id-supported true --expect-record-too-large-exception false "
                + "--num-cluster-nodes 1 --create-topics-supported true --describe-acls-supported true "
                + "--describe-configs-supported true --idempotent-producer-supported true",
            allowed: [AllowedLines(".*WARN.*", "what is on its way when a consumer leaves")]
        ).with { $0.measures = true },
        ToolRow(
            command: "kafka-replica-verification @ --broker-list ADDRESS --topics-include perf "
                + "--report-interval-ms 500", kind: .lasts),
        .ends("kafka-topics --list"),
        .acts("kafka-topics --delete --topic 'perf|latency|verified|newtopic'"),
    ]
}
