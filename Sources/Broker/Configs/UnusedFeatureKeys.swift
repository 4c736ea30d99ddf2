// The rows of Kafka's broker keys without an effect here: features that
// are not served yet. Their values are checked
// as Kafka checks them.
import Base

extension BrokerSettings {
    static let transactionsRows: [ConfigRule<BrokerSettings>] = [
        .unused("add.partitions.to.txn.retry.backoff.max.ms", .int(from: 0), Unused.markers).defaultsTo("100")
            .high,
        .unused("add.partitions.to.txn.retry.backoff.ms", .int(from: 1), Unused.markers).defaultsTo("20")
            .high,
        .unused(
            "transaction.abort.timed.out.transaction.cleanup.interval.ms", .int(from: 1), Unused.timeouts
        ).defaultsTo("10000").low,
        .unused("transaction.partition.verification.enable", .boolean, Unused.verification).defaultsTo("true")
            .low.clusterWide,
        .unused("transaction.state.log.load.buffer.size", .int(from: 1), Unused.sizing).defaultsTo("5242880")
            .high,
        .unused("transaction.two.phase.commit.enable", .boolean, Unused.twoPhases).defaultsTo("false").low,
    ]

    static let shareRows: [ConfigRule<BrokerSettings>] = [
        .unused("group.share.assignment.interval.ms", .int(from: 0), Unused.share).defaultsTo("1000")
            .clusterWide,
        .unused("group.share.assignors", .list(nil, mayBeEmpty: false), Unused.share).defaultsTo("simple"),
        .unused("group.share.delivery.count.limit", .int(from: 2, to: 10), Unused.share).defaultsTo("5"),
        .unused("group.share.heartbeat.interval.ms", .int(from: 1), Unused.share).defaultsTo("5000"),
        .unused("group.share.initialize.retry.interval.ms", .int(from: 1), Unused.share).defaultsTo("30000")
            .low.hidden,
        .unused("group.share.max.assignment.interval.ms", .int(from: 0), Unused.share).defaultsTo("15000"),
        .unused("group.share.max.delivery.count.limit", .int(from: 5, to: 25), Unused.share).defaultsTo("10"),
        .unused("group.share.max.heartbeat.interval.ms", .int(from: 1), Unused.share).defaultsTo("15000"),
        .unused("group.share.max.partition.max.record.locks", .int(from: 2000, to: 10000), Unused.share)
            .defaultsTo("4000"),
        .unused("group.share.max.record.lock.duration.ms", .int(from: 30000, to: 3_600_000), Unused.share)
            .defaultsTo("60000"),
        .unused("group.share.max.session.timeout.ms", .int(from: 1), Unused.share).defaultsTo("60000"),
        .unused("group.share.max.share.sessions", .int(from: 1), Unused.share).defaultsTo("2000"),
        .unused("group.share.max.size", .int(from: 1, to: 1000), Unused.share).defaultsTo("200"),
        .unused("group.share.min.assignment.interval.ms", .int(from: 0), Unused.share).defaultsTo("0"),
        .unused("group.share.min.delivery.count.limit", .int(from: 2, to: 5), Unused.share).defaultsTo("2"),
        .unused("group.share.min.heartbeat.interval.ms", .int(from: 1), Unused.share).defaultsTo("5000"),
        .unused("group.share.min.partition.max.record.locks", .int(from: 100, to: 2000), Unused.share)
            .defaultsTo("100"),
        .unused("group.share.min.record.lock.duration.ms", .int(from: 1000, to: 30000), Unused.share)
            .defaultsTo("15000"),
        .unused("group.share.min.session.timeout.ms", .int(from: 1), Unused.share).defaultsTo("45000"),
        .unused("group.share.partition.max.record.locks", .int(from: 100, to: 10000), Unused.share)
            .defaultsTo("2000"),
        .unused("group.share.persister.class.name", .string, Unused.share).defaultsTo(
            "org.apache.kafka.server.share.persister.DefaultStatePersister"
        ).hidden,
        .unused("group.share.record.lock.duration.ms", .int(from: 1000, to: 3_600_000), Unused.share)
            .defaultsTo("30000"),
        .unused("group.share.session.timeout.ms", .int(from: 1), Unused.share).defaultsTo("45000"),
        .unused("share.coordinator.append.linger.ms", .int(from: -1), Unused.share).defaultsTo("-1"),
        .unused("share.coordinator.cached.buffer.max.bytes", .int(from: 524_288), Unused.share).defaultsTo(
            "1048588"
        ).clusterWide,
        .unused("share.coordinator.cold.partition.snapshot.interval.ms", .int(from: 1), Unused.share)
            .defaultsTo("300000").low.hidden,
        .unused("share.coordinator.load.buffer.size", .int(from: 1), Unused.share).defaultsTo("5242880").high,
        .unused(
            "share.coordinator.snapshot.update.records.per.snapshot", .int(from: 0, to: 500),
            Unused.share
        ).defaultsTo("500"),
        .unused("share.coordinator.state.topic.compression.codec", .int(), Unused.share).defaultsTo("0").high,
        .unused("share.coordinator.state.topic.min.isr", .short(from: 1), Unused.share).defaultsTo("2").high,
        .unused("share.coordinator.state.topic.num.partitions", .int(from: 1), Unused.share).defaultsTo("50")
            .high,
        .unused("share.coordinator.state.topic.prune.interval.ms", .int(from: 1), Unused.share).defaultsTo(
            "300000"
        ).low.hidden,
        .unused("share.coordinator.state.topic.replication.factor", .short(from: 1), Unused.share).defaultsTo(
            "3"
        ).high,
        .unused("share.coordinator.state.topic.segment.bytes", .int(from: 1), Unused.share).defaultsTo(
            "104857600"
        ).high,
        .unused("share.coordinator.threads", .int(from: 1), Unused.share).defaultsTo("1"),
        .unused("share.coordinator.write.timeout.ms", .int(from: 1), Unused.share).defaultsTo("5000").high,
        .unused("share.fetch.purgatory.purge.interval.requests", .int(), Unused.share).defaultsTo("1000"),
    ]

