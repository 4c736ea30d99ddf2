// The table of handlers against the messages: what a handler says of its requests is what their fields say.
import Base
import Protocol
import TestSupport
import Testing

@testable import Broker
@testable import Network

@Suite("the table of handlers")
struct HandlerTableTests {
    @Test("each key has one line, in the order of the keys")
    func order() {
        let keys = HandlerTable.rows.map(\.key.rawValue)
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
        #expect(HandlerTable.byNumber.compactMap { $0?.key.rawValue } == keys)
    }

    @Test("a handler names the partitions that its request names", arguments: HandlerTable.rows.map(\.key))
    func partitions(_ key: APIKey) throws {
        let row = try #require(HandlerTable.byNumber[Int(key.rawValue)])
        #expect(try NamedFields.problems(with: row.handler) == [])
    }

    @Test("one that is said to name none, another one or too few is found")
    func plantedHandlers() throws {
        #expect(try NamedFields.problems(with: Forgetful.self) != [])
        #expect(try NamedFields.problems(with: Careless.self) != [])
        #expect(try NamedFields.problems(with: Vain.self) != [])
    }

    @Test("ApiVersions tells of what the table has")
    func served() throws {
        let rig = try BrokerRig()
        let client = try rig.connect()
        try client.send(ApiVersionsRequest(), version: 0)
        let reply = try #require(try client.reply(ApiVersionsResponse.self, version: 0))
        #expect(
            reply.apiKeys.map { [$0.apiKey, $0.minVersion, $0.maxVersion] }
                == HandlerTable.rows.map {
                    [$0.key.rawValue, $0.versions.lowerBound, $0.versions.upperBound]
                })
    }
}

/// The topics and partitions that a request names, as its fields are called.
private enum NamedFields {
    private static let topics: Set<Name> = ["topic", "topicId", "topicName", "name"]
    private static let partitions: Set<Name> = [
        "partition", "partitionIndex", "partitionIndexes", "partitions", "index",
    ]
    /// Lists of partitions that the request does not read or write.
    private static let passedOver: [Name: String] = [
        "forgottenTopicsData": "what a fetch session does not read any more"
    ]

    /// What a handler says of the partitions of its requests that is not so.
    static func problems<Served: Handler>(with handler: Served.Type) throws -> [String] {
        let name = Served.Request.key.name
        guard let versions = Served.Request.key.served else { return ["\(name) is not served"] }
        var found = false
        for version in versions {
            for seed in UInt64(0)..<40 {
                let request = try MessageFiller.message(Served.Request.self, version: version, seed: seed)
                let expected = pairs(in: try MessagePrinter.json(of: request, version: version), of: [])
                found = found || !expected.isEmpty
                guard case .needed(let named) = Served.partitions else { continue }
                let told = named(request).flatMap { topic, numbers in
                    numbers.flatMap { number in
                        [topic.name?.text, topic.id.description].compactMap { $0.map { "\($0) \(number)" } }
                    }
                }
                let missing = expected.subtracting(told)
                if let first = missing.first {
                    return ["\(name) v\(version) names \(first), told is \(told)"]
                }
            }
        }
        let names = if case .none = Served.partitions { false } else { true }
        guard found != names else { return [] }
        return ["\(name) is said to name \(names ? "partitions" : "none"), and its fields say otherwise"]
    }

    /// Topic and number of every partition below `value`, where `topics` are what the topic is called.
    private static func pairs(in value: JSONValue, of topics: [String]) -> Set<String> {
        switch value {
        case .array(let elements):
            return elements.reduce(into: []) { $0.formUnion(pairs(in: $1, of: topics)) }
        case .object(let members):
            let own = members.filter { self.topics.contains(Name($0.key)) }.compactMap(\.value.text)
            return members.reduce(into: []) { found, member in
                guard passedOver[Name(member.key)] == nil else { return }
                let topics = own.isEmpty ? topics : own
                found.formUnion(pairs(in: member.value, of: topics))
                guard partitions.contains(Name(member.key)) else { return }
                for number in [member.value.integer].compactMap(\.self)
                    + (member.value.elements.compactMap(\.integer))
                {
                    found.formUnion(topics.map { "\($0) \(number)" })
                }
            }
        default: return []
        }
    }
}

/// Says that a fetch names no partitions.
private enum Forgetful: RequestHandler {
    typealias Request = FetchRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small
    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> { .now(Reply()) }
}

/// Names the first topic alone.
private enum Careless: RequestHandler {
    typealias Request = DeleteRecordsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .needed { request in
        request.topics.prefix(1).map {
            (TopicReference(name: $0.name, id: .zero), $0.partitions.map(\.partitionIndex))
        }
    }
    static let replySize: ReplySize<Request> = .small
    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> { .now(Reply()) }
}

/// Says that a heartbeat names partitions.
private enum Vain: RequestHandler {
    typealias Request = HeartbeatRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .small
    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> { .now(Reply()) }
}
