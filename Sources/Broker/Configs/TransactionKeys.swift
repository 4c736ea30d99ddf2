// The rows of the keys about transactions; a part of the table of `BrokerKeys`.
import Base

extension BrokerSettings {
    static let transactions: [ConfigRule<BrokerSettings>] = [
        .init(
            "transaction.max.timeout.ms", sets: \.transactionTimeoutMaxMilliseconds, allowed: 1...Int32.max,
            "Longest time that a producer may ask for, for each of its transactions."
        ).high,
        .init(
            "transactional.id.expiration.ms", sets: \.transactionalIDExpirationMilliseconds,
            allowed: 1...Int32.max, "How long transactional ids are kept that nobody uses any more."
        ).high,
        .init(
            "transaction.remove.expired.transaction.cleanup.interval.ms",
            sets: \.transactionExpiryCheckMilliseconds, allowed: 1...Int32.max,
            "How often it is checked which ids are unused for so long."
        ).low,
        .init(
            "transaction.state.log.num.partitions", sets: \.transactionsPartitions, allowed: 1...10_000,
            "Partitions of __transaction_state, when it is made."
        ).high,
        .init(
            "transaction.state.log.replication.factor", sets: \.transactionsReplicationFactor,
            allowed: 1...Int16.max, "Accepted for Kafka's sake: one node has one replica."
        ).high,
        .init(
            "transaction.state.log.min.isr", sets: \.transactionsMinInSyncReplicas, allowed: 1...Int32.max,
            "What __transaction_state says of it, when it is made; one node has one replica."
        ).high,
        .init(
            "transaction.state.log.segment.bytes", sets: \.transactionsSegmentBytes,
            allowed: 1...Int32.max,
            "Segment size of __transaction_state, when it is made; a megabyte at least."
        ).high,
    ]
}