    static let streamsRows: [ConfigRule<BrokerSettings>] = [
        .unused("group.streams.assignment.interval.ms", .int(from: 0), Unused.streams).defaultsTo("1000")
            .clusterWide,
        .unused("group.streams.heartbeat.interval.ms", .int(from: 1), Unused.streams).defaultsTo("5000"),
        .unused("group.streams.initial.rebalance.delay.ms", .int(from: 0), Unused.streams).defaultsTo("3000"),
        .unused("group.streams.max.assignment.interval.ms", .int(from: 0), Unused.streams).defaultsTo(
            "15000"),
        .unused("group.streams.max.heartbeat.interval.ms", .int(from: 1), Unused.streams).defaultsTo("15000"),
        .unused("group.streams.max.session.timeout.ms", .int(from: 1), Unused.streams).defaultsTo("60000"),
        .unused("group.streams.max.size", .int(from: 1), Unused.streams).defaultsTo("2147483647"),
        .unused("group.streams.max.standby.replicas", .int(from: 0), Unused.streams).defaultsTo("2"),
        .unused("group.streams.min.assignment.interval.ms", .int(from: 0), Unused.streams).defaultsTo("0"),
        .unused("group.streams.min.heartbeat.interval.ms", .int(from: 1), Unused.streams).defaultsTo("5000"),
        .unused("group.streams.min.session.timeout.ms", .int(from: 1), Unused.streams).defaultsTo("45000"),
        .unused("group.streams.num.standby.replicas", .int(from: 0), Unused.streams).defaultsTo("0"),
        .unused("group.streams.session.timeout.ms", .int(from: 1), Unused.streams).defaultsTo("45000"),
    ]

