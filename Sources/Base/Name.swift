// What identifies something: topics, groups, members, clients, users, keys of configurations. Names come from
// the wire and the disk as bytes, and two of them are the same when their bytes are. Swift's `String` says
// otherwise: it takes "é" and "e" followed by an accent for one (Unicode's canonical equivalence).
import Glibc

/// A text that identifies, equal to another only if its UTF-8 is.
///
/// Where names are put in order, it is that of Kafka (Java): by units of UTF-16.
public struct Name: Sendable {
    /// The same as a string, for people to read; strings do not tell all names apart.
    public let text: String

    /// The name that `text` spells.
    @inlinable public init(_ text: String) { self.text = text }

    /// The name that a part of a string spells.
    @inlinable public init(_ text: Substring) { self.text = String(text) }

    /// Whether nothing is there.
    @inlinable public var isEmpty: Bool { text.isEmpty }

    /// The bytes that are compared.
    @inlinable public var utf8: String.UTF8View { text.utf8 }

    /// Whether the bytes begin with those of `prefix`.
    public func hasPrefix(_ prefix: Name) -> Bool { utf8.starts(with: prefix.utf8) }
}

extension Name: Hashable {
    @inlinable @inline(__always)
    public static func == (left: Name, right: Name) -> Bool {
        // The same text in the same place: up to 15 bytes stand in the string itself, where this decides
        // nearly always, and a longer one is often a copy.
        unsafe unsafeBitCast(left.text, to: UInt128.self) == unsafeBitCast(right.text, to: UInt128.self)
            || left.hasBytes(of: right)
    }

    @usableFromInline @inline(never)
    func hasBytes(of other: Name) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return unsafe withBytes(of: other) { one, other in
            guard let start = one.baseAddress, let otherStart = other.baseAddress else { return true }
            return unsafe memcmp(start, otherStart, one.count) == 0
        }
    }

    @inlinable public func hash(into hasher: inout Hasher) {
        unsafe withBytes { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // No text holds this byte: two names one behind the other hash otherwise than their sum.
        hasher.combine(0xff as UInt8)
    }

    @inlinable @inline(__always)
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        guard let result = unsafe utf8.withContiguousStorageIfAvailable(body) else {
            preconditionFailure("every string of Swift's own is contiguous UTF-8, and there is no other here")
        }
        return result
    }

    @inline(__always)
    private func withBytes<Result>(
        of other: Name, _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        unsafe withBytes { one in unsafe other.withBytes { unsafe body(one, $0) } }
    }
}

extension Name: Comparable {
    public static func < (left: Name, right: Name) -> Bool {
        unsafe left.withBytes(of: right) { one, other in
            for place in 0..<min(one.count, other.count) where unsafe one[place] != other[place] {
                return unsafe inUTF16(one[place]) < inUTF16(other[place])
            }
            return one.count < other.count
        }
    }

    /// The first byte in which two texts differ, so that it sorts as UTF-16 does: characters of two units
    /// begin with a unit from 0xD800, before those from U+E000 to U+FFFF, whose UTF-8 begins with 0xEE or
    /// 0xEF.
    @inline(__always)
    private static func inUTF16(_ byte: UInt8) -> UInt8 { byte & 0xfe == 0xee ? byte + 0x10 : byte }
}

extension Name: ExpressibleByStringInterpolation {
    /// The name that a literal spells.
    @inlinable public init(stringLiteral value: String) { text = value }
}

extension Name: CustomStringConvertible, CustomDebugStringConvertible, TextOutputStreamable {
    public var description: String { text }
    public var debugDescription: String { text.debugDescription }
    /// Appends the text.
    public func write(to target: inout some TextOutputStream) { target.write(text) }
}

extension Sequence<Name> {
    /// The names as one text for people.
    package func joined(separator: String) -> String { map(\.text).joined(separator: separator) }
}
