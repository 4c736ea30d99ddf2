// The host of state topics has nothing of groups in it: a ledger of names and numbers, which exists here
// alone, lives on a topic of its own.
import Base
import Coordinator
import Network
import Protocol
import Simulation
import Storage
import TestSupport
import Testing

@testable import Broker

@Suite("a state topic of any coordinator", .endsHangs)
struct StateTopicHostTests {
    private typealias Host = StateTopicHost<Ledger>
    private static let topicName: Name = "__ledger_state"

    private func host(
        _ rig: BrokerRig, partitions: Int32 = 7, _ configs: [Name: String] = ["cleanup.policy": "compact"]
    ) -> Host {
        var topic = NewTopic(name: Self.topicName)
        topic.partitionCount = partitions
        topic.configs = configs
        let services = ShardServices(
            clock: rig.clock, logger: rig.broker.logger, pool: rig.broker.sockets.pool)
        return Host(
            StateTopic(asMade: topic, maker: "the ledger", emptyShard: { _ in Ledger() }),
            catalog: rig.broker.catalog, loops: rig.broker.sockets.loops, services: services)
    }

    /// What askers were told.
    private final class Told: Sendable {
        private let lines = Lock<[String]>([])
        var all: [String] { lines.withLock { $0 } }

        func note(_ label: String) -> @Sendable (ShardHost<Ledger>.Answer) -> Void {
            { [self] answer in
                let text =
                    switch answer {
                    case .success(let value): "\(value)"
                    case .failure(let error): error.code.name
                    }
                lines.withLock { $0.append("\(label) \(text)") }
            }
        }
    }

    /// Waits until the topic was made, partitions and all, or could not be, and lets everything happen but
    /// syncs.
    private func settle(_ host: Host, _ rig: BrokerRig) {
        let settled = Signal()
        host.withShards { _ in settled.raise() }
        settled.wait()
        for partition in rig.broker.catalog.topics[Self.topicName]?.partitions ?? [] {
            let opened = Signal()
            partition.whenSettled { opened.raise() }
            opened.wait()
        }
        rig.step()
    }

    private func put(_ key: Name, _ value: Int, _ host: Host, _ rig: BrokerRig, _ told: Told) {
        host.ask(key, on: rig.loop, { .put(key, value, $0) }, answer: told.note("put \(key.text)"))
    }

    private func get(_ key: Name, _ host: Host, _ rig: BrokerRig, _ told: Told) {
        host.ask(key, on: rig.loop, { .get(key, $0) }, answer: told.note("get \(key.text)"))
    }