    static let tieringRows: [ConfigRule<BrokerSettings>] = [
        .unused("follower.fetch.last.tiered.offset.enable", .boolean, Unused.tiering).defaultsTo("false")
            .clusterWide,
        .unused("remote.fetch.max.wait.ms", .int(from: 1), Unused.tiering).defaultsTo("500").clusterWide,
        .unused("remote.list.offsets.request.timeout.ms", .long(from: 1), Unused.tiering).defaultsTo("30000")
            .clusterWide,
        .unused("remote.log.index.file.cache.total.size.bytes", .long(from: 1), Unused.tiering).defaultsTo(
            "1073741824"
        ).low.clusterWide,
        .unused("remote.log.index.file.cache.ttl.ms", .long(from: -1), Unused.tiering).defaultsTo("900000")
            .low.hidden,
        .unused("remote.log.manager.copier.thread.pool.size", .int(from: 1), Unused.tiering).defaultsTo("10")
            .clusterWide,
        .unused("remote.log.manager.copy.max.bytes.per.second", .long(from: 1), Unused.tiering).defaultsTo(
            "9223372036854775807"
        ).clusterWide,
        .unused("remote.log.manager.copy.quota.window.num", .int(from: 1), Unused.tiering).defaultsTo("11"),
        .unused("remote.log.manager.copy.quota.window.size.seconds", .int(from: 1), Unused.tiering)
            .defaultsTo("1"),
        .unused("remote.log.manager.expiration.thread.pool.size", .int(from: 1), Unused.tiering).defaultsTo(
            "10"
        ).clusterWide,
        .unused("remote.log.manager.fetch.max.bytes.per.second", .long(from: 1), Unused.tiering).defaultsTo(
            "9223372036854775807"
        ).clusterWide,
        .unused("remote.log.manager.fetch.quota.window.num", .int(from: 1), Unused.tiering).defaultsTo("11"),
        .unused("remote.log.manager.fetch.quota.window.size.seconds", .int(from: 1), Unused.tiering)
            .defaultsTo("1"),
        .unused("remote.log.manager.follower.thread.pool.size", .int(from: 1), Unused.tiering).defaultsTo("2")
            .clusterWide,
        .unused("remote.log.manager.task.interval.ms", .long(from: 1), Unused.tiering).defaultsTo("30000")
            .low,
        .unused("remote.log.manager.task.retry.backoff.max.ms", .long(from: 1), Unused.tiering).defaultsTo(
            "30000"
        ).low.hidden,
        .unused("remote.log.manager.task.retry.backoff.ms", .long(from: 1), Unused.tiering).defaultsTo("500")
            .low.hidden,
        .unused("remote.log.manager.task.retry.jitter", .fraction(0...0.5), Unused.tiering).defaultsTo("0.2")
            .low.hidden,
        .unused("remote.log.manager.thread.pool.size", .int(from: 1), Unused.tiering).defaultsTo("2"),
        .unused("remote.log.metadata.custom.metadata.max.bytes", .int(from: 0), Unused.tiering).defaultsTo(
            "128"
        ).low,
        .unused("remote.log.metadata.manager.class.name", .text(mayBeEmpty: false), Unused.tiering)
            .defaultsTo(
                "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager"),
        .unused("remote.log.metadata.manager.class.path", .string, Unused.tiering),
        .unused("remote.log.metadata.manager.impl.prefix", .text(mayBeEmpty: false), Unused.tiering)
            .defaultsTo("rlmm.config."),
        .unused("remote.log.metadata.manager.listener.name", .text(mayBeEmpty: false), Unused.tiering),
        .unused("remote.log.reader.max.pending.tasks", .int(from: 1), Unused.tiering).defaultsTo("100"),
        .unused("remote.log.reader.threads", .int(from: 1), Unused.tiering).defaultsTo("10").clusterWide,
        .unused("remote.log.storage.manager.class.name", .text(mayBeEmpty: false), Unused.tiering),
        .unused("remote.log.storage.manager.class.path", .string, Unused.tiering),
        .unused("remote.log.storage.manager.impl.prefix", .text(mayBeEmpty: false), Unused.tiering)
            .defaultsTo("rsm.config."),
        .unused("remote.log.storage.system.enable", .boolean, Unused.tiering).defaultsTo("false"),
    ]
}
