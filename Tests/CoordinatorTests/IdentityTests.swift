// Names that Swift's strings take for one, as they would meet in one shard.
import Base
import Protocol
import Testing

@testable import Coordinator

@Suite("Groups, members and instances are their bytes")
struct IdentityTests {
    private static let composed: Name = "caf\u{e9}"
    private static let decomposed: Name = "cafe\u{301}"

    private func commit(
        _ group: Name, _ offset: Int64, metadata: String = ""
    ) -> GroupRequest {
        var request = OffsetCommitRequest()
        request.groupID = group
        request.generationIDOrMemberEpoch = -1
        var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
        topic.name = "t"
        var place = OffsetCommitRequest.OffsetCommitRequestPartition()
        place.committedOffset = offset
        place.committedMetadata = metadata
        topic.partitions = [place]
        request.topics = [topic]
        return .commitOffsets(request, version: 8)
    }

    @Test(
        "metadata of a commit is as long as Kafka takes it to be: in units of UTF-16",
        arguments: [
            ("\u{e9}", 4_096, 0), ("\u{e9}", 4_097, 12), ("\u{1f600}", 2_048, 0), ("\u{1f600}", 2_049, 12),
        ]
            as [(String, Int, Int16)])
    func metadata(_ character: String, _ count: Int, _ code: Int16) {
        var rig = ConsumerRig()
        let request = commit("g", 1, metadata: String(repeating: character, count: count))
        guard case .commitOffsets(let reply)? = rig.request(request).reply else {
            Issue.record("no reply")
            return
        }
        #expect(reply.topics[0].partitions[0].errorCode == code)
    }

    private func offset(_ rig: ConsumerRig, _ group: Name) -> Int64? {
        rig.shard.offsets[group, "t", 0]?.offset.value
    }

    @Test("two groups of one shard have offsets of their own, also after a restart and a deletion")
    func groups() throws {
        var rig = ConsumerRig()
        _ = rig.request(commit(Self.composed, 1))
        _ = rig.request(commit(Self.decomposed, 2))
        for _ in 0..<2 {
            #expect(offset(rig, Self.composed) == 1)
            #expect(offset(rig, Self.decomposed) == 2)
            rig.restart()
        }
        _ = rig.request(.delete(Self.composed))
        #expect(offset(rig, Self.composed) == nil)
        #expect(offset(rig, Self.decomposed) == 2)
        try rig.checkReplay()
    }

    private func join(
        _ rig: inout ConsumerRig, instance: Name?, protocols: [Name] = ["range"]
    ) -> JoinGroupResponse? {
        var request = JoinGroupRequest()
        request.groupID = "g"
        request.groupInstanceID = instance
        request.sessionTimeoutMs = 10_000
        request.rebalanceTimeoutMs = 10_000
        request.protocolType = "consumer"
        request.protocols = protocols.map { name in
            var offered = JoinGroupRequest.JoinGroupRequestProtocol()
            offered.name = name
            return offered
        }
        let id = UUID(high: 1, low: UInt64(rig.log.count) + UInt64(rig.nanoseconds % 1000))
        _ = rig.advance(0.000_000_001)
        let client = GroupClient(id: "c", host: "/127.0.0.1")
        guard
            case .join(let reply)? = rig.request(.join(request, version: 5, from: client, freshID: id)).reply
        else { return nil }
        return reply
    }

    @Test("a static member of the classic protocol does not fence another one")
    func classicInstances() throws {
        var rig = ConsumerRig()
        let first = try #require(join(&rig, instance: Self.composed))
        #expect(first.errorCode == 0)
        _ = join(&rig, instance: Self.decomposed)
        let group = try #require(rig.shard.groups.classic["g"])
        #expect(group.members[first.memberID] != nil)
        #expect(group.members.count == 2)
    }

    @Test("a protocol that the others spell otherwise is not theirs")
    func protocols() throws {
        var rig = ConsumerRig()
        #expect(join(&rig, instance: "a", protocols: [Self.composed])?.errorCode == 0)
        let refused = join(&rig, instance: "b", protocols: [Self.decomposed])
        #expect(refused?.errorCode == ErrorCode.inconsistentGroupProtocol.rawValue)
    }

    @Test("a static member of the new protocol does not stand in the way of another one")
    func consumerInstances() throws {
        var rig = ConsumerRig()
        rig.setTopic("t", 2)
        for (member, instance) in [("m1", Self.composed), ("m2", Self.decomposed)] as [(Name, Name)] {
            #expect(rig.beat(member, instance: instance)?.errorCode == 0)
        }
        #expect(rig.shard.groups.consumer["g"]?.members.count == 2)
        try rig.checkReplay()
    }

    @Test("members that differ in their accents only are two members")
    func members() throws {
        var rig = ConsumerRig()
        rig.setTopic("t", 2)
        for member in [Self.composed, Self.decomposed] {
            _ = rig.beat(member)
        }
        #expect(rig.shard.groups.consumer["g"]?.members.count == 2)
        try rig.checkReplay()
    }
}
