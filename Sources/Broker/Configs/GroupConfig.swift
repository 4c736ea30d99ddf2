// THE tables of what can be configured of single groups and of subscriptions to clients' metrics.
internal import Base
internal import Coordinator

internal import enum Protocol.ErrorCode

/// The settings of one group; each field is a row of `GroupConfig.rules`, which says what it means.
struct GroupConfig: Sendable {
    var consumer = ConsumerGroupConfig()

    /// What the broker has for groups without settings of their own.
    init(_ broker: BrokerSettings) { consumer = ConsumerSettings(broker).defaults }
}

extension GroupConfig {
    /// Every configuration of groups, in the order of its name.
    static let rules: [ConfigRule<GroupConfig>] = [
        .init(
            "consumer.assignment.interval.ms", sets: \.consumer.assignmentIntervalMilliseconds,
            allowed: 0...Int32.max, "The least time between two assignments of a consumer group."
        ).from("group.consumer.assignment.interval.ms"),
        .init(
            "consumer.heartbeat.interval.ms", sets: \.consumer.heartbeatIntervalMilliseconds,
            allowed: 1...Int32.max, "How often members of a consumer group send heartbeats."
        ).from("group.consumer.heartbeat.interval.ms"),
        .init(
            "consumer.session.timeout.ms", sets: \.consumer.sessionTimeoutMilliseconds,
            allowed: 1...Int32.max, "How long a member of a consumer group may be silent."
        ).from("group.consumer.session.timeout.ms"),
        .unused("share.assignment.interval.ms", .int(from: 0), Unused.share).defaultsTo("1000")
            .from("group.share.assignment.interval.ms"),
        .unused("share.auto.offset.reset", .offsetReset, Unused.share).defaultsTo("latest"),
        .unused("share.delivery.count.limit", .int(from: 2), Unused.share).defaultsTo("5")
            .from("group.share.delivery.count.limit"),
        .unused("share.heartbeat.interval.ms", .int(from: 1), Unused.share).defaultsTo("5000")
            .from("group.share.heartbeat.interval.ms"),
        .unused(
            "share.isolation.level", .choice(["read_committed", "read_uncommitted"], ignoresCase: false),
            Unused.share
        ).defaultsTo("read_uncommitted"),
        .unused("share.partition.max.record.locks", .int(from: 100), Unused.share).defaultsTo("2000")
            .from("group.share.partition.max.record.locks"),
        .unused("share.record.lock.duration.ms", .int(from: 1000), Unused.share).defaultsTo("30000")
            .from("group.share.record.lock.duration.ms"),
        .unused("share.renew.acknowledge.enable", .boolean, Unused.share).defaultsTo("true"),
        .unused("share.session.timeout.ms", .int(from: 1), Unused.share).defaultsTo("45000")
            .from("group.share.session.timeout.ms"),
        .unused("streams.assignment.interval.ms", .int(from: 0), Unused.streams).defaultsTo("1000")
            .from("group.streams.assignment.interval.ms"),
        .unused("streams.heartbeat.interval.ms", .int(from: 1), Unused.streams).defaultsTo("5000")
            .from("group.streams.heartbeat.interval.ms"),
        .unused("streams.initial.rebalance.delay.ms", .int(from: 0), Unused.streams).defaultsTo("3000")
            .from("group.streams.initial.rebalance.delay.ms"),
        .unused("streams.num.standby.replicas", .int(from: 0), Unused.streams).defaultsTo("0")
            .from("group.streams.num.standby.replicas"),
        .unused("streams.session.timeout.ms", .int(from: 1), Unused.streams).defaultsTo("45000")
            .from("group.streams.session.timeout.ms"),
    ]

    private static let rulesByName = Dictionary(uniqueKeysWithValues: rules.map { ($0.name, $0) })

