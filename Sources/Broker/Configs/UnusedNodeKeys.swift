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
        .unused("auto.leader.rebalance.enable", .boolean, Unused.controller).defaultsTo("true").high,
        .unused("broker.heartbeat.interval.ms", .int(), Unused.controller).defaultsTo("2000"),
        .unused("broker.session.timeout.ms", .int(), Unused.controller).defaultsTo("9000"),
        .unused("controlled.shutdown.enable", .boolean, Unused.controller).defaultsTo("true"),
        .unused("controller.quorum.append.linger.ms", .int(from: 0), Unused.controller).defaultsTo("25"),
        .unused("controller.quorum.auto.join.enable", .boolean, Unused.controller).defaultsTo("false").low,
        .unused("controller.quorum.bootstrap.servers", .list, Unused.controller).defaultsTo("").high,
        .unused("controller.quorum.election.backoff.max.ms", .int(from: 0), Unused.controller).defaultsTo(
            "1000"
        ).high,
        .unused("controller.quorum.election.timeout.ms", .int(from: 0), Unused.controller).defaultsTo("1000")
            .high,
        .unused("controller.quorum.fetch.max.bytes", .int(from: 1), Unused.controller).defaultsTo("1048576")
            .low,
        .unused("controller.quorum.fetch.snapshot.max.bytes", .int(from: 1), Unused.controller).defaultsTo(
            "1048576"
        ).low,
        .unused("controller.quorum.fetch.timeout.ms", .int(from: 0), Unused.controller).defaultsTo("2000")
            .high,
        .unused("controller.quorum.request.timeout.ms", .int(from: 0), Unused.controller).defaultsTo("2000"),
        .unused("controller.quorum.retry.backoff.ms", .int(from: 0), Unused.controller).defaultsTo("20").low,
        .unused("controller.quorum.voters", .list, Unused.controller).defaultsTo("").high,
        .unused("controller.socket.timeout.ms", .int(), Unused.controller).defaultsTo("30000"),
        .unused("early.start.listeners", .list, Unused.controller).high,
        .unused("initial.broker.registration.timeout.ms", .int(), Unused.controller).defaultsTo("60000"),
        .unused("internal.metadata.delete.delay.millis", .long(), Unused.controller).defaultsTo("60000").low
            .hidden,
        .unused("internal.metadata.max.batch.size.in.bytes", .int(), Unused.controller).defaultsTo("8388608")
            .low.hidden,
        .unused("leader.imbalance.check.interval.seconds", .long(from: 1), Unused.controller).defaultsTo(
            "300"
        ).high,
        .unused("metadata.max.idle.interval.ms", .int(from: 0), Unused.controller).defaultsTo("500").low,
        .unused("unclean.leader.election.interval.ms", .long(from: 1), Unused.controller).defaultsTo("300000")
            .hidden,
    ]

    static let replicasRows: [ConfigRule<BrokerSettings>] = [
        .unused("num.replica.alter.log.dirs.threads", .int(), Unused.moves).high,
        .unused("num.replica.fetchers", .int(from: 1), Unused.replicas).defaultsTo("1").high.clusterWide,
        .unused("replica.fetch.backoff.ms", .int(from: 0), Unused.replicas).defaultsTo("1000"),
        .unused("replica.fetch.max.bytes", .int(from: 0), Unused.replicas).defaultsTo("1048576"),
        .unused("replica.fetch.min.bytes", .int(), Unused.replicas).defaultsTo("1").high,
        .unused("replica.fetch.response.max.bytes", .int(from: 0), Unused.replicas).defaultsTo("10485760"),
        .unused("replica.fetch.wait.max.ms", .int(), Unused.replicas).defaultsTo("500").high,
        .unused("replica.high.watermark.checkpoint.interval.ms", .long(), Unused.replicas).defaultsTo("5000")
            .high,
        .unused("replica.lag.time.max.ms", .long(), Unused.replicas).defaultsTo("30000").high,
        .unused("replica.selector.class", .string, Unused.replicas),
        .unused("replica.socket.receive.buffer.bytes", .int(), Unused.replicas).defaultsTo("65536").high,
        .unused("replica.socket.timeout.ms", .int(), Unused.replicas).defaultsTo("30000").high,
    ]

    static let sizingRows: [ConfigRule<BrokerSettings>] = [
        .unused("background.threads", .int(from: 1), Unused.sizing).defaultsTo("10").high.clusterWide,
        .unused("group.consumer.regex.refresh.interval.ms", .int(from: 10000), Unused.sizing).defaultsTo(
            "600000"
        ).hidden,
        .unused("group.coordinator.append.linger.ms", .int(from: -1), Unused.sizing).defaultsTo("-1"),
        .unused("group.coordinator.background.threads", .int(from: 1), Unused.sizing).defaultsTo("2").high,
        .unused("group.coordinator.cached.buffer.max.bytes", .int(from: 524_288), Unused.sizing).defaultsTo(
            "1048588"
        ).clusterWide,
        .unused(
            "group.coordinator.rebalance.protocols",
            .list(["consumer", "classic", "share", "streams"], mayBeEmpty: false),
            "groups of both protocols are served"
        ).defaultsTo("classic,consumer,streams"),
        .unused("group.coordinator.threads", .int(from: 1), Unused.sizing).defaultsTo("4").high,
        .unused("log.cleaner.io.buffer.size", .int(from: 0), Unused.sizing).defaultsTo("524288").clusterWide,
        .unused("num.io.threads", .int(from: 1), Unused.sizing).defaultsTo("8").high.clusterWide,
        .unused("num.network.threads", .int(from: 1), Unused.sizing).defaultsTo("3").high.clusterWide,
        .unused("num.recovery.threads.per.data.dir", .int(from: 1), Unused.sizing).defaultsTo("2").high
            .clusterWide,
        .unused("offsets.commit.timeout.ms", .int(from: 1), Unused.sizing).defaultsTo("5000").high,
        .unused("offsets.load.buffer.size", .int(from: 1), Unused.sizing).defaultsTo("5242880").high,
        .unused("queued.max.requests", .int(from: 1), Unused.sizing).defaultsTo("500").high,
    ]

    static let purgatoryRows: [ConfigRule<BrokerSettings>] = [
        .unused("delete.records.purgatory.purge.interval.requests", .int(), Unused.purgatory).defaultsTo("1"),
        .unused("fetch.purgatory.purge.interval.requests", .int(), Unused.purgatory).defaultsTo("1000"),
        .unused("producer.purgatory.purge.interval.requests", .int(), Unused.purgatory).defaultsTo("1000"),
    ]

    static let connectionsRows: [ConfigRule<BrokerSettings>] = [
        .unused("request.timeout.ms", .int(), Unused.connections).defaultsTo("30000").high,
        .unused("socket.connection.setup.timeout.max.ms", .long(), Unused.connections).defaultsTo("30000"),
        .unused("socket.connection.setup.timeout.ms", .long(), Unused.connections).defaultsTo("10000"),
        .unused("socket.receive.buffer.bytes", .int(), Unused.connections).defaultsTo("102400").high,
        .unused("socket.send.buffer.bytes", .int(), Unused.connections).defaultsTo("102400").high,
    ]

    static let flushingRows: [ConfigRule<BrokerSettings>] = [
        .unused("log.flush.start.offset.checkpoint.interval.ms", .int(from: 0), Unused.flushing).defaultsTo(
            "60000"
        ).high
    ]

    static let metricsRows: [ConfigRule<BrokerSettings>] = [
        .unused("controller.performance.always.log.threshold.ms", .long(from: 0), Unused.metrics).defaultsTo(
            "2000"
        ).hidden,
        .unused("controller.performance.sample.period.ms", .long(from: 100), Unused.metrics).defaultsTo(
            "60000"
        ).hidden,
        .unused("kafka.metrics.polling.interval.secs", .int(from: 1), Unused.metrics).defaultsTo("10").low,
        .unused("kafka.metrics.reporters", .list, Unused.metrics).defaultsTo("").low,
        .unused("metric.reporters", .list, Unused.metrics).defaultsTo(
            "org.apache.kafka.common.metrics.JmxReporter"
        ).low.clusterWide,
        .unused("metrics.num.samples", .int(from: 1), Unused.metrics).defaultsTo("2").low,
        .unused("metrics.recording.level", .string, Unused.metrics).defaultsTo("INFO").low,
        .unused("metrics.sample.window.ms", .long(from: 1), Unused.metrics).defaultsTo("30000").low,
        .unused("telemetry.max.bytes", .int(from: 1), Unused.metrics).defaultsTo("1048576").low,
    ]

    static let quotasRows: [ConfigRule<BrokerSettings>] = [
        .unused("alter.log.dirs.replication.quota.window.num", .int(from: 1), Unused.moves).defaultsTo("11")
            .low,
        .unused("alter.log.dirs.replication.quota.window.size.seconds", .int(from: 1), Unused.moves)
            .defaultsTo("1").low,
        .unused("controller.quota.window.num", .int(from: 1), Unused.quotas).defaultsTo("11").low,
        .unused("controller.quota.window.size.seconds", .int(from: 1), Unused.quotas).defaultsTo("1").low,
        .unused("quota.window.num", .int(from: 1), Unused.quotas).defaultsTo("11").low,
        .unused("quota.window.size.seconds", .int(from: 1), Unused.quotas).defaultsTo("1").low,
        .unused("replication.quota.window.num", .int(from: 1), Unused.quotas).defaultsTo("11").low,
        .unused("replication.quota.window.size.seconds", .int(from: 1), Unused.quotas).defaultsTo("1").low,
    ]

    static let othersRows: [ConfigRule<BrokerSettings>] = [
        .unused("config.providers", .list, "values that name a provider are refused").defaultsTo("").low
            .clusterWide,
        .unused("log.dir.failure.timeout.ms", .long(from: 1), "a directory that fails is offline at once")
            .defaultsTo("30000").low,
        .unused("log.initial.task.delay.ms", .long(from: 0), "upkeep begins when there is something to do")
            .defaultsTo("30000").low.hidden,
        .unused("server.max.startup.time.ms", .long(from: 0), "a start opens no logs").defaultsTo(
            "9223372036854775807"
        ).hidden,
        .unused("unstable.api.versions.enable", .boolean, "only stable versions are served").defaultsTo(
            "false"
        ).high.hidden,
        .unused("unstable.feature.versions.enable", .boolean, "only stable versions are served").defaultsTo(
            "false"
        ).high.hidden,
    ]
}

