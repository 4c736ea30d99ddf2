// The tools for groups.

extension ToolRow {
    /// Groups are listed, described, moved and deleted; topic `made` has one record, and `g1` has read it.
    static let groups: [ToolRow] =
        [
            .reads("kafka-consumer-groups --list"),
            .reads("kafka-consumer-groups --list --state"),
            .reads("kafka-consumer-groups --list --state Empty --type classic"),
            .reads("kafka-consumer-groups --list --type consumer"),
            .reads("kafka-consumer-groups --list --state nothing"),
            .reads("kafka-consumer-groups --list --type nothing"),
            .reads("kafka-groups --list"),
            .reads("kafka-groups --list --group-type classic"),
            .reads("kafka-groups --list --group-type nothing"),
            .reads("kafka-groups --list --protocol consumer"),
            .reads("kafka-groups --list --consumer"),
            .reads("kafka-groups --list --share"),
            .reads("kafka-groups"),
            .reads("kafka-consumer-groups"),
            .reads("kafka-consumer-groups --describe --group g1"),
            .reads("kafka-consumer-groups --describe --group g1 --state"),
            .reads("kafka-consumer-groups --describe --group g1 --members"),
            .reads("kafka-consumer-groups --describe --group g1 --offsets --verbose"),
            .reads("kafka-consumer-groups --describe --group g3"),
            .reads("kafka-consumer-groups --describe --group g3 --state --verbose"),
            .reads("kafka-consumer-groups --describe --group nothing"),
            .reads("kafka-consumer-groups --describe --all-groups --state").with { $0.isUnordered = true },
            .reads("kafka-consumer-groups --describe --all-groups").with { $0.isUnordered = true },
            .reads("kafka-consumer-groups --describe"),
            ToolRow(command: "kafka-console-consumer --topic a --group live", kind: .lasts),
            ToolRow(
                command:
                    "kafka-console-consumer --topic a --group new --command-property group.protocol=consumer",
                kind: .lasts),
            .reads("kafka-consumer-groups --describe --group live --members --verbose"),
            .reads("kafka-consumer-groups --describe --group live --state"),
            .reads("kafka-consumer-groups --describe --group live"),
            .reads("kafka-consumer-groups --describe --group new --members --verbose"),
            .reads("kafka-consumer-groups --describe --group new --state --verbose"),
            .reads("kafka-consumer-groups --describe --group new"),
            .acts("kafka-consumer-groups --delete --group live"),
            .acts("kafka-consumer-groups --reset-offsets --group live --topic a --to-earliest --execute"),
            .acts("kafka-consumer-groups --reset-offsets --group new --topic a --to-earliest --execute"),
            .acts("kafka-consumer-groups --delete-offsets --group live --topic a"),
            .ends("kafka-consumer-groups --describe --group live --members"),
        ] + offsets

    private static let offsets: [ToolRow] =
        [
            "--group g2 --topic a --to-earliest", "--group g2 --topic a --to-earliest --dry-run",
            "--group g2 --topic a:0 --to-latest --execute", "--group g2 --topic a --to-current --execute",
            "--group g2 --topic a:1,2 --shift-by -1 --execute",
            "--group g2 --topic a --to-offset 9 --execute",
            "--group g2 --all-topics --to-datetime 2020-01-01T00:00:00.000 --execute",
            "--group g2 --topic a --by-duration PT0H0M0S --dry-run",
            "--group g2 --topic nothing --to-earliest --execute",
            "--group g2 --topic a:9 --to-earliest --execute",
            "--group fresh --topic a --to-latest --execute", "--group g2 --to-earliest --execute",
            "--group g2 --topic a --to-earliest --export", "--all-groups --topic a --to-earliest --dry-run",
            "--group g2 --topic a",
        ].map { .acts("kafka-consumer-groups --reset-offsets " + $0).with { $0.isUnordered = true } } + [
            .acts("kafka-consumer-groups --reset-offsets --group g2 --from-file FOLDER/reset.csv --execute")
                .with { $0.files["reset.csv"] = "a,0,1\na,1,0\n" },
            .reads("kafka-consumer-groups --describe --group g2"),
            .reads("kafka-consumer-groups --describe --group fresh"),
            .acts("kafka-consumer-groups --delete-offsets --group g2 --topic a:0"),
            .acts("kafka-consumer-groups --delete-offsets --group g2 --topic nothing"),
            .acts("kafka-consumer-groups --delete-offsets --group nothing --topic a"),
            .acts("kafka-consumer-groups --delete --group g2"),
            .acts("kafka-consumer-groups --delete --group g2"),
            .acts("kafka-consumer-groups --delete --group g1 --group nothing").with { $0.isUnordered = true },
            .acts("kafka-consumer-groups --validate-regex 'a.*'"),
            .acts("kafka-consumer-groups --validate-regex '['"),
            .acts("kafka-streams-application-reset --application-id fresh --input-topics a --dry-run"),
            .acts("kafka-streams-application-reset --application-id fresh --input-topics a --to-earliest"),
            .acts("kafka-streams-application-reset --application-id fresh --input-topics nothing"),
            .acts("kafka-streams-application-reset --application-id unknown --internal-topics a"),
            .reads("kafka-consumer-groups --describe --group fresh"),
            .acts("kafka-consumer-groups --delete --all-groups").with { $0.isUnordered = true },
            .reads("kafka-consumer-groups --list"),
        ]
}
