// What values a configuration key takes. All keys, of topics and of brokers, with an effect or without one,
// are read and checked here, by the rules of Kafka's own tables: blanks around a value do not count, numbers
// are Java's, no element of a list is empty.
import Base
internal import Coordinator

/// The values that a key takes.
package enum ConfigKind: Sendable {
    /// `true` or `false`, in any case.
    case boolean
    /// A whole number; one value outside the range may be allowed as well.
    case integer(ConfigType, ClosedRange<Int64>, or: Int64?)
    /// A fraction.
    case fraction(ClosedRange<Double>)
    /// Any text, where an empty one may be refused.
    case text(mayBeEmpty: Bool)
    /// One of these.
    case choice([String], ignoresCase: Bool)
    /// Elements with commas between them: any, or some of these.
    case list([String]?, mayBeEmpty: Bool)
    /// `PARTITION:BROKER` with commas between them, or `*`.
    case replicas
    /// `earliest`, `latest`, or `by_duration:` with a duration by ISO 8601.
    case offsetReset
    /// The name of a class of Java.
    case className
    /// A text that is never shown.
    case password

    /// Bounds of an INT.
    static func int(from low: Int64 = .init(Int32.min), to high: Int64 = .init(Int32.max)) -> ConfigKind {
        .integer(.int, low...high, or: nil)
    }
    /// Bounds of a LONG.
    static func long(from low: Int64 = .min, to high: Int64 = .max) -> ConfigKind {
        .integer(.long, low...high, or: nil)
    }
    /// Bounds of a SHORT.
    static func short(from low: Int64 = .init(Int16.min)) -> ConfigKind {
        .integer(.short, low...Int64(Int16.max), or: nil)
    }
    /// Any fraction.
    static var double: ConfigKind { .fraction(-Double.infinity...Double.infinity) }
    /// Any text.
    static var string: ConfigKind { .text(mayBeEmpty: true) }
    /// A list of anything.
    static var list: ConfigKind { .list(nil, mayBeEmpty: true) }

    /// The type by the numbers of DescribeConfigs.
    var type: ConfigType {
        switch self {
        case .boolean: .boolean
        case .integer(let type, _, _): type
        case .fraction: .double
        case .text, .choice, .offsetReset: .string
        case .list, .replicas: .list
        case .className: .class
        case .password: .password
        }
    }
}

// MARK: - Reading

extension ConfigKind {
    /// Refuses what the key does not take.
    func check(_ text: String, _ key: Name) throws(ConfigError) {
        switch self {
        case .boolean: _ = try flag(text, key)
        case .integer: _ = try integer(text, key)
        case .fraction: _ = try fraction(text, key)
        case .text, .choice, .offsetReset: _ = try string(text, key)
        case .list, .replicas: _ = try elements(text, key)
        case .className:
            guard Self.isClassName(text) else {
                throw ConfigError(key: key, value: text, problem: "Class \(text) could not be found.")
            }
        case .password: break
        }
    }

    /// A value that was checked, as it is shown: without what does not count, numbers in figures.
    func normalized(_ text: String, _ key: Name) -> String {
        do throws(ConfigError) {
            switch self {
            case .boolean: return String(try flag(text, key))
            case .integer: return String(try integer(text, key))
            case .fraction: return JavaNumber.text(try fraction(text, key))
            case .text, .choice, .offsetReset: return try string(text, key)
            case .list, .replicas: return try elements(text, key).joined(separator: ",")
            case .className, .password: return text
            }
        } catch { return text }
    }

    func flag(_ text: String, _ key: Name) throws(ConfigError) -> Bool {
        switch text.trimmed.lowercased() {
        case "true": return true
        case "false": return false
        default:
            throw ConfigError(key: key, value: text, problem: "Expected value to be either true or false")
        }
    }

    func integer(_ text: String, _ key: Name) throws(ConfigError) -> Int64 {
        guard case .integer(let type, let range, let exception) = self else {
            preconditionFailure("the row of \(key) reads a number of a key that takes none")
        }
        guard let value = JavaNumber.integer(text.trimmed), type.integers.contains(value) else {
            throw ConfigError(key: key, value: text, problem: "Not a number of type \(type.name)")
        }
        if range.contains(value) || value == exception { return value }
        let problem =
            if let exception {
                "Value must be between \(range.lowerBound) and \(range.upperBound) or equal to \(exception)"
            } else {
                Self.problem(isLow: value < range.lowerBound, "\(range.lowerBound)", "\(range.upperBound)")
            }
        throw ConfigError(key: key, value: "\(value)", problem: problem)
    }

    func fraction(_ text: String, _ key: Name) throws(ConfigError) -> Double {
        guard case .fraction(let range) = self else {
            preconditionFailure("the row of \(key) reads a fraction of a key that takes none")
        }
        // Comparisons with a value that compares with nothing are no configuration, whatever Kafka does.
        guard let value = JavaNumber.fraction(text.trimmed), !value.isNaN else {
            throw ConfigError(key: key, value: text, problem: "Not a number of type DOUBLE")
        }
        if range.contains(value) { return value }
        let problem = Self.problem(
            isLow: value < range.lowerBound, Self.bound(range.lowerBound), Self.bound(range.upperBound))
        throw ConfigError(key: key, value: JavaNumber.text(value), problem: problem)
    }

