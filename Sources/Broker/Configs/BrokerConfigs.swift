// The configuration of the running broker in Kafka's layers: what was set for this broker while it ran, what
// was set for all brokers, what it was started with, and the defaults.
package import Base

/// The broker's settings, and the values that they come from; replaced as a whole when one changes.
package final class BrokerConfigs: Sendable {
    /// What holds.
    package let settings: BrokerSettings
    /// Values that were set for this broker.
    let own: [Name: String]
    /// Values that were set for all brokers.
    let cluster: [Name: String]
    private let start: BrokerSettings
    /// Whether nothing was set since the start, or before it while the broker ran.
    var isAsStarted: Bool { own.isEmpty && cluster.isEmpty }

    /// What a start gives with values that were set since.
    ///
    /// Throws where they, or what they make together, would not do.
    init(
        _ start: BrokerSettings, own: [Name: String] = [:], cluster: [Name: String] = [:]
    ) throws(ConfigError) {
        self.start = start
        self.own = own
        self.cluster = cluster
        var settings = start
        for layer in [cluster, own] {
            for (key, value) in layer.sorted(by: { $0.key < $1.key }) {
                try Self.apply(key, value, &settings)
            }
        }
        try settings.checkRelations()
        self.settings = settings
    }

    /// What the metadata log says of the values that were set.
    ///
    /// Those that this version refuses were accepted by another one: they have no effect, and those beside
    /// them keep theirs. Only then are they taken one by one, as some go together alone.
    package init(_ start: BrokerSettings, _ image: MetadataImage, logger: Logger) {
        self.start = start
        own = image.configs[.broker(start.nodeID)] ?? [:]
        cluster = image.configs[.cluster] ?? [:]
        if let whole = try? BrokerConfigs(start, own: own, cluster: cluster) {
            settings = whole.settings
            return
        }
        var settings = start
        for layer in [cluster, own] {
            for (key, value) in layer.sorted(by: { $0.key < $1.key }) {
                var changed = settings
                do throws(ConfigError) {
                    try Self.apply(key, value, &changed)
                    try changed.checkRelations()
                    settings = changed
                } catch {
                    logger.logLimited(.error, "broker_config.refused", ["error": error.safeDescription])
                }
            }
        }
        self.settings = settings
    }

    private static func apply(
        _ key: Name, _ value: String, _ settings: inout BrokerSettings
    ) throws(ConfigError) {
        if let rule = BrokerSettings.rule(key) {
            try rule.apply(&settings, value)
        } else {
            try ListenerKey.check(key, value)
        }
    }

    /// The same start with other values for this broker, or for all.
    func changing(_ isOwn: Bool, to values: [Name: String]) throws(ConfigError) -> BrokerConfigs {
        try BrokerConfigs(start, own: isOwn ? values : own, cluster: isOwn ? cluster : values)
    }
}

// MARK: - Values

extension BrokerConfigs {
    /// The row of a key, also of one of a listener, and nil of one that nobody knows.
    private static func key(_ name: Name) -> ConfigKey? {
        if let rule = BrokerSettings.rule(name) { return rule.key }
        return ListenerKey.key(of: name).flatMap { BrokerSettings.rule(Name($0))?.key }
    }

    /// What was set, the strongest first.
    private var layers: [([Name: String], ConfigOrigin)] {
        [(own, .broker), (cluster, .cluster), (start.given, .start)]
    }

    /// The value that holds of a key; nil where there is none.
    func text(of name: Name) -> String? {
        if let rule = BrokerSettings.rule(name) {
            if let text = rule.render(settings) { return text }
            if case .honoured = rule.effect { return rule.key.unsetText }
        }
        let given = layers.lazy.compactMap { values, _ in values[name] }.first
        let kind = Self.key(name)?.kind
        return given.map { kind?.normalized($0, name) ?? $0 } ?? BrokerSettings.defaults[name]
    }

    /// Keys that say the same in several units, the strongest first; else the key, and what it is of all
    /// listeners.
    private static func family(of name: Name) -> [Name] {
        if let base = ListenerKey.key(of: name) { return [name, Name(base)] }
        return families[name] ?? [name]
    }

    private static let families: [Name: [Name]] = {
        let families = TopicSettings.rules.map(\.key.synonyms).filter { $0.count > 1 }
        return Dictionary(uniqueKeysWithValues: families.flatMap { family in family.map { ($0, family) } })
    }()

    /// The values of a key in the order in which they hold, beginning with one under its own name.
    func synonyms(of name: Name) -> [ConfigSynonym] {
        let isSensitive = Self.key(name)?.isSensitive ?? true
        let family = Self.family(of: name)
        let found = (layers + [(BrokerSettings.defaults, .default)]).flatMap { values, origin in
            family.compactMap { name in
                values[name].map { ConfigSynonym(name: name, value: isSensitive ? nil : $0, origin: origin) }
            }
        }
        return Array(found.drop { $0.name != name })
    }

    /// What a reader is told of the keys that are listed: all that Kafka lists, and all that are set.
    func entries() -> [ConfigEntry] {
        let listed = BrokerSettings.rules.lazy.filter { !$0.key.isHidden }.map(\.name)
        let names = Set(listed).union(start.given.keys).union(own.keys).union(cluster.keys)
        return names.sorted().map { entry($0, text(of: $0), synonyms(of: $0)) }
    }

    /// What was set for all brokers, and nothing else.
    func clusterEntries() -> [ConfigEntry] {
        cluster.sorted { $0.key < $1.key }.map { name, value in
            entry(name, value, synonyms(of: name).filter { $0.origin == .cluster })
        }
    }

    private func entry(_ name: Name, _ value: String?, _ synonyms: [ConfigSynonym]) -> ConfigEntry {
        guard let key = Self.key(name) else { return ConfigEntry(unknown: name, synonyms) }
        var entry = ConfigEntry(key.named(name), value, synonyms)
        entry.isReadOnly = key.update == .readOnly || key.name != name
        return entry
    }

    /// Where the value of a topic's key comes from that the topic does not set itself.
    func origin(ofDefault key: ConfigKey) -> ConfigOrigin {
        layers.first { values, _ in key.synonyms.contains { values[$0] != nil } }?.1 ?? .default
    }
}

extension ConfigKey {
    /// The same under the name that it has for one listener.
    fileprivate func named(_ name: Name) -> ConfigKey {
        name == self.name ? self : ConfigKey(name: name, kind: kind, effect: effect, summary: summary)
    }
}

extension MetadataImage.ConfigResource {
    /// The configurations of one broker.
    static func broker(_ id: Int32) -> Self { Self(.broker, Name("\(id)")) }
}
