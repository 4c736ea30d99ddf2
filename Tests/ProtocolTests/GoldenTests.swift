// Byte for byte what Kafka writes, in both directions, for every message that it has.
import Base
import Protocol
import TestSupport
import Testing

@Suite struct GoldenTests {
    @Test("there are 2,205 golden messages, and every one is of a message in the catalog")
    func complete() {
        #expect(Golden.all.count == 2_205)
        for name in Golden.names { #expect(MessageCatalog.type(named: name) != nil, "\(name)") }
    }

    @Test("every message of the catalog has a golden sample in each of its versions")
    func everyVersion() {
        let seen = Dictionary(grouping: Golden.all, by: \.name).mapValues { Set($0.map(\.version)) }
        for type in MessageCatalog.all {
            #expect(Set(type.versions.range) == seen[type.name] ?? [], "\(type.name)")
        }
    }

    @Test("decoding Kafka's bytes and printing them gives Kafka's JSON", arguments: Golden.names)
    func decode(name: String) throws {
        let type = try #require(MessageCatalog.type(named: name))
        for golden in Golden.all where golden.name == name {
            let message = try type.init(reading: golden.bytes, version: golden.version)
            let json = try MessagePrinter.json(of: message, version: golden.version)
            // Twelve samples name a tagged field at its default, which no byte on the wire shows. Through the
            // parser it is gone.
            let expected = try MessagePrinter.json(
                of: parse(type, golden.json, version: golden.version), version: golden.version)
            #expect(json == expected && golden.json.contains(json), "\(golden.label)")
        }
    }

    @Test("only twelve samples name more than their bytes say: tagged fields at their default")
    func explicitDefaults() throws {
        var explicit = Set<String>()
        for golden in Golden.all {
            let type = try #require(MessageCatalog.type(named: golden.name))
            let message = try type.init(reading: golden.bytes, version: golden.version)
            let json = try MessagePrinter.json(of: message, version: golden.version)
            if !json.contains(golden.json) { explicit.insert(golden.label) }
        }
        #expect(explicit.count == 12, "\(explicit.sorted())")
    }

    @Test("parsing Kafka's JSON and encoding it gives Kafka's bytes", arguments: Golden.names)
    func encode(name: String) throws {
        let type = try #require(MessageCatalog.type(named: name))
        for golden in Golden.all where golden.name == name {
            let message = try parse(type, golden.json, version: golden.version)
            let bytes = try message.bytes(version: golden.version)
            #expect(bytes.hex == golden.bytes.hex, "\(golden.label)")
        }
    }

    @Test("header versions are Kafka's", arguments: APIKey.allCases.filter { $0.requestType != nil })
    func headers(key: APIKey) throws {
        let (request, reply) = (try #require(key.requestType), try #require(key.replyType))
        let requests = Golden.all.filter { $0.name == request.name }
        let replies = Golden.all.filter { $0.name == reply.name }
        #expect(!requests.isEmpty && !replies.isEmpty)
        for golden in requests {
            #expect(golden.headerVersion == key.requestHeaderVersion(golden.version), "\(golden.label)")
        }
        for golden in replies {
            #expect(golden.headerVersion == key.replyHeaderVersion(golden.version), "\(golden.label)")
        }
    }
}

func parse<M: Message>(_ type: M.Type, _ json: JSONValue, version: Int16) throws -> any Message {
    try MessageParser.message(type, parsing: json, version: version)
}

extension JSONValue {
    /// Whether every member of `other` is here with the same value, at every depth and in any order.
    func contains(_ other: JSONValue) -> Bool {
        switch (self, other) {
        case (.object, .object(let members)):
            members.allSatisfy { member in self[member.key].map { $0.contains(member.value) } ?? false }
        case (.array(let mine), .array(let others)):
            mine.count == others.count && zip(mine, others).allSatisfy { $0.contains($1) }
        default: self == other
        }
    }
}
