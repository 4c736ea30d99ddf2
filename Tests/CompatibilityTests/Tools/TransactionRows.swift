// The tools for transactions.

extension ToolRow {
    /// Transactions of two producers stand open while they are looked at, and are ended over their heads;
    /// then a tool copies a topic in transactions.
    static let transactions: [ToolRow] =
        beforehand + listed + described + missing + aborted + ended + copied

    /// A producer that stands still after two records of a transaction, for good: throttled to none a second.
    ///
    /// The tool looks at whole milliseconds and sends on while none has passed, so its records take several
    /// to be made.
    private static func opens(_ id: String) -> ToolRow {
        ToolRow(
            command: "kafka-producer-perf-test --topic tx --num-records 3 --record-size 300000 "
                + "--throughput 0 --transactional-id \(id) --transaction-duration-ms 900000 "
                + "--command-property transaction.timeout.ms=600000", kind: .lasts)
    }

    private static let producers = ToolRow.reads(
        "kafka-transactions describe-producers --topic tx --partition 0"
    ).with { $0.isUnordered = true }

    private static let beforehand: [ToolRow] = [
        .acts("kafka-topics --create --topic tx --partitions 1"),
        .reads("kafka-transactions list"),
        .reads("kafka-transactions"),
        opens("open"),
        // One after the other, so that offsets are the same.
        .reads("kafka-transactions describe --transactional-id open", awaiting: "Ongoing.*tx-0"),
        .reads("kafka-get-offsets --topic tx", awaiting: "tx:0:2"),
        opens("other"),
        .reads("kafka-transactions describe --transactional-id other", awaiting: "Ongoing.*tx-0"),
        .reads("kafka-get-offsets --topic tx", awaiting: "tx:0:4"),
    ]

    private static let listed: [ToolRow] = [
        "", " --duration-filter -1", " --duration-filter 1", " --duration-filter 80000000",
        " --duration-filter soon", " --transactional-id-pattern 'o.*r'", " --transactional-id-pattern pen",
        " --transactional-id-pattern '['", " --transactional-id-pattern o.* --duration-filter 1",
    ].map { .reads("kafka-transactions list" + $0).with { $0.isUnordered = true } }

    private static let described: [ToolRow] =
        [
            "describe --transactional-id nothing", "describe",
            "describe-producers --topic tx --partition 0",
            "describe-producers --topic tx --partition 0 --broker-id 1",
            "find-hanging", "find-hanging --broker-id 1", "find-hanging --topic tx",
            "find-hanging --topic tx --partition 0", "find-hanging --partition 0",
            "find-hanging --broker-id 1 --topic tx --max-transaction-timeout 0",
            "find-hanging --topic tx --partition 0 --max-transaction-timeout 0",
        ].map { .reads("kafka-transactions " + $0).with { $0.isUnordered = true } }

    /// What is not there is asked for until the client's time is over, a minute otherwise.
    private static let missing: [ToolRow] =
        [
            "describe-producers --topic tx --partition 0 --broker-id 7",
            "describe-producers --topic tx --partition 9", "describe-producers --topic nothing --partition 0",
            "find-hanging --topic nothing",
            "find-hanging --broker-id 7",
            "abort --topic tx --partition 9 --start-offset 0",
            "abort --topic nothing --partition 0 --start-offset 0",
        ].map { words in
            let timedOut = AllowedLines(
                "Failed to .*[tT]imed out.*", "what a client did when its time was over")
            return .acts(
                "kafka-transactions @ --command-config FOLDER/short.properties " + words, allowed: [timedOut]
            ).with {
                $0.files["short.properties"] = "default.api.timeout.ms=1500\nrequest.timeout.ms=1000"
            }
        }

    /// Markers are written past the coordinator, which knows nothing of it.
    private static let aborted: [ToolRow] = [
        .acts("kafka-transactions abort --topic tx --partition 0"),
        .acts("kafka-transactions abort --topic tx --partition 0 --start-offset 1"),
        .acts("kafka-transactions abort --topic tx --partition 0 --start-offset 0"),
        .acts("kafka-transactions abort --topic tx --partition 0 --start-offset 0"),
        producers,
        .reads("kafka-transactions describe --transactional-id open", awaiting: "Ongoing"),
        .reads("kafka-get-offsets --topic tx"),
        .acts(
            "kafka-transactions abort --topic tx --partition 0 --producer-id 4711 --producer-epoch 0 "
                + "--coordinator-epoch 0"),
        .acts("kafka-transactions abort --topic tx --partition 0 --producer-id 4711 --producer-epoch 1"),
        producers,
        .reads("kafka-get-offsets --topic tx"),
    ]

    private static let ended: [ToolRow] =
        [
            .acts("kafka-transactions forceTerminateTransaction --transactionalId other"),
            .reads("kafka-transactions describe --transactional-id other", awaiting: "Empty"),
            .acts("kafka-transactions forceTerminateTransaction --transactionalId other"),
            .acts("kafka-transactions forceTerminateTransaction --transactionalId nothing"),
            .acts("kafka-transactions forceTerminateTransaction"),
            .acts("kafka-transactions forceTerminateTransaction --transactionalId open"),
            .reads("kafka-transactions describe --transactional-id open", awaiting: "Empty"),
            producers,
            .reads("kafka-transactions list").with { $0.isUnordered = true },
            .reads("kafka-get-offsets --topic tx"),
        ]
        + ["read_committed", "read_uncommitted"].map {
            .reads(
                "kafka-console-consumer --topic tx --from-beginning --timeout-ms 1500 "
                    + "--isolation-level \($0) --formatter-property print.value=false "
                    + "--formatter-property print.offset=true"
            )
        }

    private static let copied: [ToolRow] =
        [
            .acts("kafka-topics --create --topic source --partitions 1"),
            .acts("kafka-topics --create --topic target --partitions 1"),
            .acts("kafka-console-producer --topic source --sync").with { $0.input = "a\nb\nc\nd\ne\n" },
            .reads("kafka-get-offsets --topic source", awaiting: "source:0:5"),
            .acts(
                "TransactionalMessageCopier --broker-list ADDRESS --input-topic source --input-partition 0 "
                    + "--output-topic target --transactional-id copier --transaction-size 2 "
                    + "--consumer-group copy --use-group-metadata --group-mode",
                allowed: [AllowedLines(".*ProcessLoop.*", "how many records a poll brings")]
            ).with { $0.measures = true },
            .reads("kafka-consumer-groups --describe --group copy"),
            .reads("kafka-transactions describe --transactional-id copier", awaiting: "CompleteCommit"),
            .reads(
                "kafka-console-consumer --topic target --from-beginning --max-messages 5 "
                    + "--timeout-ms 10000 --isolation-level read_committed"),
            .reads("kafka-get-offsets --topic target"),
            .acts("kafka-topics --delete --topic 'tx|source|target'"),
        ]
}
