// What lies in the folder `fixtures`, for tests of all modules.
package import Base
internal import Compression
internal import Foundation

/// The recorded files that tests compare with.
package enum Fixture {
    /// A line of a fixture does not say what it should.
    package struct Malformed: Error {
        /// Counted from 1.
        package let line: Int

        /// The fault of line `line`.
        package init(line: Int) { self.line = line }
    }

    /// What a packed fixture may unpack to.
    private static let limitBytes = 256 << 20

    /// Where `fixtures/NAME` lies.
    package static func path(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../fixtures/\(name)").standardized.path
    }

    /// The unpacked content of `fixtures/NAME`, which gzip has packed.
    package static func unpacked(_ name: String) throws -> [UInt8] {
        let packed = Array(try Data(contentsOf: URL(filePath: path(name))))
        return try CompressionCodec.gzip.decompress(packed.span.bytes, limitBytes: limitBytes)
    }

    /// The lines of a packed fixture.
    package static func lines(_ name: String) throws -> [[UInt8]] {
        try unpacked(name).split(separator: UInt8(ascii: "\n")).map { Array($0) }
    }

    /// The objects of a packed fixture, one a line.
    package static func objects(_ name: String) throws -> [JSONValue] {
        try lines(name).map { try JSONValue(parsing: $0) }
    }

    /// The objects of a packed fixture as values of `type`; a fixture that cannot be read ends the tests.
    package static func values<Value: Decodable>(_ name: String, of type: Value.Type) -> [Value] {
        do {
            return try lines(name).map { try JSONDecoder().decode(type, from: Data($0)) }
        } catch { fatalError("fixtures/\(name) cannot be read: \(error)") }
    }
}
