// One configuration key is one row: its name, its type and limits, where its value goes, and what it means.
// Parsing, validation, DescribeConfigs and the manual all read that row.

/// Why a configuration value was refused: a sentence that names the key, the value and what would be
/// accepted.
package struct ConfigError: Error, Equatable, CustomStringConvertible {
    private enum Problem: Equatable {
        case value(String, problem: String)
        case sentence(String)
    }

    /// The key.
    package let key: String
    private let problem: Problem

    private init(key: String, _ problem: Problem) {
        self.key = key
        self.problem = problem
    }

    /// An error about `key`; `problem` completes the sentence "Invalid value VALUE for configuration KEY: …".
    package init(key: String, value: String, problem: String) {
        self.init(key: key, .value(value, problem: problem))
    }

    /// An error about `key` with a sentence of its own.
    package init(key: String, sentence: String) {
        self.init(key: key, .sentence(sentence))
    }

    /// The sentence.
    package var description: String {
        switch problem {
        case .value(let value, let problem): "Invalid value \(value) for configuration \(key): \(problem)"
        case .sentence(let sentence): sentence
        }
    }

    /// The same about the key under which the value was given.
    func renamed(to key: String) -> ConfigError { ConfigError(key: key, problem) }
}

/// The type of a configuration value, numbered as DescribeConfigs numbers it (KIP-226).
package enum ConfigType: Int8, Sendable {
    case boolean = 1, string, int, short, long, double, list, `class`, password
}

/// One row of a configuration table whose values end up in `Settings`.
package struct ConfigRule<Settings>: Sendable {
    /// Kafka's name of the key.
    package let name: String
    /// How the value is written.
    package let type: ConfigType
    /// What the key does, in one sentence.
    package let summary: String
    /// Parses a value, checks it and stores it.
    package let apply: @Sendable (inout Settings, String) throws(ConfigError) -> Void
    /// The value that `Settings` now holds, as text; nil where there is none.
    package let render: @Sendable (Settings) -> String?
}

extension ConfigRule {
    /// A whole number within `allowed`.
    package init<Number: FixedWidthInteger & Sendable>(
        _ name: String, sets path: any WritableKeyPath<Settings, Number> & Sendable,
        allowed: ClosedRange<Number>,
        _ summary: String
    ) {
        self.init(
            name: name, type: Number.bitWidth == 64 ? .long : Number.bitWidth == 16 ? .short : .int,
            summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                settings[keyPath: path] = try Self.number(text, allowed: allowed, key: name)
            },
            render: { String($0[keyPath: path]) })
    }

    /// A whole number within `allowed`, or no value at all.
    package init<Number: FixedWidthInteger & Sendable>(
        _ name: String, sets path: any WritableKeyPath<Settings, Number?> & Sendable,
        allowed: ClosedRange<Number>,
        _ summary: String
    ) {
        self.init(
            name: name, type: Number.bitWidth == 64 ? .long : .int, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                settings[keyPath: path] = try Self.number(text, allowed: allowed, key: name)
            },
            render: { $0[keyPath: path].map { String($0) } })
    }

    /// A fraction within `allowed`.
    package init(
        _ name: String, sets path: any WritableKeyPath<Settings, Double> & Sendable,
        allowed: ClosedRange<Double>,
        _ summary: String
    ) {
        self.init(
            name: name, type: .double, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                guard let number = Double(text.trimmed), number.isFinite else {
                    throw ConfigError(key: name, value: text, problem: "Not a number of type DOUBLE")
                }
                guard allowed.contains(number) else {
                    throw ConfigError(
                        key: name, value: text,
                        problem: "Value must be between \(allowed.lowerBound) and \(allowed.upperBound)")
                }
                settings[keyPath: path] = number
            },
            render: { String($0[keyPath: path]) })
    }

    /// `true` or `false`.
    package init(_ name: String, sets path: any WritableKeyPath<Settings, Bool> & Sendable, _ summary: String)
    {
        self.init(
            name: name, type: .boolean, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                switch text.trimmed.lowercased() {
                case "true": settings[keyPath: path] = true
                case "false": settings[keyPath: path] = false
                default:
                    throw ConfigError(
                        key: name, value: text, problem: "Expected value to be either true or false")
                }
            },
            render: { String($0[keyPath: path]) })
    }

    /// One of the names of an enumeration.
    package init<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, sets path: any WritableKeyPath<Settings, Choice> & Sendable, _ summary: String
    ) where Choice.RawValue == String {
        self.init(
            name: name, type: .string, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                guard let choice = Choice(rawValue: text.trimmed) else {
                    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ConfigError(key: name, value: text, problem: "String must be one of: \(names)")
                }
                settings[keyPath: path] = choice
            },
            render: { $0[keyPath: path].rawValue })
    }

    /// Any text.
    package init(
        _ name: String, sets path: any WritableKeyPath<Settings, String> & Sendable, _ summary: String
    ) {
        self.init(
            name: name, type: .string, summary: summary,
            apply: { (settings, text) throws(ConfigError) in settings[keyPath: path] = text.trimmed },
            render: { $0[keyPath: path] })
    }

    /// Any text, or no value at all.
    package init(
        _ name: String, sets path: any WritableKeyPath<Settings, String?> & Sendable, _ summary: String
    ) {
        self.init(
            name: name, type: .string, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                settings[keyPath: path] = text.trimmed.isEmpty ? nil : text.trimmed
            },
            render: { $0[keyPath: path] })
    }

    /// A list with commas, each element checked by `isAllowed`.
    package init(
        _ name: String, sets path: any WritableKeyPath<Settings, [String]> & Sendable,
        isAllowed: @escaping @Sendable (String) -> Bool = { _ in true }, expected: String = "",
        _ summary: String
    ) {
        self.init(
            name: name, type: .list, summary: summary,
            apply: { (settings, text) throws(ConfigError) in
                let elements = text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
                if let stranger = elements.first(where: { !isAllowed($0) }) {
                    throw ConfigError(key: name, value: stranger, problem: expected)
                }
                settings[keyPath: path] = elements
            },
            render: { $0[keyPath: path].joined(separator: ",") })
    }

    private static func number<Number: FixedWidthInteger>(
        _ text: String, allowed: ClosedRange<Number>, key: String
    ) throws(ConfigError) -> Number {
        guard let number = Number(text.trimmed) else {
            let type = Number.bitWidth == 64 ? "LONG" : Number.bitWidth == 16 ? "SHORT" : "INT"
            throw ConfigError(key: key, value: text, problem: "Not a number of type \(type)")
        }
        if number < allowed.lowerBound {
            throw ConfigError(key: key, value: text, problem: "Value must be at least \(allowed.lowerBound)")
        }
        if number > allowed.upperBound {
            throw ConfigError(
                key: key, value: text, problem: "Value must be no more than \(allowed.upperBound)")
        }
        return number
    }
}

extension String {
    /// Without blanks at either end.
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) })
        else {
            return ""
        }
        return String(self[first...last])
    }
}
