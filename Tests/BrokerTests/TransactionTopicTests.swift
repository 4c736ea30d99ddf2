// Topics that are deleted while transactions are open in them, or owe them markers.
import Base
import Coordinator
import Protocol
import Simulation
import Testing

@testable import Broker
@testable import Storage

@Suite("transactions in topics that are deleted")
struct TransactionTopicTests {
    @Test("what is open in a topic ends without it, and nobody waits for that in a new topic of its name")
    func open() throws {
        var world = try TransactionalRig()
        try world.begin()
        try world.rig.delete("t")
        try world.rig.topic("t", partitions: 2)
        try world.sendEnd(commits: true)
        for _ in 0..<4 { world.rig.flush() }
        #expect(world.state == .completeCommit)
        // As with Kafka, whose markers name topics too: one that is there again gets an end of nothing.
        #expect(world.ends.allSatisfy { (0...1).contains($0) })
        let bounds = world.rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds
        #expect(bounds.map { $0.lastStable == $0.logEnd } == true)
    }

    @Test(
        "a transaction that owes markers to a topic is complete once that is deleted",
        arguments: [true, false])
    func owed(commits: Bool) throws {
        var world = try TransactionalRig()
        try world.begin()
        try world.sendEnd(commits: commits)
        world.rig.step()
        // The log of the first partition takes nothing.
        world.rig.disk.fail(
            .write, suffix: "t-0/00000000000000000000.log", errno: 28, isLasting: true)
        world.takeTurn()
        world.rig.flush()
        let prepared: TransactionState = commits ? .prepareCommit : .prepareAbort
        #expect(world.state == prepared)
        world.rig.advance(milliseconds: 10_000)
        world.rig.flush()
        #expect(world.state == prepared)
        try world.rig.delete("t")
        world.rig.advance(milliseconds: 20_000)
        for _ in 0..<4 { world.rig.flush() }
        #expect(world.state == (commits ? .completeCommit : .completeAbort))
    }
}
