// The tools for configurations, quotas and users.

extension ToolRow {
    /// Configurations of everything that has some; topic `a` is there.
    static let configs: [ToolRow] =
        [
            configs(
                "--entity-type topics --entity-name a --alter --add-config "
                    + "retention.ms=86400000,cleanup.policy=[compact,delete]"),
            reading("--entity-type topics --entity-name a --describe"),
            reading("--entity-type topics --entity-name a --describe --all"),
            configs("--topic a --alter --delete-config retention.ms"),
            configs("--topic a --alter --delete-config retention.bytes"),
            configs("--topic a --alter --delete-config nothing"),
            configs("--topic a --alter --add-config retention.ms=soon"),
            configs("--topic a --alter --add-config nothing=1"),
            configs("--topic a --alter --add-config segment.bytes=1"),
            configs("--topic nothing --alter --add-config retention.ms=1"),
            configs("--topic a --alter --add-config-file FOLDER/a.properties")
                .with { $0.files["a.properties"] = "max.message.bytes=2000\nretention.ms=90000000\n" },
            configs("--topic a --alter --add-config retention.ms"),
            configs("--topic a --alter"),
            reading("--topic a --describe"),
            reading("--topic nothing --describe"),
            reading("--entity-type topics --describe").with { $0.isUnordered = true },
            reading("--entity-type nothing --describe"),
            configs("--broker 1 --alter --add-config num.io.threads=9"),
            configs("--broker-defaults --alter --add-config background.threads=11"),
            configs("--broker 1 --alter --add-config node.id=3"),
            configs("--broker 1 --alter --add-config log.retention.ms=soon"),
            configs("--broker x --alter --add-config num.io.threads=9"),
            configs("--broker 1 --alter --delete-config nothing"),
            reading("--broker 1 --describe"),
            reading("--broker-defaults --describe"),
            reading("--entity-type brokers --describe"),
            reading("--broker 2 --describe"),
            configs("--broker 1 --alter --delete-config num.io.threads"),
            configs("--broker-defaults --alter --delete-config background.threads"),
            configs("--broker-logger 1 --alter --add-config root=DEBUG"),
            configs("--broker-logger 1 --alter --add-config root=LOUD"),
            configs("--broker-logger 1 --alter --add-config nothing.of.the.kind=DEBUG"),
            configs("--broker-logger 1 --alter --delete-config root"),
            configs("--group g --alter --add-config consumer.session.timeout.ms=50000"),
            configs("--group g --alter --add-config consumer.session.timeout.ms=1"),
            configs("--group g --alter --add-config nothing=1"),
            configs(
                "--group g --alter --delete-config consumer.session.timeout.ms,consumer.heartbeat.interval.ms"
            ),
            reading("--group g --describe"),
            reading("--entity-type groups --describe").with { $0.isUnordered = true },
            configs("--client-metrics m --alter --add-config interval.ms=1000,metrics=[a,b]"),
            configs("--client-metrics m --alter --add-config interval.ms=1"),
            configs("--client-metrics m --alter --add-config match=[client_id=a]"),
            reading("--client-metrics m --describe"),
            reading("--entity-type client-metrics --describe"),
            metrics("--list"), metrics("--describe --name m"), metrics("--describe"),
            metrics("--alter --name n --metrics a --interval 5000 --match client_id=x"),
            metrics("--alter --name n --interval 1"), metrics("--alter --generate-name --interval 5000"),
            metrics("--alter"), metrics("--delete --name m"), metrics("--delete --name nothing"),
            metrics("--describe --name n"), metrics("--delete --name n"),
        ] + quotas + users

    private static let quotas: [ToolRow] =
        [
            "--user u --alter --add-config producer_byte_rate=1000,consumer_byte_rate=2000",
            "--user u --client c --alter --add-config request_percentage=50",
            "--user-defaults --alter --add-config producer_byte_rate=5000",
            "--client-defaults --alter --add-config controller_mutation_rate=10",
            "--client c --alter --add-config producer_byte_rate=x",
            "--client c --alter --add-config producer_byte_rate=-1",
            "--client c --alter --add-config nothing=1",
            "--ip 127.0.0.2 --alter --add-config connection_creation_rate=5",
            "--ip not.a.host.example. --alter --add-config connection_creation_rate=5",
            "--ip-defaults --alter --add-config connection_creation_rate=6",
        ].map { configs($0) }
        + [
            "--user u --describe", "--user u --client c --describe", "--entity-type users --describe",
            "--entity-type clients --describe", "--entity-type users --entity-type clients --describe",
            "--ip 127.0.0.2 --describe", "--entity-type ips --describe", "--user-defaults --describe",
            "--client nobody --describe",
        ].map {
            reading($0).with { $0.isUnordered = true }
        }
        + [
            "--user u --alter --delete-config producer_byte_rate,consumer_byte_rate",
            "--user u --alter --delete-config producer_byte_rate",
            "--user u --client c --alter --delete-config request_percentage",
            "--user-defaults --alter --delete-config producer_byte_rate",
            "--client-defaults --alter --delete-config controller_mutation_rate",
            "--ip 127.0.0.2 --alter --delete-config connection_creation_rate",
            "--ip-defaults --alter --delete-config connection_creation_rate",
        ].map { configs($0) }

    // Kafka tells several credentials of one user in the order of a hash map.
    private static let users: [ToolRow] = [
        configs("--user u --alter --add-config 'SCRAM-SHA-256=[iterations=8192,password=secret]'"),
        reading("--user u --describe"),
        configs("--user u --alter --add-config 'SCRAM-SHA-512=[password=secret]'"),
        configs("--user u --alter --add-config 'SCRAM-SHA-256=[iterations=1,password=secret]'"),
        configs("--user u --alter --add-config 'SCRAM-SHA-256=[password=]'"),
        configs("--user-defaults --alter --add-config 'SCRAM-SHA-256=[password=secret]'"),
        configs("--user u --alter --delete-config SCRAM-SHA-256"),
        reading("--user u --describe"),
        configs("--user u --alter --delete-config SCRAM-SHA-256"),
        configs("--user u --alter --delete-config SCRAM-SHA-512"),
        reading("--user u --describe"),
    ]

    private static func configs(_ words: String) -> ToolRow { .acts("kafka-configs " + words) }
    private static func reading(_ words: String) -> ToolRow { .reads("kafka-configs " + words) }
    private static func metrics(_ words: String) -> ToolRow { .acts("kafka-client-metrics " + words) }
}
