// Puts the broker's settings together: command line over environment over file over defaults.
package import Base
internal import Network

/// Where a value came from; a later case wins over an earlier one.
package enum ConfigSource: Int, Comparable, Sendable {
    case file, environment, flag

    package static func < (left: ConfigSource, right: ConfigSource) -> Bool { left.rawValue < right.rawValue }
}

/// Collects configuration values by source and turns them into settings.
package struct BrokerConfigLoader: Sendable {
    /// A value that was given.
    private struct Entry {
        let value: String
        let source: ConfigSource
        /// What it was called where it was given: the key, or a variable's name.
        let name: Name
    }

    /// What was given, by key.
    private var entries: [Name: Entry] = [:]

    /// A loader without any values.
    package init() {}

    /// Adds a value; it replaces one of the same key unless that came from a stronger source.
    package mutating func add(_ key: Name, _ value: String, from source: ConfigSource) {
        add(key, Entry(value: value, source: source, name: key))
    }

    /// Adds the variables named `KAFKA_…` and `KAFKA_CFG_…` that stand for configurations.
    package mutating func addEnvironment(_ variables: [Name: String]) {
        for variable in ConfigVariable.all(in: variables) {
            add(variable.key, Entry(value: variable.value, source: .environment, name: variable.name))
        }
    }

    private mutating func add(_ key: Name, _ entry: Entry) {
        if let earlier = entries[key], earlier.source > entry.source { return }
        entries[key] = entry
    }

    /// The settings that the values amount to, with the keys that have no effect and the names that nobody
    /// knows, each list sorted.
    package func settings() throws(ConfigError) -> (
        settings: BrokerSettings, withoutEffect: [String], unknown: [String]
    ) {
        try requireNoProviders()
        var settings = BrokerSettings()
        var withoutEffect: [String] = []
        var unknown: [String] = []
        for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
            if let rule = BrokerSettings.rule(key) {
                try rule.apply(&settings, entry.value)
                if case .none = rule.effect { withoutEffect.append(key.text) }
            } else if ListenerKey.key(of: key) != nil {
                try ListenerKey.check(key, entry.value)
                withoutEffect.append(key.text)
            } else if ForeignBrokerKeys.contains(key) {
                withoutEffect.append(key.text)
            } else {
                unknown.append(entry.name.text)
            }
        }
        settings.given = entries.mapValues(\.value)
        try takeNodeID(&settings)
        try takeListeners(&settings)
        try settings.checkRelations()
        return (settings, withoutEffect, unknown.sorted())
    }

    /// `broker.id` and `node.id` are one id with two names.
    private func takeNodeID(_ settings: inout BrokerSettings) throws(ConfigError) {
        settings.isNodeIDGiven = entries["node.id"] != nil
        guard let brokerID = settings.brokerID else { return }
        if settings.isNodeIDGiven {
            guard settings.nodeID == brokerID else {
                throw ConfigError(
                    key: "broker.id", sentence: "You must set `node.id` to the same value as `broker.id`.")
            }
        } else if brokerID >= 0 {
            settings.nodeID = brokerID
            settings.isNodeIDGiven = true
        }
    }

    /// Containers often name only what they advertise: they listen there on every address then.
    private func takeListeners(_ settings: inout BrokerSettings) throws(ConfigError) {
        guard entries["listeners"] == nil, entries["advertised.listeners"]?.source == .environment else {
            return
        }
        settings.listeners = ListenerAddress.onEveryAddress(settings.advertisedListeners)
    }

    /// A value such as `${file:/path:key}` would be taken literally here.
    private func requireNoProviders() throws(ConfigError) {
        let providers = entries["config.providers"].map { ConfigKind.split($0.value) } ?? []
        for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let isAsked = entry.value.indices.contains { begin in
                providers.contains { entry.value[begin...].hasPrefix("${\($0):") }
            }
            guard isAsked else { continue }
            throw ConfigError(
                key: "config.providers",
                sentence:
                    "the value of \(key) comes from one of config.providers, which this broker does not "
                    + "ask; write the value itself, or hand it over as a variable")
        }
    }
}
