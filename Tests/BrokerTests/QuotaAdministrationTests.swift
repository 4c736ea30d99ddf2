// Client quotas: Kafka's answers to what is asked about them, and what a restart finds.
import Base
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Network

extension QuotaEntity {
    fileprivate static func user(_ name: Name?) -> QuotaEntity { QuotaEntity(names: ["user": name]) }
    fileprivate static func address(_ name: Name?) -> QuotaEntity { QuotaEntity(names: ["ip": name]) }
}

extension BrokerRig {
    fileprivate func quotas(
        _ wanted: [(QuotaEntity, KeyValuePairs<Name, Double?>)], validateOnly: Bool = false
    ) throws -> [Refusal?] {
        let alterations = wanted.map { entity, values in
            QuotaAlteration(entity: entity, edits: values.map { ($0.key, $0.value) })
        }
        return try value(
            of: administration.alterQuotas(alterations, validateOnly: validateOnly) { $0.map(\.refusal) })
    }

    fileprivate func described(
        _ components: [QuotaComponent] = [], strict: Bool = false
    ) throws -> [QuotaEntity: [Name: Double]] {
        let entries = try administration.describeQuotas(components, strict: strict).get()
        return Dictionary(
            uniqueKeysWithValues: entries.map {
                ($0.entity, Dictionary(uniqueKeysWithValues: $0.values.map { ($0.key, $0.value) }))
            })
    }
}

@Suite("client quotas", .endsHangs)
struct QuotaAdministrationTests {
    /// What Kafka 4.3.1 says to single changes; nil where it makes them.
    private static let verdicts: [(QuotaEntity, KeyValuePairs<Name, Double?>, String?)] = [
        (QuotaEntity(), ["producer_byte_rate": 1], "Invalid empty client quota entity"),
        (.user(""), ["producer_byte_rate": 1], "Empty user not supported"),
        (.user(nil), ["producer_byte_rate": 1], nil),
        (.user("a"), [:], nil),
        (QuotaEntity(names: ["x": "a"]), [:], "Unhandled client quota entity type: x"),
        (
            QuotaEntity(names: ["user": "a", "ip": "1.2.3.4"]), [:],
            "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId"
        ),
        (QuotaEntity(names: ["user": "a", "client-id": nil]), ["request_percentage": 0.5], nil),
        (.user("a"), ["nothing": 1], "Invalid configuration key nothing"),
        (.user("a"), ["nothing": nil], nil),
        (
            .user("a"), ["connection_creation_rate": 1],
            "Invalid configuration key connection_creation_rate"
        ),
        (.address("1.2.3.4"), ["connection_creation_rate": 2_147_483_647], nil),
        (
            .address("1.2.3.4"), ["connection_creation_rate": 3e9],
            "Proposed value for connection_creation_rate is too large for an INT."
        ),
        (.address("::1"), ["connection_creation_rate": 1e-7], nil),
        (.address("[::1]"), ["connection_creation_rate": 1], nil),
        (.address(nil), ["connection_creation_rate": 1], nil),
        (
            .address("[::1"), ["connection_creation_rate": 1], "[::1 is not a valid IP or resolvable host."
        ),
        (.address("1.2.3.4"), ["producer_byte_rate": 1], "Invalid configuration key producer_byte_rate"),
        (.user("a"), ["producer_byte_rate": 0], "Quota producer_byte_rate must be greater than 0"),
        (.user("a"), ["producer_byte_rate": -.infinity], "Quota producer_byte_rate must be greater than 0"),
        (.user("a"), ["producer_byte_rate": 1.5], "producer_byte_rate cannot be a fractional value."),
        (.user("a"), ["producer_byte_rate": 1.0000009], nil),
        (.user("a"), ["producer_byte_rate": 0x1p63], nil),
        (
            .user("a"), ["consumer_byte_rate": .infinity],
            "Proposed value for consumer_byte_rate is too large for a LONG."
        ),
        (.user("a"), ["controller_mutation_rate": .infinity], nil),
        (.user("a"), ["producer_byte_rate": .nan], nil),
        (
            .user("a"), ["producer_byte_rate": 1, "producer_byte_rate": nil],
            "Ignoring duplicate entity ClientQuotaEntity(entries={user=a})"
        ),
    ]

    @Test("are changed, or refused with Kafka's sentence", arguments: verdicts.indices)
    func verdict(_ index: Int) throws {
        let (entity, values, message) = Self.verdicts[index]
        let rig = try BrokerRig()
        for validateOnly in [true, false] {
            let refusals = try rig.quotas([(entity, values)], validateOnly: validateOnly)
            #expect(refusals == [message.map { .invalidRequest($0) }])
        }
        let isSet = message == nil && values.contains { $0.value != nil }
        #expect(try rig.described().keys.contains(entity) == isSet)
    }

    @Test("of a name that nobody can look up are refused")
    func unknownHost() throws {
        let rig = try BrokerRig()
        let refusals = try rig.quotas([(.address("no such host"), ["connection_creation_rate": 1])])
        #expect(refusals == [.invalidRequest("no such host is not a valid IP or resolvable host.")])
    }

