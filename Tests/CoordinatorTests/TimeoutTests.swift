// Timeouts that no sensible client asks for: the coordinator comes to rest all the same.
import Base
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Coordinator

@Suite("Timeouts at the ends of their types")
struct TimeoutTests {
    private static let client = GroupClient(id: "c", host: "/127.0.0.1")
    static let odd: [Int32] = [.min, -1_000, -1, 0, 1, 10, 60_000, .max]

    private static func join(
        _ member: Name, instance: Name? = nil, session: Int32 = 10_000, rebalance: Int32
    ) -> JoinGroupRequest {
        var request = JoinGroupRequest()
        request.groupID = "g"
        request.memberID = member
        request.groupInstanceID = instance
        request.sessionTimeoutMs = session
        request.rebalanceTimeoutMs = rebalance
        request.protocolType = "consumer"
        var range = JoinGroupRequest.JoinGroupRequestProtocol()
        range.name = "range"
        request.protocols = [range]
        return request
    }

    private func ask(
        _ rig: inout ConsumerRig, _ request: JoinGroupRequest, _ id: UInt64, version: Int16 = 3
    ) -> JoinGroupResponse? {
        let event = GroupRequest.join(
            request, version: version, from: Self.client, freshID: UUID(high: 1, low: id))
        guard case .join(let reply)? = rig.request(event).reply else { return nil }
        return reply
    }

    @Test(
        "a negative rebalance timeout is over at once; the version without one has the session's",
        arguments: [(Int16(1), true), (3, true), (0, false)])
    func negative(version: Int16, isOver: Bool) throws {
        var rig = ConsumerRig()
        let request = Self.join("", rebalance: version == 0 ? -1 : -7)
        let joined = try #require(ask(&rig, request, 1, version: version))
        #expect(joined.errorCode == 0)
        // It does not ask for its assignment in time.
        _ = rig.advance(0.01)
        #expect(rig.shard.groups.classic["g"]?.members.isEmpty == isOver)
    }

    @Test("a round that nobody comes back to waits, whatever its members ask for", arguments: odd)
    func emptyRound(timeout: Int32) throws {
        var rig = ConsumerRig()
        let dynamic = try #require(ask(&rig, Self.join("", rebalance: 60_000), 1))
        _ = ask(&rig, Self.join("", instance: "i", rebalance: timeout), 2)
        _ = ask(&rig, Self.join(dynamic.memberID, rebalance: 60_000), 3)
        var sync = SyncGroupRequest()
        sync.groupID = "g"
        sync.memberID = dynamic.memberID
        sync.generationID = 2
        _ = rig.request(.sync(sync))
        var leave = LeaveGroupRequest()
        leave.groupID = "g"
        var gone = LeaveGroupRequest.MemberIdentity()
        gone.memberID = dynamic.memberID
        leave.members = [gone]
        _ = rig.request(.leave(leave))
        // The static member's session ends after ten seconds at most; until then a tenth of a second each.
        #expect(passes(&rig, seconds: 11) <= 120)
        #expect(rig.shard.groups.classic["g"]?.members.isEmpty == true)
    }

    /// Lets time pass; how often something was due.
    private func passes(_ rig: inout ConsumerRig, seconds: Double) -> Int {
        let end = rig.nanoseconds + Int64(seconds * 1_000_000_000)
        var passes = 0
        while let next = rig.shard.nextDeadline, next <= end, passes < 100_000 {
            _ = rig.advance(Double(max(0, next - rig.nanoseconds)) / 1_000_000_000)
            passes += 1
        }
        rig.skip(Double(end - rig.nanoseconds) / 1_000_000_000)
        return passes
    }

    @Test(
        "histories of members with any timeouts come to rest", .endsHangs,
        arguments: UInt64(0)..<40)
    func histories(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var settings = GroupSettings()
        settings.sessionTimeoutMinMilliseconds = 1
        settings.sessionTimeoutMaxMilliseconds = .max
        settings.initialRebalanceDelayMilliseconds = random.chance(30) ? 3_000 : 0
        var rig = ConsumerRig(settings)
        rig.setTopic("t", 3)
        var members: [Name] = [""]
        for step in 0..<200 {
            let member = members[Int(random.next() % UInt64(members.count))]
            switch random.next() % 6 {
            case 0, 1:
                let request = Self.join(
                    member, instance: random.chance(50) ? ["i", "j"][Int(random.next() % 2)] : nil,
                    session: Self.odd[Int(random.next() % 8)], rebalance: Self.odd[Int(random.next() % 8)])
                if let reply = ask(&rig, request, UInt64(step)), !reply.memberID.isEmpty {
                    members.append(reply.memberID)
                }
            case 2:
                var sync = SyncGroupRequest()
                sync.groupID = "g"
                sync.memberID = member
                sync.generationID = rig.shard.groups.classic["g"]?.generation ?? 0
                _ = rig.request(.sync(sync))
            case 3:
                var leave = LeaveGroupRequest()
                leave.groupID = "g"
                var gone = LeaveGroupRequest.MemberIdentity()
                gone.memberID = member
                leave.members = [gone]
                _ = rig.request(.leave(leave))
            case 4: beat(&rig, random.chance(70) ? "h" : "g", &random)
            default: _ = passes(&rig, seconds: Double(random.next() % 10))
            }
        }
        // A hundred seconds in which nobody says anything.
        #expect(passes(&rig, seconds: 100) < 2_000)
        try rig.checkReplay()
    }

    private func beat(_ rig: inout ConsumerRig, _ group: Name, _ random: inout SeededRandom) {
        var request = ConsumerGroupHeartbeatRequest()
        request.groupID = group
        request.memberID = ["x", "y", "z"][Int(random.next() % 3)]
        request.memberEpoch = random.chance(60) ? 0 : (random.chance(50) ? -1 : 3)
        request.instanceID = random.chance(30) ? "k" : nil
        request.rebalanceTimeoutMs = Self.odd[Int(random.next() % 8)]
        request.subscribedTopicNames = ["t"]
        request.topicPartitions = []
        let beat = ConsumerHeartbeat(
            request, version: 1, from: Self.client, freshID: UUID(high: 3, low: random.next()))
        _ = rig.request(.consumerHeartbeat(beat))
    }
}
