// A small JSON of our own, so that the serving process needs no Foundation. Objects keep the order of their
// members, integers are exact to 64 bits.

/// One JSON value.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    case string(String)
    case array([JSONValue])
    /// Members in their order.
    case object([JSONMember])

    /// The first member called `key` of an object; nil for other values.
    package subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The text of a string; nil for other values.
    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The value of an integer; nil for other values.
    package var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }
}

/// One member of a JSON object.
package struct JSONMember: Sendable, Equatable {
    /// Its name, unique within an object by convention.
    package let key: String
    /// What stands under the name.
    package var value: JSONValue

    /// The member `key` with `value`.
    package init(_ key: String, _ value: JSONValue) {
        self.key = key
        self.value = value
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// Values as Swift literals.
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSONValue: CustomStringConvertible {
    /// The value as JSON text on one line, without blanks.
    package var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The value as JSON text over several lines, indented by two blanks a level.
    package var indentedDescription: String {
        var bytes: [UInt8] = []
        append(to: &bytes, indentation: 0)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension JSONValue {
    /// Appends the text; `indentation` is the level of a value on its own lines, nil for one line.
    package func append(to bytes: inout [UInt8], indentation: Int? = nil) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let value) where value.isFinite: bytes.append(contentsOf: String(value).utf8)
        // JSON has no words for these; Kafka's tools put them in quotes too.
        case .number(let value):
            Self.append(quoted: value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity", to: &bytes)
        case .string(let text): Self.append(quoted: text, to: &bytes)
        case .array(let elements):
            Self.append(elements, between: ("[", "]"), to: &bytes, indentation) { element, bytes, level in
                element.append(to: &bytes, indentation: level)
            }
        case .object(let members):
            Self.append(members, between: ("{", "}"), to: &bytes, indentation) { member, bytes, level in
                Self.append(quoted: member.key, to: &bytes)
                bytes.append(contentsOf: (level == nil ? ":" : ": ").utf8)
                member.value.append(to: &bytes, indentation: level)
            }
        }
    }

    private static func append<Item>(
        _ items: [Item], between brackets: (StaticString, StaticString), to bytes: inout [UInt8],
        _ indentation: Int?,
        _ appendItem: (Item, inout [UInt8], Int?) -> Void
    ) {
        bytes.append(contentsOf: brackets.0.description.utf8)
        let inner = indentation.map { $0 + 1 }
        for (index, item) in items.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            newLine(inner, to: &bytes)
            appendItem(item, &bytes, inner)
        }
        if !items.isEmpty { newLine(indentation, to: &bytes) }
        bytes.append(contentsOf: brackets.1.description.utf8)
    }

    private static func newLine(_ level: Int?, to bytes: inout [UInt8]) {
        guard let level else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
    }

    private static func append(quoted text: String, to bytes: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(contentsOf: [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
