// Puts the broker's settings together: command line over environment over file over defaults.

/// Where a value came from; a later case wins over an earlier one.
package enum ConfigSource: Int, Comparable, Sendable {
    case file, environment, flag

    package static func < (left: ConfigSource, right: ConfigSource) -> Bool { left.rawValue < right.rawValue }
}

/// Collects configuration values by source and turns them into settings.
package struct BrokerConfigLoader: Sendable {
    /// A value that was given.
    package struct Entry: Sendable, Equatable {
        package let value: String
        package let source: ConfigSource
    }

    /// What was given, by key.
    package private(set) var entries: [String: Entry] = [:]

    /// A loader without any values.
    package init() {}

    /// Adds a value; it replaces one of the same key unless that came from a stronger source.
    package mutating func add(_ key: String, _ value: String, from source: ConfigSource) {
        if let earlier = entries[key], earlier.source > source { return }
        entries[key] = Entry(value: value, source: source)
    }

    /// Adds the variables named `KAFKA_…` and `KAFKA_CFG_…` that stand for configurations: `KAFKA_LOG_DIRS`
    /// is `log.dirs`, two underscores are one, three a dash.
    ///
    /// Others of that prefix (`KAFKA_HEAP_OPTS`) are not configurations and are passed over.
    package mutating func addEnvironment(_ variables: [String: String]) {
        for (name, value) in variables {
            let long = "KAFKA_CFG_"
            let short = "KAFKA_"
            guard name.hasPrefix(short) else { continue }
            let isLong = name.hasPrefix(long)
            let key = Self.key(ofVariable: name.dropFirst(isLong ? long.count : short.count))
            if isLong || Self.isKnown(key) { add(key, value, from: .environment) }
        }
    }

    private static func key(ofVariable name: Substring) -> String {
        var key = ""
        var underscores = 0
        for character in name.lowercased() + "." {
            if character == "_" {
                underscores += 1
                continue
            }
            switch underscores {
            case 0: break
            case 1: key += "."
            case 2: key += "_"
            case 3: key += "-"
            default: key += String(repeating: ".", count: underscores)
            }
            underscores = 0
            key.append(character)
        }
        return String(key.dropLast())
    }

    private static let rules = Dictionary(
        BrokerSettings.rules.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    private static func isKnown(_ key: String) -> Bool { rules[key] != nil || KnownBrokerKeys.contains(key) }

    /// The settings that the values amount to, with the keys that have no effect and those that nobody knows,
    /// each list sorted.
    package func settings() throws(ConfigError) -> (
        settings: BrokerSettings, withoutEffect: [String], unknown: [String]
    ) {
        var settings = BrokerSettings()
        var withoutEffect: [String] = []
        var unknown: [String] = []
        for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
            if let rule = Self.rules[key] {
                try rule.apply(&settings, entry.value)
            } else if KnownBrokerKeys.contains(key) {
                withoutEffect.append(key)
            } else {
                unknown.append(key)
            }
        }
        settings.isNodeIDGiven = entries["node.id"] != nil || entries["broker.id"] != nil
        guard Set(settings.logDirectories).count == settings.logDirectories.count else {
            throw ConfigError(
                key: "log.dirs", value: settings.logDirectories.joined(separator: ","),
                problem: "Each directory must be named once")
        }
        return (settings, withoutEffect, unknown)
    }
}
