// Levels of features, and who belongs to the cluster: Kafka's answers, and what is durable.
import Base
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Network

extension BrokerRig {
    fileprivate func update(
        _ updates: [(Name, Int16, Int8)], validateOnly: Bool = false
    ) throws -> Refusal? {
        let updates = updates.map {
            FeatureUpdate(name: $0.0, level: $0.1, kind: FeatureUpdate.Kind(rawValue: $0.2))
        }
        return try value(
            of: administration.updateFeatures(updates, validateOnly: validateOnly) { $0 })
    }
}

@Suite("features and voters", .endsHangs)
struct FeatureAdministrationTests {
    private static let beginning =
        "The update failed for all features since the following feature had an error: "
    private static let noUpgrade =
        "Can't downgrade the version of this feature without setting the upgrade type to either safe or "
        + "unsafe downgrade."

    /// What Kafka 4.3.1 says where metadata.version is 30 and group.version is 1; nil where it agrees.
    private static let verdicts: [(Name, Int16, Int8, String?)] = [
        ("group.version", 1, 1, nil), ("group.version", 0, 2, nil), ("group.version", 0, 3, nil),
        ("group.version", 0, 1, noUpgrade), ("group.version", 0, 0, unknownKind),
        ("group.version", 1, 4, unknownKind), ("nothing", -1, 5, unknownKind),
        ("group.version", -1, 1, "A feature version cannot be less than 0."),
        ("group.version", 2, 2, "Local controller 1 only supports versions 0-1"),
        ("nothing", 1, 1, "Local controller 1 does not support this feature."),
        ("nothing", 0, 1, "Feature nothing not found."),
        ("metadata.version", 30, 1, nil),
        ("metadata.version", 31, 1, "Local controller 1 only supports versions 7-30"),
        ("metadata.version", 6, 3, "Local controller 1 only supports versions 7-30"),
        ("metadata.version", 29, 1, noUpgrade),
        ("kraft.version", 0, 1, nil),
        ("kraft.version", 2, 1, "Local controller 1 only supports versions 0-1"),
        ("kraft.version", 1, 2, "Can't downgrade to a newer version."),
    ]
    private static let unknownKind = "The controller does not support the given upgrade type."

    @Test("get the level that somebody wants, or Kafka's sentence", arguments: verdicts.indices)
    func verdict(_ index: Int) throws {
        let (name, level, kind, reason) = Self.verdicts[index]
        let rig = try BrokerRig()
        for validateOnly in [true, false] {
            let refusal = try rig.update([(name, level, kind)], validateOnly: validateOnly)
            let message = reason.map {
                Self.beginning + "Invalid update version \(level) for feature \(name). \($0)"
            }
            #expect(refusal == message.map { Refusal(code: .invalidUpdateVersion, message: $0) })
            let isLowered = refusal == nil && !validateOnly && name == "group.version" && level == 0
            #expect(rig.broker.catalog.features["group.version"] == (isLowered ? nil : 1))
        }
    }

    @Test("of the metadata go back only to those that write the same records")
    func metadataVersions() throws {
        for level in Int16(8)...30 {
            let rig = try BrokerRig()
            try rig.useMetadataVersion(level)
            let refusal = try rig.update([("metadata.version", level - 1, 2)])
            if [8, 11, 13, 14, 15, 17, 23, 30].contains(level) {
                #expect(
                    refusal?.message == Self.beginning
                        + "Unsupported metadata.version downgrade from \(level) to \(level - 1). Refusing to "
                        + "perform the requested downgrade because it might delete metadata information.")
            } else {
                #expect(refusal == nil, "\(level)")
                #expect(rig.broker.catalog.features["metadata.version"] == level - 1)
            }
        }
        #expect(
            try BrokerRig().update([("metadata.version", 29, 3)])?.message == Self.beginning
                + "Unsupported metadata.version downgrade from 30 to 29. Unsafe metadata downgrade is not "
                + "supported in this version.")
        let rig = try BrokerRig()
        try rig.useMetadataVersion(8)
        #expect(try rig.update([("metadata.version", 20, 1)]) == nil)
        #expect(try rig.update([("metadata.version", 17, 2)]) == nil)
        #expect(try rig.update([("metadata.version", 19, 3)])?.code == .invalidUpdateVersion)
    }

    @Test("change all together or not at all, and are there after a restart")
    func allOrNone() throws {
        let disk = SimulatedDisk(seed: 1)
        do {
            let rig = try BrokerRig(on: disk)
            #expect(try rig.update([("group.version", 0, 2), ("nothing", 1, 1)]) != nil)
            #expect(rig.broker.catalog.features["group.version"] == 1)
            // Of two levels of one feature the last counts.
            #expect(try rig.update([("group.version", 1, 1), ("group.version", 0, 2)]) == nil)
        }
        let rig = try BrokerRig(on: disk)
        #expect(rig.broker.catalog.features == ["metadata.version": 30, "transaction.version": 2])
    }

    @Test("that turn consumer groups off have their members told so")
    func consumerGroups() throws {
        let rig = try BrokerRig()
        #expect(try rig.update([("group.version", 0, 2)]) == nil)
        let client = try rig.connect()
        try client.send(ConsumerGroupHeartbeatRequest(), version: 1)
        #expect(
            try client.reply(to: ConsumerGroupHeartbeatRequest.self, 1, rig)?.errorCode
                == ErrorCode.unsupportedVersion.rawValue)
        var describe = ConsumerGroupDescribeRequest()
        describe.groupIDs = ["g"]
        try client.send(describe, version: 1)
        #expect(
            try client.reply(to: ConsumerGroupDescribeRequest.self, 1, rig)?.groups.map(\.errorCode)
                == [ErrorCode.unsupportedVersion.rawValue])
    }

    @Test("no other node votes, and none leaves")
    func voters() throws {
        let rig = try BrokerRig()
        let administration = rig.administration
        let cluster = rig.broker.clusterID
        let other = Voter(id: 2, directory: UUID(high: 0, low: 5), listeners: [("controller", "h", 5)])
        func added(_ voter: Voter, _ id: Name? = nil) -> String? {
            administration.addVoter(voter, ofCluster: id).message
        }
        #expect(
            added(other, "x") == "The given id \"x\" doesn't match the cluster id \"\(cluster)\"")
        #expect(
            added(other, cluster)
                == "Cluster doesn't support adding voter because the kraft.version feature is 0")
        for voter in [Voter(id: -1, directory: other.directory), Voter(id: 2, directory: .zero)] {
            #expect(added(voter) == "Add voter request didn't include a valid voter")
            #expect(
                administration.removeVoter(voter, ofCluster: nil).message
                    == "Remove voter request didn't include a valid voter")
        }
        let elsewhere = Voter(
            id: 2, directory: other.directory, listeners: [("OTHER", "h", 5), ("OTHER", "h", 5)])
        #expect(
            added(elsewhere)
                == "Add voter request didn't include the endpoint (Endpoints(endpoints={ListenerName(OTHER)="
                + "h/<unresolved>:5})) for the default listener ListenerName(CONTROLLER)")
        #expect(
            administration.removeVoter(other, ofCluster: cluster).message
                == "Cluster doesn't support removing voter because the kraft.version feature is 0")
        #expect(administration.unregisterBroker(7).message == "Broker ID 7 is not currently registered")
        #expect(administration.unregisterBroker(1).code == .invalidRequest)
    }
}
