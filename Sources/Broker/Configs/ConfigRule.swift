// One configuration key is one row: its name, the values it takes, where its value goes or why it has no
// effect, and what it means. Parsing, validation, DescribeConfigs and the manual all read that row.
package import Base

/// Why a configuration value was refused: a sentence that names the key, the value and what would be
/// accepted.
package struct ConfigError: Error, Equatable, CustomStringConvertible {
    private enum Problem: Equatable {
        case value(String, problem: String)
        case sentence(String)
    }

    /// The key.
    package let key: Name
    private let problem: Problem

    private init(key: Name, _ problem: Problem) {
        self.key = key
        self.problem = problem
    }

    /// An error about `key`; `problem` completes the sentence "Invalid value VALUE for configuration KEY: …".
    package init(key: Name, value: String, problem: String) {
        self.init(key: key, .value(value, problem: problem))
    }

    /// An error about `key` with a sentence of its own.
    package init(key: Name, sentence: String) {
        self.init(key: key, .sentence(sentence))
    }

    /// The sentence without the value where that may be a secret, for the log.
    var safeDescription: String {
        let isSecret = BrokerSettings.rule(key)?.key.isSensitive ?? true
        if case .value(_, let problem) = self.problem, isSecret {
            return "Invalid value for configuration \(key): \(problem)"
        }
        return description
    }

    /// The sentence.
    package var description: String {
        switch problem {
        case .value(let value, let problem): "Invalid value \(value) for configuration \(key): \(problem)"
        case .sentence(let sentence): sentence
        }
    }
}

/// One row of a configuration table whose values end up in `Settings`.
package struct ConfigRule<Settings>: Sendable {
    /// What there is to know of the key.
    package internal(set) var key: ConfigKey
    /// Parses a value, checks it and stores it.
    package let apply: @Sendable (inout Settings, String) throws(ConfigError) -> Void
    /// The value that `Settings` now holds, as text; nil where there is none.
    package let render: @Sendable (Settings) -> String?

    /// Kafka's name of the key.
    package var name: Name { key.name }
    /// What values it takes.
    package var kind: ConfigKind { key.kind }
    /// What becomes of them.
    package var effect: ConfigEffect { key.effect }
    /// How the value is written.
    package var type: ConfigType { key.type }

    init(
        _ name: Name, _ kind: ConfigKind, effect: ConfigEffect = .honoured, summary: String,
        apply: @escaping @Sendable (inout Settings, String) throws(ConfigError) -> Void,
        render: @escaping @Sendable (Settings) -> String?
    ) {
        key = ConfigKey(name: name, kind: kind, effect: effect, summary: summary)
        self.apply = apply
        self.render = render
    }
}

// MARK: - Rows with an effect

