// The tools for the cluster, its nodes, and where partitions lie.

extension ToolRow {
    /// What is asked of the cluster and its nodes.
    static let cluster: [ToolRow] = [
        .reads(
            "kafka-broker-api-versions",
            allowed: [
                AllowedLines("\\w+\\(\\d+\\): .*", "each serves what it serves")
            ]),
        .reads("kafka-cluster cluster-id @"),
        .reads("kafka-cluster list-endpoints @"),
        .reads("kafka-cluster list-endpoints @ --include-fenced-brokers"),
        .acts("kafka-cluster unregister @ --id 7"),
        .acts("kafka-cluster unregister @ --id -1"),
        .reads(
            "kafka-metadata-quorum describe --status",
            allowed: [
                AllowedLines("CurrentVoters: .*", "there are no listeners for controllers (GAPS.md)")
            ]
        ).with { $0.measures = true },
        .reads("kafka-metadata-quorum describe --status --human-readable")
            .with { $0.measures = true },
        .reads("kafka-metadata-quorum describe --replication")
            .with { $0.measures = true },
        .reads("kafka-metadata-quorum describe --replication --human-readable")
            .with { $0.measures = true },
        .reads("kafka-metadata-quorum describe"),
        .acts(
            "kafka-metadata-quorum remove-controller --controller-id 2 "
                + "--controller-directory-id AAAAAAAAAAAAAAAAAAAAAQ"),
        .reads(
            "kafka-features describe",
            allowed: [
                AllowedLines(
                    "Feature: (eligible.leader.replicas|share|streams|transaction)\\.version .*",
                    "what is announced is served (GAPS.md)")
            ]
        ).with { $0.measures = true },
        .reads("kafka-features version-mapping"),
        .reads("kafka-features feature-dependencies --feature group.version=1"),
        .acts("kafka-features upgrade --feature group.version=1"),
        .acts("kafka-features upgrade --feature group.version=9"),
        .acts("kafka-features upgrade --feature nothing=1"),
        .acts("kafka-features upgrade --metadata 3.3-IV0"),
        .acts("kafka-features upgrade --release-version 3.7 --dry-run"),
        .acts("kafka-features downgrade --feature group.version=0 --dry-run"),
        .acts("kafka-features disable --feature kraft.version"),
        .acts("kafka-acls --list"),
        .acts(
            "kafka-acls --add --allow-principal User:u --operation Read --topic a --force"),
        .acts(
            "kafka-acls --remove --allow-principal User:u --operation Read --topic a --force"),
    ]

    /// Leaders, replicas and directories; topic `a` is there, with records.
    static let replicas: [ToolRow] = [
        .acts("kafka-leader-election --election-type preferred --all-topic-partitions"),
        .acts(
            "kafka-leader-election --election-type preferred --topic a --partition 0"),
        .acts("kafka-leader-election --election-type unclean --topic a --partition 0"),
        .acts("kafka-leader-election --election-type preferred --topic a --partition 9"),
        .acts(
            "kafka-leader-election --election-type preferred --topic nothing --partition 0"),
        .acts("kafka-leader-election --election-type preferred"),
        .acts(
            "kafka-leader-election --election-type preferred --path-to-json-file FOLDER/elect.json"
        ).with {
            $0.files["elect.json"] = """
                {"partitions": [{"topic": "a", "partition": 1}, {"topic": "a", "partition": 2}]}
                """
        },
        reassigning("--list"),
        reassigning("--generate --topics-to-move-json-file FOLDER/move.json --broker-list 1").with {
            $0.files["move.json"] = "{\"topics\": [{\"topic\": \"a\"}], \"version\": 1}"
        },
        reassigning("--generate --topics-to-move-json-file FOLDER/move.json --broker-list 1,2"),
        reassigning("--execute --reassignment-json-file FOLDER/same.json").with {
            $0.files["same.json"] = plan("a", 0, [1])
        },
        reassigning("--verify --reassignment-json-file FOLDER/same.json"),
        reassigning("--execute --reassignment-json-file FOLDER/other.json").with {
            $0.files["other.json"] = plan("a", 0, [1, 2])
        },
        reassigning("--execute --reassignment-json-file FOLDER/none.json").with {
            $0.files["none.json"] = plan("nothing", 0, [1])
        },
        reassigning("--verify --reassignment-json-file FOLDER/none.json"),
        reassigning("--cancel --reassignment-json-file FOLDER/same.json"),
        reassigning("--verify --reassignment-json-file FOLDER/broken.json").with {
            $0.files["broken.json"] = "{"
        },
        .reads("kafka-log-dirs --describe").with { $0.measures = true },
        .reads("kafka-log-dirs --describe --topic-list a"),
        .reads("kafka-log-dirs --describe --topic-list nothing --broker-list 1"),
        .reads("kafka-log-dirs --describe --broker-list 2"),
        .reads("kafka-log-dirs"),
    ]

    private static func reassigning(_ words: String) -> ToolRow {
        .acts("kafka-reassign-partitions " + words)
    }

    private static func plan(_ topic: String, _ partition: Int, _ replicas: [Int]) -> String {
        """
        {"version": 1, "partitions": [{"topic": "\(topic)", "partition": \(partition), \
        "replicas": \(replicas)}]}
        """
    }
}