    /// The settings of a group with `values` of its own, each checked, and then how they stand to the
    /// broker's.
    init(_ values: [Name: String], _ broker: BrokerConfigs) throws(ConfigError) {
        self.init(broker.settings)
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let rule = Self.rulesByName[key] else {
                throw ConfigError(key: key, sentence: "Unknown group config name: \(key)")
            }
            try rule.apply(&self, value)
        }
        try Self.checkBounds(values, broker)
        guard consumer.heartbeatIntervalMilliseconds < consumer.sessionTimeoutMilliseconds else {
            throw ConfigError(
                key: "consumer.heartbeat.interval.ms",
                sentence: "consumer.heartbeat.interval.ms must be less than consumer.session.timeout.ms")
        }
    }

    /// The settings of a group whose values were accepted once.
    ///
    /// Those that this version refuses, or that are beyond the bounds that the broker has by now, have no
    /// effect, and those beside them keep theirs; `refused` hears of each.
    init(accepted values: [Name: String], _ broker: BrokerConfigs, refused: (ConfigError) -> Void) {
        if let whole = try? GroupConfig(values, broker) {
            self = whole
            return
        }
        self.init(broker.settings)
        var kept: [Name: String] = [:]
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            do throws(ConfigError) {
                self = try GroupConfig(kept.merging([key: value]) { $1 }, broker)
                kept[key] = value
            } catch {
                refused(error)
            }
        }
    }

    /// What a key is where a group does not set it.
    static func defaultText(of rule: ConfigRule<GroupConfig>, _ broker: BrokerConfigs) -> String? {
        rule.key.synonyms.first.flatMap { broker.text(of: $0) } ?? rule.key.unsetText
    }

    /// Refuses what is beyond the bounds that the broker has for the timing of groups.
    private static func checkBounds(
        _ values: [Name: String], _ broker: BrokerConfigs
    ) throws(ConfigError) {
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let number = JavaNumber.integer(value.trimmed) else { continue }
            let parts = key.text.split(separator: ".", maxSplits: 1)
            let what = parts[1].hasPrefix("num.") ? parts[1].dropFirst(4) : parts[1]
            let least = Name("group.\(parts[0]).min.\(what)")
            let most = Name("group.\(parts[0]).max.\(what)")
            if let bound = broker.text(of: least).flatMap({ JavaNumber.integer($0) }), number < bound {
                throw ConfigError(key: key, sentence: "\(key) must be greater than or equal to \(least)")
            }
            if let bound = broker.text(of: most).flatMap({ JavaNumber.integer($0) }), number > bound {
                throw ConfigError(key: key, sentence: "\(key) must be less than or equal to \(most)")
            }
        }
    }
}

/// The settings of one subscription to clients' metrics (KIP-714), which are kept for a broker that takes
/// metrics in.
struct ClientMetricsConfig: Sendable {
    var intervalMilliseconds: Int32 = 300_000
    /// Which clients are meant: pairs of a property and a regular expression.
    var matches: [String] = []
    /// What the names of the metrics begin with.
    var prefixes: [String] = []

    /// Kafka's bounds of the interval.
    private static let intervals: ClosedRange<Int32> = 100...3_600_000
    /// What may be asked of clients.
    private static let properties: Set<Name> = [
        "client_id", "client_instance_id", "client_software_name", "client_software_version",
        "client_source_address", "client_source_port",
    ]

    static let rules: [ConfigRule<ClientMetricsConfig>] = [
        .init(
            "interval.ms", sets: \.intervalMilliseconds, allowed: Int32.min...Int32.max,
            "How often clients are asked for their metrics."
        ).idle(Unused.telemetry),
        .init(
            "match", sets: \.matches, of: .list, "Which clients are asked: PROPERTY=EXPRESSION, by commas."
        ).idle(Unused.telemetry),
        .init("metrics", sets: \.prefixes, of: .list, "What the names of the metrics begin with.")
            .idle(Unused.telemetry),
    ]

    /// Kafka's defaults.
    init() {}

    /// A subscription with these values, each checked as Kafka does.
    init(_ values: [Name: String]) throws(Refusal) {
        for key in values.keys.sorted() where !Self.rules.contains(where: { $0.name == key }) {
            throw .invalidRequest("Unknown client metrics configuration: \(key)")
        }
        do throws(ConfigError) {
            for rule in Self.rules { if let value = values[rule.name] { try rule.apply(&self, value) } }
        } catch {
            throw Refusal(code: .invalidConfig, message: error.description)
        }
        guard Self.intervals.contains(intervalMilliseconds) else {
            throw .invalidRequest(
                "Invalid value \(intervalMilliseconds) for interval.ms, interval must be between "
                    + "\(Self.intervals.lowerBound) and \(Self.intervals.upperBound) (1 hour)")
        }
        for match in matches where !Self.isMatch(match) {
            throw Refusal(
                code: .invalidConfig, message: "Illegal client matching pattern: \(match)")
        }
    }

    private static func isMatch(_ text: String) -> Bool {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, properties.contains(Name(String(parts[0]).trimmed)) else { return false }
        do throws(TopicPatternError) {
            _ = try TopicPattern(Name(String(parts[1]).trimmed))
            return true
        } catch { return false }
    }
}
