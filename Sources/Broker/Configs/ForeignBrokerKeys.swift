// Broker keys that Kafka 4 does not know, but files and containers of older versions, of plugins and of other
// vendors set: they are no typing errors, and nobody is warned of them.
import Base

enum ForeignBrokerKeys {
    /// Whether `key` is one of them.
    static func contains(_ key: Name) -> Bool {
        names.contains(key) || prefixes.contains { key.hasPrefix($0) }
    }

    /// Of ZooKeeper, of its encrypted configurations, and of Confluent's server.
    private static let prefixes: [Name] = ["zookeeper.", "password.encoder.", "confluent."]

    private static let names = Set(
        """
        advertised.host.name advertised.port auto.include.jmx.reporter broker.id.generation.enable
        control.plane.listener.name controlled.shutdown.max.retries controlled.shutdown.retry.backoff.ms
        controller.message.queue.size delegation.token.master.key eligible.leader.replicas.enable
        group.coordinator.new.enable host.name inter.broker.protocol.version
        leader.imbalance.per.broker.percentage log.delete.delay.ms log.message.downconversion.enable
        log.message.format.version log.message.timestamp.difference.max.ms offsets.commit.required.acks
        port quota.consumer.default quota.producer.default replica.lag.max.messages
        reserved.broker.max.id
        """.split { $0 == " " || $0 == "\n" }.map { Name($0) })
}