/// Why keys have no effect: half a sentence each.
enum Unused {
    static let controller = "one node is its own controller and needs no quorum"
    static let moves = "one thread moves partitions between directories, and yields to clients"
    static let replicas = "one node has no followers"
    static let sizing = "threads, queues and buffers follow the machine"
    static let purgatory = "what waits is not kept in such queues"
    static let connections = "sockets are left to the kernel, and the broker opens no connections of its own"
    static let flushing = "apus.durability alone says when records are synced"
    static let preallocation = "segments reserve what they grow into, in pieces"
    static let verification = "what begins a transaction in a partition is always verified"
    static let markers = "what comes while a transaction ends waits for that, and nothing is tried again"
    static let timeouts = "a transaction is aborted when its time is over, not at the next look"
    static let twoPhases = "no version of InitProducerId that is released asks for it"
    static let share = "share groups are not served yet"
    static let streams = "streams groups are not served yet"
    static let tiering = "there is no tiered storage, and topics that ask for it are refused"
    static let metrics = "metrics are not served yet"
    static let telemetry = "there is no receiver of clients' metrics yet"
    static let quotas =
        "these are the windows of quotas, which are kept and hold nobody back yet"
    static let tls = "it concerns listeners with TLS, which are refused until they are served"
    static let sasl = "it concerns listeners with SASL, which are refused until they are served"
    static let tokens =
        "delegation tokens are given out over authenticated connections only, and their listeners are refused"
}
