// The rows of Kafka's broker keys without an effect here, all together, and of those among them that concern
// one node: its threads, its place in a quorum, what watches it. Their values are checked as Kafka checks
// them.
import Base

extension BrokerSettings {
    /// Every broker configuration of Kafka that is accepted without an effect.
    static let withoutEffect: [ConfigRule<BrokerSettings>] =
        controllerRows + replicasRows + sizingRows + purgatoryRows + connectionsRows
        + flushingRows + metricsRows + quotasRows + othersRows
        + transactionsRows + shareRows + streamsRows + tieringRows + tlsRows + saslRows + tokensRows

    static let controllerRows: [ConfigRule<BrokerSettings>] = [
        .unused("auto.leader.rebalance.enable", .boolean, Unused.controller),
        .unused("broker.heartbeat.interval.ms", .int(), Unused.controller),
        .unused("broker.session.timeout.ms", .int(), Unused.controller),
        .unused("controlled.shutdown.enable", .boolean, Unused.controller),
        .unused("controller.quorum.append.linger.ms", .int(from: 0), Unused.controller),
        .unused("controller.quorum.auto.join.enable", .boolean, Unused.controller),
        .unused("controller.quorum.bootstrap.servers", .list, Unused.controller),
        .unused("controller.quorum.election.backoff.max.ms", .int(from: 0), Unused.controller),
        .unused("controller.quorum.election.timeout.ms", .int(from: 0), Unused.controller),
        .unused("controller.quorum.fetch.max.bytes", .int(from: 1), Unused.controller),
        .unused("controller.quorum.fetch.snapshot.max.bytes", .int(from: 1), Unused.controller),
        .unused("controller.quorum.fetch.timeout.ms", .int(from: 0), Unused.controller),
        .unused("controller.quorum.request.timeout.ms", .int(from: 0), Unused.controller),
        .unused("controller.quorum.retry.backoff.ms", .int(from: 0), Unused.controller),
        .unused("controller.quorum.voters", .list, Unused.controller),
        .unused("controller.socket.timeout.ms", .int(), Unused.controller),
        .unused("early.start.listeners", .list, Unused.controller),
        .unused("initial.broker.registration.timeout.ms", .int(), Unused.controller),
        .unused("internal.metadata.delete.delay.millis", .long(), Unused.controller),
        .unused("internal.metadata.max.batch.size.in.bytes", .int(), Unused.controller),
        .unused("leader.imbalance.check.interval.seconds", .long(from: 1), Unused.controller),
        .unused("metadata.max.idle.interval.ms", .int(from: 0), Unused.controller),
        .unused("unclean.leader.election.interval.ms", .long(from: 1), Unused.controller),
    ]

    static let replicasRows: [ConfigRule<BrokerSettings>] = [
        .unused("num.replica.alter.log.dirs.threads", .int(), Unused.replicas),
        .unused("num.replica.fetchers", .int(from: 1), Unused.replicas),
        .unused("replica.fetch.backoff.ms", .int(from: 0), Unused.replicas),
        .unused("replica.fetch.max.bytes", .int(from: 0), Unused.replicas),
        .unused("replica.fetch.min.bytes", .int(), Unused.replicas),
        .unused("replica.fetch.response.max.bytes", .int(from: 0), Unused.replicas),
        .unused("replica.fetch.wait.max.ms", .int(), Unused.replicas),
        .unused("replica.high.watermark.checkpoint.interval.ms", .long(), Unused.replicas),
        .unused("replica.lag.time.max.ms", .long(), Unused.replicas),
        .unused("replica.selector.class", .string, Unused.replicas),
        .unused("replica.socket.receive.buffer.bytes", .int(), Unused.replicas),
        .unused("replica.socket.timeout.ms", .int(), Unused.replicas),
    ]

    static let sizingRows: [ConfigRule<BrokerSettings>] = [
        .unused("background.threads", .int(from: 1), Unused.sizing),
        .unused("group.consumer.regex.refresh.interval.ms", .int(from: 10000), Unused.sizing),
        .unused("group.coordinator.append.linger.ms", .int(from: -1), Unused.sizing),
        .unused("group.coordinator.background.threads", .int(from: 1), Unused.sizing),
        .unused("group.coordinator.cached.buffer.max.bytes", .int(from: 524_288), Unused.sizing),
        .unused(
            "group.coordinator.rebalance.protocols",
            .list(["consumer", "classic", "share", "streams"], mayBeEmpty: false),
            "groups of both protocols are served"),
        .unused("group.coordinator.threads", .int(from: 1), Unused.sizing),
        .unused("log.cleaner.io.buffer.size", .int(from: 0), Unused.sizing),
        .unused("num.io.threads", .int(from: 1), Unused.sizing),
        .unused("num.network.threads", .int(from: 1), Unused.sizing),
        .unused("num.recovery.threads.per.data.dir", .int(from: 1), Unused.sizing),
        .unused("offsets.commit.timeout.ms", .int(from: 1), Unused.sizing),
        .unused("offsets.load.buffer.size", .int(from: 1), Unused.sizing),
        .unused("queued.max.requests", .int(from: 1), Unused.sizing),
    ]

