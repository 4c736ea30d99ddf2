// Targets of large groups are computed outside of the shard, and count only for what the group still is.
import Base
import Coordinator
import Protocol
import Testing

@Suite struct TargetComputationTests {
    private func rig(atOnce: Int = 0) -> ConsumerRig {
        var settings = GroupSettings()
        settings.consumer.assignedAtOnceMax = atOnce
        settings.consumer.defaults.assignmentIntervalMilliseconds = 0
        var rig = ConsumerRig(settings)
        rig.setTopic("t", 4)
        return rig
    }

    /// A heartbeat with which `member` comes, or says that it is there.
    private func beat(_ rig: inout ConsumerRig, _ member: Name, epoch: Int32 = 0) -> Int32? {
        var request = ConsumerGroupHeartbeatRequest()
        request.groupID = "g"
        request.memberID = member
        request.memberEpoch = epoch
        request.rebalanceTimeoutMs = 30_000
        request.subscribedTopicNames = ["t"]
        request.topicPartitions = []
        let beat = ConsumerHeartbeat(
            request, version: 1, from: GroupClient(id: "c", host: "/127.0.0.1"),
            freshID: UUID(high: 1, low: 1))
        guard case .consumerHeartbeat(let reply)? = rig.request(.consumerHeartbeat(beat)).reply else {
            return nil
        }
        return reply.memberEpoch
    }

    private func targets(_ rig: ConsumerRig) -> [Name: Int] {
        (rig.shard.groups.consumer["g"]?.targets ?? [:]).mapValues { $0.values.reduce(0) { $0 + $1.count } }
    }

    @Test("a small group is assigned within the request") func small() {
        var rig = rig(atOnce: 5)
        _ = beat(&rig, "a")
        #expect(rig.computationCount == 0)
        #expect(targets(rig) == ["a": 4])
        // Two members and four partitions are more than five.
        _ = beat(&rig, "b")
        #expect(rig.computationCount == 1)
    }

    @Test("a large group goes on while its assignment is computed, and gets it then") func large() throws {
        var rig = rig()
        _ = beat(&rig, "a")
        #expect(rig.computationCount == 1)
        #expect(targets(rig) == [:])
        // Its next heartbeats do not ask again.
        let epoch = try #require(beat(&rig, "a"))
        #expect(rig.computationCount == 1)
        rig.compute()
        #expect(targets(rig) == ["a": 4])
        #expect(try #require(beat(&rig, "a")) >= epoch)
        try rig.checkReplay()
    }

    @Test("an assignment for what the group was does not count; after a few of them the next is made at once")
    func late() throws {
        var rig = rig()
        _ = beat(&rig, "a")
        for number in 0..<3 {
            #expect(rig.computationCount == 1, "round \(number)")
            _ = beat(&rig, "b\(number)")
            rig.compute()
            let group = try #require(rig.shard.groups.consumer["g"])
            #expect((group.assignmentEpoch == group.epoch) == (number == 2))
        }
        #expect(rig.computationCount == 0)
        #expect(targets(rig).values.sorted() == [1, 1, 1, 1])
    }

    @Test("an assignment of before a restart does not count") func restarted() throws {
        var rig = rig()
        _ = beat(&rig, "a")
        rig.restart()
        rig.compute()
        #expect(targets(rig) == [:])
        _ = beat(&rig, "a")
        rig.compute()
        #expect(targets(rig) == ["a": 4])
    }
}