    @Test("it is made when somebody first asks, once for all who ask meanwhile; answers wait for the disk")
    func firstUse() throws {
        let rig = try BrokerRig()
        let (host, told) = (host(rig), Told())
        host.start()
        #expect(host.existingShards() == nil)
        #expect(rig.broker.catalog.topics[Self.topicName] == nil)
        // Nothing is said of the order in which those are served who ask while it is made.
        let asked: [(key: Name, value: Int)] = [("a", 1), ("b", 2), ("c", 3)]
        for (key, value) in asked { put(key, value, host, rig, told) }
        settle(host, rig)
        #expect(rig.broker.catalog.topics[Self.topicName]?.partitions.count == 7)
        #expect(host.existingShards()?.count == 7)
        #expect(told.all == [])
        rig.flush()
        #expect(told.all.sorted() == ["put a 1", "put b 2", "put c 3"])
        for (key, value) in asked {
            get(key, host, rig, told)
            #expect(
                told.all.last == "get \(key) \(value)", "with nothing under way nothing is waited for")
        }
    }

    @Test("where it cannot be made clients are told to come again, and the log says why")
    func notMade() throws {
        let rig = try BrokerRig()
        let (host, told) = (host(rig, ["segment.bytes": "1"]), Told())
        put("a", 1, host, rig, told)
        settle(host, rig)
        #expect(told.all == ["put a COORDINATOR_NOT_AVAILABLE"])
        let line = try #require(rig.lines.all.first { $0.contains(" topic.not_created ") })
        #expect(line.contains(Self.topicName.text) && line.contains("segment.bytes"), "\(line)")
    }

    @Test(
        "a key lives where Java's hash says, also where that has no absolute value",
        arguments: [("", 0), ("a", 6), ("group", 3), ("polygenelubricants", 0), ("größe", 6), ("🙂", 5)])
    func shards(of key: String, index: Int) throws {
        let rig = try BrokerRig()
        let (host, told) = (host(rig), Told())
        put(Name(key), 5, host, rig, told)
        settle(host, rig)
        rig.flush()
        #expect(told.all == ["put \(key) 5"])
        for (number, shard) in try #require(host.existingShards()).enumerated() {
            let expected: [Name: Int] = number == index ? [Name(key): 5] : [:]
            #expect(shard.inspect { $0.values } == expected)
            #expect(shard.partition.log?.bounds.logEnd == Offset(number == index ? 1 : 0))
        }
    }

    @Test("what was written down is there after a crash, without making anything anew")
    func crash() throws {
        let first = try BrokerRig()
        let (before, told) = (host(first), Told())
        for (value, key) in ["a", "b", "c"].enumerated() { put(Name(key), value, before, first, told) }
        settle(before, first)
        first.flush()
        #expect(told.all.count == 3)
        put("a", -1, before, first, told)
        first.step()
        #expect(told.all.count == 3, "what is not durable is not told")
        let id = first.broker.catalog.topics[Self.topicName]?.id
        let rig = try BrokerRig(on: first.disk.afterKill())
        let (after, heard) = (host(rig), Told())
        after.start()
        for key in ["a", "b", "c"] { get(Name(key), after, rig, heard) }
        #expect(heard.all == [], "requests wait while their shards are read")
        rig.flush()
        #expect(heard.all.sorted() == ["get a -1", "get b 1", "get c 2"])
        #expect(rig.broker.catalog.topics[Self.topicName]?.id == id)
    }

    @Test("an append that fails throws the shard away, and the log brings it back a second later")
    func failedAppend() throws {
        let rig = try BrokerRig()
        let (host, told) = (host(rig, partitions: 1), Told())
        put("a", 1, host, rig, told)
        settle(host, rig)
        rig.flush()
        rig.disk.fail(.write, suffix: ".log", errno: 28)
        put("a", 2, host, rig, told)
        #expect(told.all == ["put a 1", "put a COORDINATOR_NOT_AVAILABLE"])
        get("a", host, rig, told)
        rig.step()
        #expect(told.all.count == 2)
        rig.advance(milliseconds: 1_001)
        rig.flush()
        #expect(told.all.last == "get a 1")
    }

    @Test("nobody waits longer for a shard to be read than he has patience")
    func patience() throws {
        let first = try BrokerRig()
        let (before, told) = (host(first, partitions: 1), Told())
        put("a", 1, before, first, told)
        settle(before, first)
        first.flush()
        let rig = try BrokerRig(on: first.disk.afterKill())
        let (host, heard) = (host(rig, partitions: 1), Told())
        host.ask("a", holdFor: .seconds(2), on: rig.loop, { .get("a", $0) }, answer: heard.note("hasty"))
        host.ask("a", holdFor: .seconds(9), on: rig.loop, { .get("a", $0) }, answer: heard.note("calm"))
        rig.step(pool: false)
        rig.clock.advance(milliseconds: 2_001)
        rig.step(pool: false)
        #expect(heard.all == ["hasty COORDINATOR_LOAD_IN_PROGRESS"])
        rig.flush()
        #expect(heard.all.last == "calm 1")
    }

    @Test("a topic that was deleted ends its shards; the next one who asks makes an empty one")
    func deletion() throws {
        let rig = try BrokerRig()
        let (host, told) = (host(rig), Told())
        put("a", 1, host, rig, told)
        settle(host, rig)
        rig.flush()
        let former = try #require(host.existingShards())
        try rig.delete(Self.topicName)
        #expect(host.existingShards() == nil)
        former[6].ask({ .get("a", $0) }, answer: told.note("former"))
        #expect(told.all.last == "former COORDINATOR_NOT_AVAILABLE")
        get("a", host, rig, told)
        settle(host, rig)
        rig.flush()
        #expect(told.all.last == "get a -1")
    }

    @Test("a topic that cannot be made is a coordinator that is not available, each time")
    func refusedTopic() throws {
        let rig = try BrokerRig()
        let (host, told) = (host(rig, ["cleanup.policy": "nonsense"]), Told())
        for _ in 0..<2 {
            get("a", host, rig, told)
            settle(host, rig)
        }
        #expect(told.all == Array(repeating: "get a COORDINATOR_NOT_AVAILABLE", count: 2))
    }

    @Test("a stop answers everyone, and makes nothing any more", arguments: [false, true])
    func stop(hasShards: Bool) throws {
        let rig = try BrokerRig()
        let (host, told) = (host(rig), Told())
        if hasShards {
            put("a", 1, host, rig, told)
            settle(host, rig)
            rig.flush()
            host.ask("a", on: rig.loop, { .waits($0) }, answer: told.note("waiting"))
            #expect(told.all == ["put a 1"])
        }
        host.stop()
        host.stop()
        if hasShards { #expect(told.all.last == "waiting COORDINATOR_NOT_AVAILABLE") }
        put("b", 2, host, rig, told)
        settle(host, rig)
        #expect(told.all.last == "put b COORDINATOR_NOT_AVAILABLE")
        #expect((rig.broker.catalog.topics[Self.topicName] == nil) == !hasShards)
        #expect(try rig.topic("fence").partitions.count == 1)
        #expect((rig.broker.catalog.topics[Self.topicName] == nil) == !hasShards)
    }

    @Test("shards are told what is due when the first of it is, and while nothing is the job rests")
    func upkeep() throws {
        let rig = try BrokerRig()
        let (host, told) = (host(rig, partitions: 1), Told())
        let scheduler = UpkeepScheduler(clock: rig.clock)
        host.beginUpkeep(
            ShardUpkeep(event: .due, interval: .seconds(10)) { state, _ in
                state.values["due"].map { Timestamp(milliseconds: Int64($0)) }
            }, on: scheduler)
        rig.clock.advance(milliseconds: 10_000)
        #expect(scheduler.runDue() == nil, "there is no topic, and it is not made for this")
        put("due", Int(rig.clock.wallTime().milliseconds) + 60_000, host, rig, told)
        settle(host, rig)
        rig.flush()
        let shard = try #require(host.existingShards()?.first)
        func dueCount() -> Int? { shard.inspect { $0.dueCount } }
        #expect(scheduler.runDue() == 10_000_000_000, "a record asks for a look")
        rig.clock.advance(milliseconds: 10_000)
        #expect(scheduler.runDue() == 50_000_000_000)
        #expect(dueCount() == 1)
        rig.clock.advance(milliseconds: 49_999)
        scheduler.runDue()
        #expect(dueCount() == 1)
        put("due", -1, host, rig, told)
        rig.clock.advance(milliseconds: 1)
        #expect(scheduler.runDue() == nil)
        #expect(dueCount() == 2)
    }
}