extension ConfigRule {
    /// A whole number within `allowed`, or one beside it.
    package init<Number: FixedWidthInteger & Sendable>(
        _ name: Name, sets path: any WritableKeyPath<Settings, Number> & Sendable,
        allowed: ClosedRange<Number>, or exception: Number? = nil, _ summary: String
    ) {
        let kind = Self.kind(of: allowed, or: exception)
        self.init(
            name, kind, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                settings[keyPath: path] = Number(truncatingIfNeeded: try kind.integer(text, name))
            },
            render: { String($0[keyPath: path]) })
    }

    /// A whole number within `allowed`, or no value at all.
    package init<Number: FixedWidthInteger & Sendable>(
        _ name: Name, sets path: any WritableKeyPath<Settings, Number?> & Sendable,
        allowed: ClosedRange<Number>, _ summary: String
    ) {
        let kind = Self.kind(of: allowed, or: nil)
        self.init(
            name, kind, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                settings[keyPath: path] = Number(truncatingIfNeeded: try kind.integer(text, name))
            },
            render: { $0[keyPath: path].map { String($0) } })
    }

    private static func kind<Number: FixedWidthInteger>(
        of range: ClosedRange<Number>, or exception: Number?
    ) -> ConfigKind {
        let type: ConfigType = Number.bitWidth == 64 ? .long : Number.bitWidth == 16 ? .short : .int
        return .integer(
            type, Int64(range.lowerBound)...Int64(range.upperBound), or: exception.map { Int64($0) })
    }

    /// A fraction within `allowed`.
    package init(
        _ name: Name, sets path: any WritableKeyPath<Settings, Double> & Sendable,
        allowed: ClosedRange<Double>, _ summary: String
    ) {
        let kind = ConfigKind.fraction(allowed)
        self.init(
            name, kind, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                settings[keyPath: path] = try kind.fraction(text, name)
            },
            render: { JavaNumber.text($0[keyPath: path]) })
    }

    /// `true` or `false`.
    package init(_ name: Name, sets path: any WritableKeyPath<Settings, Bool> & Sendable, _ summary: String) {
        self.init(
            name, .boolean, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                settings[keyPath: path] = try ConfigKind.boolean.flag(text, name)
            },
            render: { String($0[keyPath: path]) })
    }

    /// One of the names of an enumeration, which are Kafka's, in its order.
    package init<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ name: Name, sets path: any WritableKeyPath<Settings, Choice> & Sendable,
        as spelling: @escaping @Sendable (String) -> String = { $0 }, ignoresCase: Bool = false,
        _ summary: String
    ) where Choice.RawValue == String {
        let kind = ConfigKind.choice(
            Choice.allCases.map { spelling($0.rawValue) }, ignoresCase: ignoresCase)
        self.init(
            name, kind, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                let chosen = try kind.string(text, name)
                guard let choice = Choice.allCases.first(where: { spelling($0.rawValue) == chosen }) else {
                    preconditionFailure("a checked value of \(name) is not among its names")
                }
                settings[keyPath: path] = choice
            },
            render: { $0[keyPath: path].rawValue })
    }

    /// Any text, or no value at all.
    package init(
        _ name: Name, sets path: any WritableKeyPath<Settings, String?> & Sendable, _ summary: String
    ) {
        self.init(
            name, .string, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                settings[keyPath: path] = text.trimmed.isEmpty ? nil : text.trimmed
            },
            render: { $0[keyPath: path] })
    }

    /// A list with commas: of anything, or of some names.
    package init(
        _ name: Name, sets path: any WritableKeyPath<Settings, [String]> & Sendable,
        of kind: ConfigKind = .list(nil, mayBeEmpty: false), _ summary: String
    ) {
        self.init(
            name, kind, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                settings[keyPath: path] = try kind.elements(text, name)
            },
            render: { settings in
                let elements = settings[keyPath: path]
                if elements.isEmpty, case .list(_, mayBeEmpty: false) = kind { return nil }
                return elements.joined(separator: ",")
            })
    }
}

// MARK: - Rows without one

extension ConfigRule {
    /// A key whose values are checked and have no effect, for `reason`.
    static func unused(_ name: Name, _ kind: ConfigKind, _ reason: String) -> Self {
        ConfigRule(
            name, kind, effect: .none(reason), summary: reason,
            apply: { (_, text) throws(ConfigError) in try kind.check(text, name) }, render: { _ in nil })
    }

    /// A key that asks for protection, unless its value is harmless; `lack` says what there is not, and what
    /// would happen unprotected.
    static func protection(
        _ name: Name, _ kind: ConfigKind, unless isHarmless: @escaping @Sendable (String) -> Bool,
        _ lack: String
    ) -> ConfigRule {
        ConfigRule(
            name, kind, effect: .protection, summary: lack,
            apply: { (_, text) throws(ConfigError) in
                try kind.check(text, name)
                guard isHarmless(text.trimmed) else { throw .unprotected(name, text.trimmed, lack) }
            },
            render: { _ in nil })
    }
}

extension ConfigError {
    /// A key asks for protection that there is not.
    static func unprotected(_ key: Name, _ value: String, _ lack: String) -> ConfigError {
        ConfigError(
            key: key,
            sentence: "\(key)=\(value) asks for protection that this broker does not have: \(lack); remove "
                + "the key to do without it")
    }
}