    @Test("count by their first mention where an entity is named twice, and the second is answered")
    func twice() throws {
        let rig = try BrokerRig()
        let refusals = try rig.quotas([
            (.user("a"), ["producer_byte_rate": 1]), (.user("b"), ["nothing": 1]),
            (.user("a"), ["consumer_byte_rate": 2]), (.user("c"), ["consumer_byte_rate": 3]),
        ])
        #expect(
            refusals == [
                .invalidRequest("Ignoring duplicate entity ClientQuotaEntity(entries={user=a})"),
                .invalidRequest("Invalid configuration key nothing"), nil,
            ])
        #expect(
            try rig.described() == [
                .user("a"): ["producer_byte_rate": 1], .user("c"): ["consumer_byte_rate": 3],
            ])
    }

    @Test("are told of whom a filter fits, and with strict of nobody else")
    func filters() throws {
        let rig = try BrokerRig()
        let both = QuotaEntity(names: ["user": "a", "client-id": "c"])
        let all: [QuotaEntity] = [.user("a"), .user("b"), .user(nil), both, .address("1.2.3.4")]
        for entity in all {
            let key: Name = entity.names["ip"] == nil ? "producer_byte_rate" : "connection_creation_rate"
            #expect(try rig.quotas([(entity, [key: 1])]) == [nil])
        }
        func found(
            _ match: QuotaComponent.Match, _ name: Name?, strict: Bool = false
        ) throws -> Set<QuotaEntity> {
            Set(
                try rig.described(
                    [QuotaComponent(type: "user", match: match, name: name)], strict: strict
                ).keys)
        }
        #expect(try found(.exact, "a") == [.user("a"), both])
        #expect(try found(.exact, "a", strict: true) == [.user("a")])
        #expect(try found(.unnamed, nil) == [.user(nil)])
        #expect(try found(.any, nil) == [.user("a"), .user("b"), .user(nil), both])
        #expect(try rig.described([], strict: true).isEmpty)
        #expect(try Set(rig.described().keys) == Set(all))
    }

    /// What Kafka 4.3.1 says to filters that make no sense.
    private static let oddFilters: [([(Name, QuotaComponent.Match, Name?)], ErrorCode, String)] = [
        ([("", .exact, "a")], .invalidRequest, "Invalid empty entity type."),
        ([("x", .unknown(7), nil)], .unsupportedVersion, "Unsupported entity type x"),
        (
            [("user", .exact, nil)], .invalidRequest,
            "Request specified MATCH_TYPE_EXACT, but set match string to null."
        ),
        (
            [("user", .unnamed, "a")], .invalidRequest,
            "Request specified MATCH_TYPE_DEFAULT, but also specified a match string."
        ),
        (
            [("user", .any, "a")], .invalidRequest,
            "Request specified MATCH_TYPE_SPECIFIED, but also specified a match string."
        ),
        ([("user", .unknown(-1), "a")], .invalidRequest, "Unknown match type -1"),
        (
            [("user", .any, nil), ("user", .exact, "a")], .invalidRequest,
            "Entity type user cannot appear more than once in the filter."
        ),
        (
            [("ip", .any, nil), ("client-id", .unnamed, nil)], .invalidRequest,
            "Invalid entity filter component combination. IP filter component should not be used with user "
                + "or clientId filter component."
        ),
    ]

    @Test("are not told where a filter makes no sense", arguments: oddFilters.indices)
    func refusedFilter(_ index: Int) throws {
        let (components, code, message) = Self.oddFilters[index]
        let rig = try BrokerRig()
        let result = rig.administration.describeQuotas(
            components.map { QuotaComponent(type: $0.0, match: $0.1, name: $0.2) }, strict: false)
        #expect(result.refusal == Refusal(code: code, message: message))
    }

    @Test("are there after a restart, and one warning says that nothing is held back")
    func restart() throws {
        let disk = SimulatedDisk(seed: 1)
        do {
            let rig = try BrokerRig(on: disk)
            for rate in [5.0, 6.0] {
                #expect(try rig.quotas([(.user("a"), ["producer_byte_rate": rate])]) == [nil])
            }
            #expect(
                try rig.quotas([
                    (.user("b"), ["producer_byte_rate": 1]), (.user("b"), ["consumer_byte_rate": nil]),
                ]).count == 1)
            #expect(try rig.quotas([(.user("b"), ["producer_byte_rate": nil])]) == [nil])
            #expect(rig.lines.all.count { $0.contains("quota.ignored") } == 1)
        }
        let rig = try BrokerRig(on: disk)
        #expect(try rig.described() == [.user("a"): ["producer_byte_rate": 6]])
        #expect(UnservedMetadata(rig.broker.catalog.metadata.image, nodeID: 1).quotas == 1)
    }

    @Test("are refused where they are more than one batch of the metadata log")
    func tooMany() throws {
        let rig = try BrokerRig()
        let wanted = (0...10_000).map { number -> (QuotaEntity, KeyValuePairs<Name, Double?>) in
            (.user(Name("u\(number)")), ["producer_byte_rate": 1])
        }
        #expect(try rig.quotas(wanted).allSatisfy { $0 == .tooManyRecordsAtOnce })
        #expect(try rig.described().isEmpty)
    }
}
