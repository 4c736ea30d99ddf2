// The tool for access rules, of brokers with authorizers.

extension ToolRow {
    /// Rules are added, listed and removed.
    static let accessRules: [ToolRow] = [
        .reads("kafka-acls --list"),
        .acts("kafka-acls --add --allow-principal User:u --operation Read --topic a --force"),
        .acts("kafka-acls --add --allow-principal User:u --operation Read --topic a --force"),
        .acts(
            "kafka-acls --add --deny-principal User:v --deny-host 10.0.0.1 --operation All --topic or "
                + "--resource-pattern-type prefixed --force"
        ).with { $0.isUnordered = true },
        .acts("kafka-acls --add --allow-principal User:p --producer --topic out --transactional-id x --force")
            .with { $0.isUnordered = true },
        .acts("kafka-acls --add --allow-principal User:c --consumer --topic in --group g --force")
            .with { $0.isUnordered = true },
        .acts("kafka-acls --add --allow-principal User:i --operation IdempotentWrite --cluster --force"),
        .acts("kafka-acls --add --allow-principal nobody --operation Read --topic a --force"),
        .acts("kafka-acls --add --allow-principal User:u --operation Create --group g --force"),
        .reads("kafka-acls --list").with { $0.isUnordered = true },
        .reads("kafka-acls --list --topic a").with { $0.isUnordered = true },
        .reads("kafka-acls --list --topic orders --resource-pattern-type match").with {
            $0.isUnordered = true
        },
        .reads("kafka-acls --list --principal User:p").with { $0.isUnordered = true },
        .acts("kafka-acls --remove --allow-principal User:u --operation Read --topic a --force"),
        .acts("kafka-acls --remove --topic out --force").with { $0.isUnordered = true },
        .acts("kafka-acls --remove --cluster --force"),
        .reads("kafka-acls --list").with { $0.isUnordered = true },
    ]
}
