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

    private func targets(_ rig: ConsumerRig) -> [Name: Int] {
        (rig.shard.groups.consumer["g"]?.targets ?? [:]).mapValues { $0.values.reduce(0) { $0 + $1.count } }
    }

    @Test("a small group is assigned within the request") func small() {
        var rig = rig(atOnce: 5)
        _ = rig.beat("a")
        #expect(rig.computationCount == 0)
        #expect(targets(rig) == ["a": 4])
        // Two members and four partitions are more than five.
        _ = rig.beat("b")
        #expect(rig.computationCount == 1)
    }

    @Test("a large group goes on while its assignment is computed, and gets it then") func large() throws {
        var rig = rig()
        _ = rig.beat("a")
        #expect(rig.computationCount == 1)
        #expect(targets(rig) == [:])
        // Its next heartbeats do not ask again.
        let first = rig.beat("a")
        let epoch = try #require(first?.memberEpoch)
        #expect(rig.computationCount == 1)
        rig.compute()
        #expect(targets(rig) == ["a": 4])
        let second = rig.beat("a")
        #expect(try #require(second?.memberEpoch) >= epoch)
        try rig.checkReplay()
    }

    @Test("an assignment for what the group was does not count; after a few of them the next is made at once")
    func late() throws {
        var rig = rig()
        _ = rig.beat("a")
        for number in 0..<3 {
            #expect(rig.computationCount == 1, "round \(number)")
            _ = rig.beat("b\(number)")
            rig.compute()
            let group = try #require(rig.shard.groups.consumer["g"])
            #expect((group.assignmentEpoch == group.epoch) == (number == 2))
        }
        #expect(rig.computationCount == 0)
        #expect(targets(rig).values.sorted() == [1, 1, 1, 1])
    }

    @Test("an assignment of before a restart does not count") func restarted() throws {
        var rig = rig()
        _ = rig.beat("a")
        rig.restart()
        rig.compute()
        #expect(targets(rig) == [:])
        _ = rig.beat("a")
        rig.compute()
        #expect(targets(rig) == ["a": 4])
    }
}