    private static func problem(isLow: Bool, _ low: String, _ high: String) -> String {
        isLow ? "Value must be at least \(low)" : "Value must be no more than \(high)"
    }

    /// Bounds that are whole numbers are written so.
    private static func bound(_ value: Double) -> String {
        Int64(exactly: value).map { "\($0)" } ?? JavaNumber.text(value)
    }

    func string(_ text: String, _ key: Name) throws(ConfigError) -> String {
        let value = text.trimmed
        switch self {
        case .choice(let names, let ignoresCase):
            if names.contains(value) { return value }
            if ignoresCase, let name = names.first(where: { $0.lowercased() == value.lowercased() }) {
                return name
            }
            let list = names.joined(separator: ", ")
            throw ConfigError(
                key: key, value: value,
                problem: ignoresCase
                    ? "String must be one of (case insensitive): \(list)" : "String must be one of: \(list)")
        case .text(mayBeEmpty: false) where value.isEmpty:
            throw ConfigError(key: key, value: value, problem: "String must be non-empty")
        case .offsetReset where !Self.isOffsetReset(value):
            throw ConfigError(
                key: key, value: value,
                problem: "Invalid value `\(value)` for configuration \(key). The value must be either "
                    + "'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.")
        default: return value
        }
    }

    /// The elements of a list, each once.
    func elements(_ text: String, _ key: Name) throws(ConfigError) -> [String] {
        let elements = Self.split(text)
        switch self {
        case .replicas:
            guard elements == ["*"] || elements.allSatisfy(Self.isReplica) else {
                throw ConfigError(
                    key: key, value: "[\(elements.joined(separator: ", "))]",
                    problem: "\(key) must be the literal '*' or a list of replicas in the following format: "
                        + "[partitionId]:[brokerId],[partitionId]:[brokerId],...")
            }
            return elements.filter { !$0.isEmpty }
        case .list(let names, let mayBeEmpty):
            guard mayBeEmpty || !elements.isEmpty else {
                throw ConfigError(
                    key: key,
                    sentence: "Configuration '\(key)' must not be empty. Valid values include: "
                        + (names.map { "[\($0.joined(separator: ", "))]" } ?? "any non-empty value"))
            }
            return try Self.checked(elements, names, key)
        default: preconditionFailure("the row of \(key) reads a list of a key that takes none")
        }
    }

    private static func checked(
        _ elements: [String], _ names: [String]?, _ key: Name
    ) throws(ConfigError) -> [String] {
        var seen: Set<Name> = []
        for element in elements {
            if element.isEmpty {
                throw ConfigError(key: key, sentence: "Configuration '\(key)' values must not be empty.")
            }
            if let names, !names.contains(element) {
                throw ConfigError(
                    key: key, value: element,
                    problem: "String must be one of: \(names.joined(separator: ", "))")
            }
        }
        return elements.filter { seen.insert(Name($0)).inserted }
    }

    /// The parts of a list without the blanks around them; none of a list that is blank.
    static func split(_ text: String) -> [String] {
        let whole = text.trimmed
        if whole.isEmpty { return [] }
        return whole.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed }
    }

    private static func isReplica(_ element: String) -> Bool {
        if element.isEmpty { return true }
        let parts = element.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }
    }

    private static func isOffsetReset(_ text: String) -> Bool {
        if text == "earliest" || text == "latest" { return true }
        let prefix = "by_duration:"
        guard text.hasPrefix(prefix), let last = text.last, !"PTpt:".contains(last) else { return false }
        do throws(TopicPatternError) {
            return try TopicPattern(duration).matches(Name(text.dropFirst(prefix.count)))
        } catch { preconditionFailure("the expression of durations is not one: \(error)") }
    }

    /// A duration as Java reads it, that is not negative.
    private static let duration: Name =
        "(?i)\\+?P([0-9]{1,9}D)?(T([0-9]{1,9}H)?([0-9]{1,9}M)?([0-9]{1,9}([.,][0-9]{0,9})?S)?)?"

    private static func isClassName(_ text: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.utf8.first, !(0x30...0x39).contains(first) else { return false }
            return part.unicodeScalars.allSatisfy {
                $0 == "_" || $0 == "$" || $0.isASCII && $0.properties.isAlphabetic || ("0"..."9").contains($0)
            }
        }
    }
}

extension ConfigType {
    /// Kafka's word in error messages.
    var name: String {
        switch self {
        case .boolean: "BOOLEAN"
        case .string: "STRING"
        case .int: "INT"
        case .short: "SHORT"
        case .long: "LONG"
        case .double: "DOUBLE"
        case .list: "LIST"
        case .class: "CLASS"
        case .password: "PASSWORD"
        }
    }

    /// What fits into a whole number of this type.
    fileprivate var integers: ClosedRange<Int64> {
        switch self {
        case .short: Int64(Int16.min)...Int64(Int16.max)
        case .int: Int64(Int32.min)...Int64(Int32.max)
        default: .min ... .max
        }
    }
}
