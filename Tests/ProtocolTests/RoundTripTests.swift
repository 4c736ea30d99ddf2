// Properties that hold for every message, version and seed: what was written is read back, what was printed
// is parsed back, a message cut short is refused, and nothing that arrives traps.
import Base
import Foundation
import Protocol
import Testing

@Suite struct RoundTripTests {
    /// `APUS_SEEDS` raises the number for the long run.
    static let seeds = UInt64(ProcessInfo.processInfo.environment["APUS_SEEDS"] ?? "") ?? 20
    static let names = MessageCatalog.all.map { $0.name }

    @Test("fill, count, write, read, print and parse give the same message back", arguments: names)
    func roundTrip(name: String) throws {
        let type = try #require(MessageCatalog.type(named: name))
        for version in type.versions.range {
            for seed in 0..<Self.seeds { try checkRoundTrip(type, version: version, seed: seed) }
        }
    }

    @Test("a message that ends early is an error, never a trap and never another message", arguments: names)
    func truncation(name: String) throws {
        let type = try #require(MessageCatalog.type(named: name))
        for version in type.versions.range {
            for seed in 0..<max(2, Self.seeds / 10) {
                let bytes = try filled(type, version: version, seed: seed).bytes(version: version)
                for length in 0..<bytes.count {
                    #expect(
                        throws: WireError.self,
                        "\(name) v\(version) seed \(seed), \(length) of \(bytes.count)"
                    ) {
                        try type.init(reading: Array(bytes[..<length]), version: version)
                    }
                }
            }
        }
    }

    @Test("bytes after a message are left alone, as Kafka does", arguments: names)
    func trailingBytes(name: String) throws {
        let type = try #require(MessageCatalog.type(named: name))
        let version = type.versions.range.upperBound
        let bytes = try filled(type, version: version, seed: 1).bytes(version: version)
        let longer = try type.init(reading: bytes + [1, 2, 3], version: version)
        #expect(try longer.bytes(version: version) == bytes)
    }

    @Test("a version that does not exist is refused by reader, writer, printer and parser", arguments: names)
    func versions(name: String) throws {
        let type = try #require(MessageCatalog.type(named: name))
        for version in [type.versions.range.lowerBound - 1, type.versions.range.upperBound + 1] {
            let expected = WireError(.unsupportedVersion(version))
            #expect(throws: expected) { try type.init(reading: [], version: version) }
            #expect(throws: expected) { try type.init().bytes(version: version) }
            #expect(throws: expected) { try MessagePrinter.json(of: type.init(), version: version) }
            #expect(throws: expected) { try parse(type, .object([]), version: version) }
        }
    }
}

private func checkRoundTrip<M: Message>(_ type: M.Type, version: Int16, seed: UInt64) throws {
    let label = "\(M.name) v\(version) seed \(seed)"
    let message = try MessageFiller.message(type, version: version, seed: seed)
    let bytes = try message.bytes(version: version)
    #expect(try MessageSizer.byteCount(of: message, version: version) == bytes.count, "\(label)")
    let read = try M(reading: bytes, version: version)
    #expect(read == message, "\(label)")
    let json = try JSONValue(parsing: MessagePrinter.json(of: read, version: version).description)
    let parsed = try MessageParser.message(type, parsing: json, version: version)
    #expect(parsed == message, "\(label)")
    #expect(try parsed.bytes(version: version) == bytes, "\(label)")
}

func filled<M: Message>(_ type: M.Type, version: Int16, seed: UInt64) throws -> any Message {
    try MessageFiller.message(type, version: version, seed: seed)
}
