// The life of transactions step by step: what is ordered when, who waits for whom, what a restart makes of
// it.
import Base
import Coordinator
import Protocol
import Testing

@Suite("transactions")
struct TransactionHistoryTests {
    private static let id: Name = "x"
    private static let partitions = (0..<3).map {
        TopicPartition(topic: "t", partition: PartitionIndex($0))
    }

    private func open(_ change: (inout TransactionSettings) -> Void = { _ in }) -> TransactionRig {
        var rig = TransactionRig(change)
        rig.begin(Self.id)
        rig.add(Self.id, Self.partitions)
        return rig
    }

    @Test("only states that may follow each other do, and every state but the last leads on")
    func predecessors() {
        for state in TransactionState.allCases where state != .dead {
            #expect(TransactionState.allCases.contains { $0.allowedPredecessors.contains(state) })
        }
        #expect(!TransactionState.completeCommit.allowedPredecessors.contains(.ongoing))
        #expect(!TransactionState.prepareCommit.allowedPredecessors.contains(.completeCommit))
        #expect(TransactionState.dead.allowedPredecessors.isDisjoint(with: [.ongoing, .prepareCommit]))
    }

    @Test("the producer is answered when the verdict stands, and complete is what has all its markers")
    func order() throws {
        var rig = open()
        let number = rig.end(Self.id, .commit)
        guard case .producer(let producer)? = rig.replies[number] else { return #expect(Bool(false)) }
        #expect(producer == rig.producer(of: Self.id))
        #expect(rig.state(of: Self.id) == .prepareCommit)
        let order = try #require(rig.orders.first)
        #expect(order.partitions == Self.partitions)
        #expect(order.outcome == .commit)
        // With version 2 a marker has the epoch after that of the transaction (KIP-890).
        #expect(order.producer == producer)
        rig.writeMarkers()
        #expect(rig.state(of: Self.id) == .completeCommit)
        #expect(rig.shard.entries[Self.id]?.partitions.isEmpty == true)
    }

    @Test("a partition that takes no marker is asked again until it does, later each time, and alone")
    func debt() throws {
        var rig = open()
        _ = rig.end(Self.id, .abort)
        var pauses: [Int64] = []
        for _ in 0..<12 {
            let failing = Self.partitions[1]
            rig.writeMarkers(failing: [failing])
            #expect(rig.state(of: Self.id) == .prepareAbort)
            let next = try #require(rig.shard.nextDeadline)
            pauses.append((next - rig.now.monotonic) / 1_000_000)
            rig.advance(milliseconds: pauses.last ?? 0)
            #expect(rig.orders.map(\.partitions) == [[failing]])
        }
        #expect(pauses == pauses.sorted() && pauses.first == 100 && pauses.last == 10_000)
        rig.writeMarkers()
        #expect(rig.state(of: Self.id) == .completeAbort)
    }

    @Test("what comes while markers are written waits for them, in order, but not for ever")
    func held() {
        var rig = open()
        let producer = rig.producer(of: Self.id) ?? ProducerIdentity(id: .none, epoch: 0)
        let next = ProducerIdentity(id: producer.id, epoch: producer.epoch + 1)
        _ = rig.end(Self.id, .commit)
        let claim = ProducerClaim(id: Self.id, producer: next)
        let again = rig.send(.end(ProducerClaim(id: Self.id, producer: producer), .commit, .v2, fresh: nil))
        let added = rig.send(.add([Self.partitions[0]], claim, .v2))
        let ended = rig.send(.end(claim, .abort, .v2, fresh: nil))
        #expect(rig.replies[again] == nil && rig.replies[added] == nil && rig.replies[ended] == nil)
        rig.writeMarkers()
        // The commit that was asked for twice, the next transaction, and its end.
        guard case .producer(next)? = rig.replies[again], case .code(.none)? = rig.replies[added],
            case .producer? = rig.replies[ended]
        else { return #expect(Bool(false)) }
        #expect(rig.state(of: Self.id) == .completeAbort)

        _ = rig.add(Self.id)
        _ = rig.end(Self.id, .commit)
        let late = rig.send(.add([Self.partitions[0]], claim, .v2))
        rig.advance(milliseconds: Int64(TransactionSettings.holdMilliseconds))
        guard case .code(.concurrentTransactions)? = rig.replies[late] else { return #expect(Bool(false)) }
        #expect(rig.state(of: Self.id) == .prepareCommit)
    }

    @Test("a producer that takes the id has the transaction of the former one aborted, and waits for that")
    func replaced() {
        var rig = open()
        let former = rig.producer(of: Self.id)
        let number = rig.send(.initialize(Self.id, timeoutMilliseconds: 1_000, as: nil, fresh: nil))
        #expect(rig.replies[number] == nil)
        #expect(rig.orders.first?.outcome == .abort)
        rig.writeMarkers()
        guard case .producer(let producer)? = rig.replies[number] else { return #expect(Bool(false)) }
        // The epoch in between is given to nobody.
        #expect(producer.epoch == (former?.epoch ?? 0) + 2)
        #expect(rig.state(of: Self.id) == .empty)
        guard case .aborted(Self.id, _, .replaced, _, 3)? = rig.notes.first else {
            return #expect(Bool(false))
        }
    }

    @Test("a transaction is aborted when its time is over, which a restart does not prolong")
    func timeout() {
        for restartsAt in [nil, 30_000 as Int64] {
            var rig = open()
            if let restartsAt {
                rig.advance(milliseconds: restartsAt)
                rig.restart()
            }
            rig.advance(milliseconds: 59_999 - (restartsAt ?? 0))
            #expect(rig.state(of: Self.id) == .ongoing)
            rig.advance(milliseconds: 1)
            #expect(rig.state(of: Self.id) == .prepareAbort)
            rig.writeMarkers()
            #expect(rig.state(of: Self.id) == .completeAbort)
            guard case .aborted(_, _, .timedOut(60_000), 60_000, _)? = rig.notes.last else {
                return #expect(Bool(false))
            }
        }
    }

    @Test(
        "after a restart at any record what is prepared is ended as it was decided", arguments: [true, false])
    func restart(commits: Bool) {
        var whole = open()
        _ = whole.end(Self.id, commits ? .commit : .abort)
        whole.writeMarkers()
        for length in 0...whole.log.count {
            var rig = whole
            rig.restart(length: length)
            let state = rig.state(of: Self.id)
            rig.writeMarkers()
            switch state {
            case .prepareCommit?: #expect(commits && rig.state(of: Self.id) == .completeCommit)
            case .prepareAbort?: #expect(!commits && rig.state(of: Self.id) == .completeAbort)
            default: #expect(rig.state(of: Self.id) == state)
            }
        }
    }

    @Test("markers that were ordered before a restart say nothing of the next transaction")
    func staleOrder() throws {
        var rig = TransactionRig()
        rig.begin(Self.id)
        // With version 1 the next transaction has the same producer and epoch.
        rig.add(Self.id, Self.partitions, .v0)
        _ = rig.end(Self.id, .commit, .v0)
        let stale = try #require(rig.orders.first)
        rig.restart()
        rig.writeMarkers()
        rig.add(Self.id, Self.partitions, .v0)
        _ = rig.end(Self.id, .abort, .v0)
        rig.tell(.markersWritten(stale.number, failed: []))
        #expect(rig.state(of: Self.id) == .prepareAbort)
        rig.writeMarkers()
        #expect(rig.state(of: Self.id) == .completeAbort)
    }

    @Test("a producer whose epochs are exhausted gets another id, whichever way it comes there")
    func exhaustion() {
        for way in 0..<4 {
            var rig = TransactionRig()
            rig.begin(Self.id)
            while let producer = rig.producer(of: Self.id), !producer.isExhausted {
                rig.begin(Self.id, as: producer)
            }
            let last = rig.producer(of: Self.id) ?? ProducerIdentity(id: .none, epoch: 0)
            #expect(last.epoch == Int16.max - 1)
            if way > 0 { rig.add(Self.id) }
            switch way {
            case 0: break
            case 1: _ = rig.ask { .end(ProducerClaim(id: Self.id, producer: last), .commit, .v2, fresh: $0) }
            case 2: _ = rig.ask { .abort(Self.id, fresh: $0) }
            default:
                rig.advance(milliseconds: 60_000)
                #expect(rig.wanting == [Self.id] && rig.state(of: Self.id) == .ongoing)
                rig.tell(.producerIDArrived(Self.id, rig.freshID()))
                rig.writeMarkers()
            }
            if way == 1 {
                // Its answer was lost: it asks again as the one it was.
                let reply = rig.ask {
                    .end(ProducerClaim(id: Self.id, producer: last), .commit, .v2, fresh: $0)
                }
                guard case .producer(let again)? = reply else { return #expect(Bool(false)) }
                #expect(again == rig.producer(of: Self.id))
            }
            let next = rig.begin(Self.id, as: last)
            #expect(next?.id != last.id && next?.epoch == 0)
        }
    }

    @Test(
        "the greatest epoch is given to nobody, also where versions are lowered while a transaction is open",
        arguments: [TransactionVersion.v0, .v1, .v2], [true, false])
    func lowered(version: TransactionVersion, restarts: Bool) throws {
        var rig = open()
        while let producer = rig.producer(of: Self.id), !producer.isExhausted {
            rig.begin(Self.id, as: producer)
        }
        let last = try #require(rig.producer(of: Self.id))
        rig.add(Self.id)
        rig.tell(.versionChanged(version))
        rig.advance(milliseconds: 60_000)
        #expect(rig.wanting == [Self.id])
        rig.tell(.producerIDArrived(Self.id, rig.freshID()))
        #expect(rig.state(of: Self.id) == .prepareAbort)
        if restarts { rig.restart() }
        let reply = rig.ask { .end(ProducerClaim(id: Self.id, producer: last), .abort, .v2, fresh: $0) }
        // Such records have no place for the id that follows.
        if restarts, version == .v0 {
            guard case .code(.producerFenced)? = reply else {
                Issue.record("\(String(describing: reply))")
                return
            }
        } else {
            guard case .producer(let next)? = reply else {
                Issue.record("\(String(describing: reply))")
                return
            }
            #expect(next.id != last.id && next.epoch == 0)
        }
        let begun = rig.begin(Self.id)
        let next = try #require(begun)
        #expect(next.id != last.id && next.epoch <= 1)
    }

    @Test("ids that nobody uses are forgotten, but for those with an open transaction")
    func expiry() {
        var rig = open { $0.expirationMilliseconds = 100_000 }
        for index in 0..<2_500 { rig.begin("y\(index)") }
        rig.begin("long", timeout: 900_000)
        rig.add("long")
        rig.advance(milliseconds: 99_999)
        rig.tell(.expiryDue)
        #expect(rig.shard.entries.count == 2_502)
        #expect(rig.shard.nextExpiry != nil)
        rig.advance(milliseconds: 1)
        rig.tell(.expiryDue)
        // The transaction of the first id was aborted meanwhile, and waits for its markers.
        #expect(Set(rig.shard.entries.keys) == [Self.id, "long"])
        rig.restart()
        #expect(Set(rig.shard.entries.keys) == [Self.id, "long"])
    }

    @Test("a record that would not fit into the log is refused, and nothing changes")
    func limit() {
        var rig = open { $0.recordBytesMax = 1_000 }
        let many = (0..<100).map { TopicPartition(topic: "many", partition: PartitionIndex($0)) }
        #expect(rig.add(Self.id, many) == .policyViolation)
        #expect(rig.shard.entries[Self.id]?.partitions.count == 3)
    }

    @Test("a list shows what is asked for")
    func list() {
        var rig = open()
        rig.begin("idle")
        rig.advance(milliseconds: 500)
        func ids(_ change: (inout TransactionFilter) -> Void) -> Set<Name> {
            var (filter, rig) = (TransactionFilter(), rig)
            change(&filter)
            guard case .list(let listed)? = rig.ask({ _ in .list(filter) }) else { return ["no list"] }
            return Set(listed.map(\.id))
        }
        #expect(ids { _ in } == [Self.id, "idle"])
        #expect(ids { $0.states = [.ongoing] } == [Self.id])
        #expect(ids { $0.showsNone = true } == [])
        #expect(ids { $0.openForMilliseconds = 499 } == [Self.id, "idle"])
        // What never began is shown whatever its age (measured).
        #expect(ids { $0.openForMilliseconds = 500 } == ["idle"])
        #expect(ids { $0.producerIDs = [ProducerID(-5)] } == [])
    }
}
