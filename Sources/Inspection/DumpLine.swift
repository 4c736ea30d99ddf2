// What a dump prints: lines of named fields, in the words of Kafka's DumpLogSegments or as JSON.
internal import Base

/// The value of a field.
enum DumpValue: Sendable {
    case integer(Int64)
    case bool(Bool)
    case text(String)
    /// A number that may be missing, which Java prints in its own way.
    case optional(Int64?)
    case list([String])
    case json(JSONValue)

    var text: String {
        switch self {
        case .integer(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .text(let value): value
        case .optional(let value): value.map { "OptionalLong[\($0)]" } ?? "OptionalLong.empty"
        case .list(let values): "[" + values.joined(separator: ",") + "]"
        case .json(let value): value.description
        }
    }

    var json: JSONValue {
        switch self {
        case .integer(let value): .integer(value)
        case .bool(let value): .bool(value)
        case .text(let value): .string(value)
        case .optional(let value): value.map { .integer($0) } ?? .null
        case .list(let values): .array(values.map { .string($0) })
        case .json(let value): value
        }
    }
}

/// One line of a dump.
package struct DumpLine: Sendable {
    /// Records stand behind their batch, with a bar in front.
    var isRecord = false
    var fields: [(name: String, value: DumpValue)] = []
    /// A whole line that has no fields, such as one of a small text file.
    var sentence: String?

    init(_ fields: [(name: String, value: DumpValue)], isRecord: Bool = false) {
        self.fields = fields
        self.isRecord = isRecord
    }

    init(sentence: String) { self.sentence = sentence }

    /// The line as Kafka's tool prints it.
    package var text: String {
        if let sentence { return sentence }
        let parts = fields.map { "\($0.name): \($0.value.text)" }
        return (isRecord ? "| " : "") + parts.joined(separator: " ")
    }

    /// The line as a JSON object.
    package var json: String {
        if let sentence { return JSONValue.object([JSONMember("line", .string(sentence))]).description }
        return JSONValue.object(fields.map { JSONMember($0.name, $0.value.json) }).description
    }
}
