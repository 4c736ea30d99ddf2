// What a client that is gone leaves behind: nothing.
import Base
import LocalStorage
import Network
import Protocol
import Simulation
import Storage
import Synchronization
import Testing

@testable import Broker

@Suite("clients that vanish")
struct DepartureTests {
    private func timers(_ rig: BrokerRig) throws -> Int { try rig.onLoop { $0.timerCount } }

    @Test("whatever a departed client waits for ends at once: waiters, timers, memory")
    func everything() throws {
        let rig = try BrokerRig()
        let partitions = try rig.topic("t", partitions: 3).partitions
        let stays = try rig.connect()
        try stays.send(FetchRequest("t", from: 0, maxWait: 3_600_000), version: 4)
        let timersBefore = try timers(rig)
        for round in 0..<3 {
            var clients: [RigClient] = []
            for number in 0..<100 {
                let client = try rig.connect()
                let partition = Int32(number % 3)
                try client.send(
                    FetchRequest("t", from: Int64(round), maxWait: 3_600_000, partition: partition),
                    version: 4)
                if number % 4 == 1 {
                    let records = [(partition, try RigBatch().bytes()), (0, try RigBatch().bytes())]
                    try client.send(ProduceRequest("t", acks: -1, records), version: 8)
                }
                if number % 4 == 2 {
                    try client.send(ListOffsetsRequest("t", timestamp: -1), version: 4)
                }
                clients.append(client)
            }
            #expect(partitions.reduce(0) { $0 + $1.waitingReaders } > 100)
            #expect(partitions.reduce(0) { $0 + $1.waitingAppends } >= 50)
            for client in clients { client.vanish() }
            rig.step()
            #expect(partitions.reduce(0) { $0 + $1.waitingReaders } == 1)
            #expect(partitions.reduce(0) { $0 + $1.waitingAppends } == 0)
            #expect(try timers(rig) == timersBefore)
            #expect(rig.loop.connections == 1)
            #expect(rig.heldBytes == 0)
        }
        // What they appended is there, and whoever stayed hears of it.
        rig.flush()
        #expect(try stays.fetched()?.records.isEmpty == false)
        #expect(try timers(rig) == timersBefore - 1)
    }

    @Test("so it is for a connection that the broker itself closes")
    func closedByBroker() throws {
        let rig = try BrokerRig()
        let partition = try #require(try rig.topic("t").partition(0))
        let client = try rig.connect()
        try client.send(FetchRequest("t", from: 0, maxWait: 3_600_000), version: 4)
        // acks=0 cannot be refused otherwise.
        try client.send(ProduceRequest("none", acks: 0), version: 8)
        #expect(client.isEnded)
        #expect(partition.waitingReaders == 0)
        #expect(try timers(rig) == 0)
    }

    @Test("a fetch whose first read waits for the disk is over when its client is gone by then")
    func coldFetch() throws {
        let rig = try BrokerRig()
        let partition = try #require(try rig.topic("t").partition(0))
        let client = try rig.connect()
        for _ in 0..<3 { try client.send(ProduceRequest("t", acks: 1), version: 8) }
        rig.flush()
        var request = FetchRequest("t", from: 1, maxWait: 3_600_000)
        request.minBytes = 1 << 20
        rig.disk.setCold(true)
        try client.send(request, version: 4, pool: false)
        rig.step(pool: false)
        #expect(partition.waitingReaders == 0, "the first read is under way")
        client.vanish()
        rig.step()
        #expect(partition.waitingReaders == 0)
        #expect(try timers(rig) == 0)
    }

    @Test("an abandoned value cleans up once, drops what it holds, and takes no value any more")
    func deferred() throws {
        let loop = try EventLoop()
        let cleanUps = Atomic(0)
        let value = Deferred<Int>()
        var held: HeldObject? = HeldObject()
        weak let watched = held
        value.whenCompleted(on: loop) { [held] _ in
            withExtendedLifetime(held) {}
            Issue.record("consumed")
        }
        value.whenAbandoned { [held] in
            withExtendedLifetime(held) {}
            cleanUps.add(1, ordering: .relaxed)
        }
        held = nil
        #expect(watched != nil)
        value.abandon()
        value.abandon()
        #expect(watched == nil)
        #expect(!value.complete(1))
        loop.step(mayWait: false)
        #expect(cleanUps.load(ordering: .relaxed) == 1)
        // Who comes to wait after that cleans up at once.
        value.whenAbandoned { cleanUps.add(1, ordering: .relaxed) }
        #expect(cleanUps.load(ordering: .relaxed) == 2)
    }

    @Test("a completed value forgets how to clean up")
    func completed() throws {
        let loop = try EventLoop()
        let value = Deferred<Int>()
        value.whenAbandoned { Issue.record("cleaned up") }
        #expect(value.complete(1))
        value.abandon()
        let other = Deferred<Int>()
        let consumed = Lock(0)
        other.whenCompleted(on: loop) { value in consumed.withLock { $0 = value } }
        #expect(other.complete(7) && !other.complete(8))
        loop.step(mayWait: false)
        #expect(consumed.withLock { $0 } == 7)
    }
}

private final class HeldObject: Sendable {}