    static let purgatoryRows: [ConfigRule<BrokerSettings>] = [
        .unused("delete.records.purgatory.purge.interval.requests", .int(), Unused.purgatory),
        .unused("fetch.purgatory.purge.interval.requests", .int(), Unused.purgatory),
        .unused("producer.purgatory.purge.interval.requests", .int(), Unused.purgatory),
    ]

    static let connectionsRows: [ConfigRule<BrokerSettings>] = [
        .unused("request.timeout.ms", .int(), Unused.connections),
        .unused("socket.connection.setup.timeout.max.ms", .long(), Unused.connections),
        .unused("socket.connection.setup.timeout.ms", .long(), Unused.connections),
        .unused("socket.receive.buffer.bytes", .int(), Unused.connections),
        .unused("socket.send.buffer.bytes", .int(), Unused.connections),
    ]

    static let flushingRows: [ConfigRule<BrokerSettings>] = [
        .unused("log.flush.interval.messages", .long(from: 1), Unused.flushing),
        .unused("log.flush.interval.ms", .long(), Unused.flushing),
        .unused("log.flush.scheduler.interval.ms", .long(), Unused.flushing),
        .unused("log.flush.start.offset.checkpoint.interval.ms", .int(from: 0), Unused.flushing),
    ]

    static let metricsRows: [ConfigRule<BrokerSettings>] = [
        .unused("controller.performance.always.log.threshold.ms", .long(from: 0), Unused.metrics),
        .unused("controller.performance.sample.period.ms", .long(from: 100), Unused.metrics),
        .unused("kafka.metrics.polling.interval.secs", .int(from: 1), Unused.metrics),
        .unused("kafka.metrics.reporters", .list, Unused.metrics),
        .unused("metric.reporters", .list, Unused.metrics),
        .unused("metrics.num.samples", .int(from: 1), Unused.metrics),
        .unused("metrics.recording.level", .string, Unused.metrics),
        .unused("metrics.sample.window.ms", .long(from: 1), Unused.metrics),
        .unused("telemetry.max.bytes", .int(from: 1), Unused.metrics),
    ]

    static let quotasRows: [ConfigRule<BrokerSettings>] = [
        .unused("alter.log.dirs.replication.quota.window.num", .int(from: 1), Unused.quotas),
        .unused("alter.log.dirs.replication.quota.window.size.seconds", .int(from: 1), Unused.quotas),
        .unused("controller.quota.window.num", .int(from: 1), Unused.quotas),
        .unused("controller.quota.window.size.seconds", .int(from: 1), Unused.quotas),
        .unused("quota.window.num", .int(from: 1), Unused.quotas),
        .unused("quota.window.size.seconds", .int(from: 1), Unused.quotas),
        .unused("replication.quota.window.num", .int(from: 1), Unused.quotas),
        .unused("replication.quota.window.size.seconds", .int(from: 1), Unused.quotas),
    ]

    static let othersRows: [ConfigRule<BrokerSettings>] = [
        .unused("config.providers", .list, "values that name a provider are refused"),
        .unused("log.dir.failure.timeout.ms", .long(from: 1), "a directory that fails is offline at once"),
        .unused("log.initial.task.delay.ms", .long(from: 0), "upkeep begins when there is something to do"),
        .unused("server.max.startup.time.ms", .long(from: 0), "a start opens no logs"),
        .unused("unstable.api.versions.enable", .boolean, "only stable versions are served"),
        .unused("unstable.feature.versions.enable", .boolean, "only stable versions are served"),
    ]
}

/// Why keys have no effect: half a sentence each.
enum Unused {
    static let controller = "one node is its own controller and needs no quorum"
    static let replicas = "one node has no followers"
    static let sizing = "threads, queues and buffers follow the machine"
    static let purgatory = "what waits is not kept in such queues"
    static let connections = "sockets are left to the kernel, and the broker opens no connections of its own"
    static let flushing = "what is acknowledged is on the disk"
    static let transactions = "transactions are not served yet"
    static let share = "share groups are not served yet"
    static let streams = "streams groups are not served yet"
    static let tiering = "there is no tiered storage, and topics that ask for it are refused"
    static let metrics = "metrics are not served yet"
    static let quotas =
        "these are the windows of quotas, which can be set only through APIs that are not served yet"
    static let tls = "it concerns listeners with TLS, which are refused until they are served"
    static let sasl = "it concerns listeners with SASL, which are refused until they are served"
    static let tokens =
        "delegation tokens are given out over authenticated connections only, and their listeners are refused"
}
