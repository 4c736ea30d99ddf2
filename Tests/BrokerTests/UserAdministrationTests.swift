// Users' SCRAM credentials: Kafka's answers to what is asked about them, and what a restart finds.
import Base
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Network

extension BrokerRig {
    fileprivate func users(
        delete: [(Name, Int8)] = [], set: [(Name, Int8, Int32)] = [], password: [UInt8] = [1, 2, 3]
    ) throws -> [Name: ErrorCode?] {
        let outcomes = try outcomes(delete: delete, set: set, password: password)
        return Dictionary(uniqueKeysWithValues: outcomes.map { ($0.name, $0.refusal?.code) })
    }

    fileprivate func outcomes(
        delete: [(Name, Int8)] = [], set: [(Name, Int8, Int32)] = [], password: [UInt8] = [1, 2, 3]
    ) throws -> [UserOutcome] {
        try value(
            of: administration.alterUsers(
                deletions: delete.map { ScramCredentialID(name: $0.0, mechanism: $0.1) },
                upsertions: set.map {
                    ScramUpsertion(
                        id: ScramCredentialID(name: $0.0, mechanism: $0.1), iterations: $0.2, salt: [9],
                        saltedPassword: password)
                }
            ) { $0 })
    }

    fileprivate func told(_ names: [Name] = []) -> [String] {
        administration.describeUsers(names).map { user in
            switch user.credentials {
            case .success(let credentials):
                "\(user.name)" + credentials.map { " \($0.mechanism):\($0.iterations)" }.joined()
            case .failure(let refusal): "\(user.name) \(refusal.code) \(refusal.message ?? "")"
            }
        }
    }
}

@Suite("users", .endsHangs)
struct UserAdministrationTests {
    /// The verdicts of Kafka 4.3.1 about a single credential, which is not there.
    private static let verdicts: [(name: Name, mechanism: Int8, iterations: Int32?, ErrorCode?, String?)] = [
        ("a", 1, 4096, nil, nil), ("a", 2, 16_384, nil, nil),
        ("a", 1, 4095, .unacceptableCredential, "Too few iterations"),
        ("a", 1, -1, .unacceptableCredential, "Too few iterations"),
        ("a", 2, 16_385, .unacceptableCredential, "Too many iterations"),
        ("a", 0, 4096, .unsupportedSaslMechanism, "Unknown SCRAM mechanism"),
        ("a", 3, 1, .unsupportedSaslMechanism, "Unknown SCRAM mechanism"),
        ("", 0, 1, .unacceptableCredential, "Username must not be empty"),
        ("", 1, nil, .unacceptableCredential, "Username must not be empty"),
        ("a", -1, nil, .unsupportedSaslMechanism, "Unknown SCRAM mechanism"),
        ("a", 1, nil, .resourceNotFound, "Attempt to delete a user credential that does not exist"),
    ]

    @Test("are set and deleted, or refused with Kafka's sentence", arguments: verdicts.indices)
    func verdict(_ index: Int) throws {
        let (name, mechanism, iterations, code, message) = Self.verdicts[index]
        let rig = try BrokerRig()
        let outcomes =
            if let iterations { try rig.outcomes(set: [(name, mechanism, iterations)]) } else {
                try rig.outcomes(delete: [(name, mechanism)])
            }
        #expect(outcomes.map(\.refusal?.code) == [code] && outcomes.map(\.refusal?.message) == [message])
        #expect(rig.told() == (code == nil ? ["\(name) \(mechanism):\(iterations ?? 0)"] : []))
    }

    @Test("of an empty password are refused")
    func emptyPassword() throws {
        #expect(try BrokerRig().users(set: [("a", 1, 4096)], password: []) == ["a": .unacceptableCredential])
    }

    @Test("keep what they have where one request names them twice, or refuses something of them")
    func twice() throws {
        let rig = try BrokerRig()
        let first = try rig.users(set: [("a", 1, 5000), ("b", 1, 5000), ("c", 2, 6000)])
        #expect(first == ["a": nil, "b": nil, "c": nil])
        let results = try rig.users(
            delete: [("a", 1), ("b", 1), ("b", 1), ("c", 2), ("d", 1)],
            set: [("a", 2, 5000), ("d", 1, 5000), ("e", 1, 1), ("e", 1, 5000), ("f", 2, 7000)])
        #expect(
            results == [
                "a": .duplicateResource, "b": .duplicateResource, "c": nil, "d": .resourceNotFound,
                "e": .unacceptableCredential, "f": nil,
            ])
        #expect(rig.told() == ["a 1:5000", "b 1:5000", "f 2:7000"])
    }

    @Test("are told all, or as they are asked for")
    func described() throws {
        let rig = try BrokerRig()
        _ = try rig.users(set: [("b", 1, 5000)])
        _ = try rig.users(set: [("a", 2, 5000)])
        _ = try rig.users(set: [("b", 2, 6000)])
        #expect(rig.told() == ["a 2:5000", "b 1:5000 2:6000"])
        #expect(
            rig.told(["b", "x", "a", "a"]) == [
                "b 1:5000 2:6000",
                "x resourceNotFound Attempt to describe a user credential that does not exist: x",
                "a duplicateResource Cannot describe SCRAM credentials for the same user twice in a single "
                    + "request: a",
            ])
    }

    @Test("need a format of metadata that knows them")
    func oldFormat() throws {
        let rig = try BrokerRig()
        try rig.useMetadataVersion(10)
        #expect(
            try rig.users(delete: [("a", 0)], set: [("", 1, 1)]) == [
                "a": .unsupportedVersion, "": .unsupportedVersion,
            ])
        try rig.useMetadataVersion(11)
        #expect(try rig.users(set: [("a", 1, 4096)]) == ["a": nil])
    }

    @Test("are there after a restart, with the keys of RFC 5802 and RFC 7677, and one warning")
    func restart() throws {
        let disk = SimulatedDisk(seed: 1)
        let password = Base64.decode("xKSVEDI6tPlSysH6mUQZOeeOp01r6B3fcJbodRPcYV0=") ?? []
        do {
            let rig = try BrokerRig(on: disk)
            for count in [4096, 4097] as [Int32] {
                #expect(try rig.users(set: [("user", 1, count)], password: password) == ["user": nil])
            }
            #expect(try rig.users(set: [("gone", 2, 4096)]) == ["gone": nil])
            #expect(try rig.users(delete: [("gone", 2)]) == ["gone": nil])
            #expect(rig.lines.all.count { $0.contains("user.ignored") } == 1)
        }
        let rig = try BrokerRig(on: disk)
        #expect(rig.told() == ["user 1:4097"])
        let image = rig.broker.catalog.metadata.image
        let kept = image.credentials[ScramCredentialID(name: "user", mechanism: 1)]
        #expect(kept?.salt == [9])
        #expect(Base64.encode(kept?.storedKey ?? []) == "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=")
        #expect(Base64.encode(kept?.serverKey ?? []) == "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")
        #expect(UnservedMetadata(image, nodeID: 1).users == 1)
    }
}
