// Regular expressions of subscriptions (KIP-848): RE2's syntax, as Kafka, matched in linear time and bounded
// memory whatever a client writes.
package import Base
internal import CRE2

/// What is wrong with an expression.
package struct TopicPatternError: Error, Hashable, Sendable {
    /// The library's sentence.
    package let description: String
}

/// A regular expression that whole names of topics match.
@safe package struct TopicPattern: ~Copyable {
    /// Most bytes of memory that a compiled expression may take; one that needs more is invalid.
    private static let memoryBytesMax: Int64 = 4 << 20
    /// Longest expression; Kafka has no limit but that of a request.
    package static let lengthMax = 64 << 10
    private static let errorLengthMax = 256

    private let expression: OpaquePointer

    /// Compiles `text`.
    package init(_ pattern: Name) throws(TopicPatternError) {
        var text = pattern.text
        guard text.utf8.count <= Self.lengthMax else {
            throw TopicPatternError(description: "the expression is longer than \(Self.lengthMax) bytes")
        }
        var error = [CChar](repeating: 0, count: Self.errorLengthMax)
        let compiled = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { pattern in
                unsafe apus_regex_compile(
                    pattern.baseAddress, pattern.count, Self.memoryBytesMax, &error, error.count)
            }
        }
        guard let compiled = unsafe compiled else {
            let sentence = error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw TopicPatternError(description: String(decoding: sentence, as: UTF8.self))
        }
        unsafe expression = compiled
    }

    deinit { unsafe apus_regex_free(expression) }

    /// Whether all of `name` matches.
    package func matches(_ name: Name) -> Bool {
        var name = name.text
        return name.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { text in
                unsafe apus_regex_matches(expression, text.baseAddress, text.count) == 1
            }
        }
    }
}