/// A shard of numbers by name.
private struct Ledger: Shard {
    enum Event: Sendable {
        /// A negative number takes the name away.
        case put(Name, Int, ReplyToken)
        case get(Name, ReplyToken)
        /// Never answered.
        case waits(ReplyToken)
        case due
    }
    typealias Made = Decision<LedgerRecord, Int, Event, Never>
    var values: [Name: Int] = [:]
    var dueCount = 0

    mutating func handle(_ event: Event, at now: Moment) -> Made {
        var decision = Made()
        switch event {
        case .put(let name, let value, let token):
            let record = LedgerRecord(name: name, value: value < 0 ? nil : value)
            apply(record)
            decision.records.append(record)
            decision.reply(value, to: token)
        case .get(let name, let token): decision.reply(values[name] ?? -1, to: token)
        case .waits: break
        case .due: dueCount += 1
        }
        return decision
    }
    mutating func apply(_ record: LedgerRecord) { values[record.name] = record.value }
    mutating func loaded(at now: Moment) -> Made { Made() }
    mutating func deadlinesReached(at now: Moment) -> Made { Made() }
    var nextDeadline: Int64? { nil }
}

/// A name and its number, as text.
private struct LedgerRecord: ShardRecord {
    let name: Name
    let value: Int?

    init(name: Name, value: Int?) { (self.name, self.value) = (name, value) }

    init?(key: [UInt8], value: [UInt8]?) throws(ShardRecordError) {
        name = Name(String(decoding: key, as: UTF8.self))
        self.value = value.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }

    func encoded() throws(ShardRecordError) -> (key: [UInt8], value: [UInt8]?) {
        (Array(name.text.utf8), value.map { Array(String($0).utf8) })
    }
}
