// The ends of a log as a value: lists of events, and what they lead to, without a disk.
import Base
import Testing

@testable import LocalStorage
@testable import Storage

@Suite("the ends of a log")
struct DurableEndsTests {
    private enum Event {
        /// Batches up to this offset, and how many bytes.
        case append(Int64, Int)
        case cutOff, roll, rollFailure, look, begin, journalled, synced, failure, seal, close
        case trim(Int64)
        case filed(Int64)
        case leaveJournal(Bool)
    }

    private func log(_ start: Int64 = 0, _ end: Int64 = 0) -> DurableEnds {
        DurableEnds(
            start: Offset(start), end: Offset(end),
            place: SyncedPlace(segmentBase: Offset(start), position: (end - start) * 100))
    }

    /// What a turn took on, as the store remembers it until the turn ends.
    private struct Turn {
        var end = Offset.zero
        var base = Offset.zero
        var hasName = false
        var bytes = 0
    }

    /// The log after `events`, all of which leave it consistent; the turn that they began last.
    private func after(_ events: [Event], of log: DurableEnds) throws -> (ends: DurableEnds, turn: Turn) {
        var (ends, turn, base) = (log, Turn(), log.start)
        for event in events {
            switch event {
            case .append(let next, let bytes): _ = ends.appended(bytes, to: Offset(next), isCounted: true)
            case .cutOff: ends.cutOff()
            case .roll:
                ends.rolled()
                base = ends.end
            case .rollFailure: ends.rollFailed()
            case .look:
                ends.wasLookedAt()
                _ = ends.takeSettledBytes()
                continue
            case .begin:
                turn = Turn(end: ends.end, base: base, hasName: ends.hasNewFile)
                turn.bytes = ends.began(withActive: true)
            case .journalled:
                ends.journalled(to: turn.end, at: place(turn), hadName: turn.hasName)
            case .synced: ends.synced(to: turn.end, at: place(turn), hasName: turn.hasName)
            case .failure: ends.failed(.closed(path: "/data/t-0"))
            case .seal: ends.sealed()
            case .close: ends.closed()
            case .trim(let offset): ends.trimmed(to: Offset(offset))
            case .filed(let end): ends.filed(to: Offset(end), hasNewestName: true)
            case .leaveJournal(let isLeaving): ends.leavesJournal(isLeaving)
            }
            try ends.checkInvariants()
        }
        return (ends, turn)
    }

    private func place(_ turn: Turn) -> SyncedPlace { SyncedPlace(segmentBase: turn.base, position: 1) }

    @Test("nothing is durable before a turn ends, and then what it took on, not what came meanwhile")
    func turns() throws {
        let events: [Event] = [.append(3, 300), .look, .begin, .append(5, 200)]
        let (ends, turn) = try after(events, of: log())
        #expect((ends.synced, ends.filed, ends.end) == (.zero, .zero, Offset(5)))
        #expect(turn.bytes == 300 && ends.unsyncedBytes == 200)
        let done = try after(events + [.synced], of: log()).ends
        #expect((done.synced, done.filed) == (Offset(3), Offset(3)))
        #expect(done.isDirty && done.isQueued)
    }

    @Test("the journal makes records durable, and neither their files nor the names of these")
    func journal() throws {
        let ends = try after(
            [.append(2, 100), .roll, .append(4, 100), .look, .begin, .journalled], of: log()
        ).ends
        #expect((ends.synced, ends.filed) == (Offset(4), .zero))
        #expect(ends.hasNewFile && ends.sealableEnd == .zero)
        #expect(!ends.mayJournal, "a segment waits to be sealed")
        let later = try after(
            [
                .append(2, 100), .roll, .append(4, 100), .look, .begin, .journalled, .look, .begin, .synced,
                .seal,
            ], of: log()
        ).ends
        #expect(later.filed == Offset(4) && !later.hasNewFile && later.sealableEnd == Offset(2))
        #expect(later.mayJournal)
    }

    @Test("a segment is sealable only when a sync of its own came after it was closed")
    func sealing() throws {
        let early = try after([.append(2, 100), .look, .begin, .roll, .synced], of: log()).ends
        #expect(early.unsealed == 1 && early.sealableEnd < Offset(2))
        let before = try after([.append(2, 100), .look, .begin, .synced, .append(3, 9), .roll], of: log())
            .ends
        #expect(before.sealableEnd < Offset(3))
    }

    @Test("bytes that nobody will sync are told once, whatever became of them", arguments: [0, 1, 2])
    func settledBytes(_ way: Int) throws {
        let event: Event = [.failure, .close, .filed(4)][way]
        var ends = try after([.append(4, 400)], of: log()).ends
        if way == 2 { ends.synced(to: Offset(4), at: nil, hasName: false) }
        ends = try after([event], of: ends).ends
        #expect(ends.takeSettledBytes() == 400)
        #expect(ends.takeSettledBytes() == 0)
        #expect(ends.unsyncedBytes == 0)
    }

    @Test("the first failure is the one that counts, and a closed log takes nothing")
    func failures() throws {
        var ends = try after([.append(1, 10)], of: log()).ends
        ends.failed(.reserveReached(path: "first"))
        ends.failed(.reserveReached(path: "second"))
        #expect(ends.failure == .reserveReached(path: "first") && !ends.isWritable)
        #expect(!(try after([.close], of: log()).ends.isWritable))
    }

    @Test(
        "a roll that failed keeps the journal out until names are durable, and so does a journal that is left"
    )
    func doubt() throws {
        #expect(!(try after([.rollFailure], of: log()).ends.mayJournal))
        let events: [Event] = [.rollFailure, .append(1, 10), .look, .begin]
        #expect(try after(events + [.synced], of: log()).ends.mayJournal)
        #expect(!(try after(events + [.journalled], of: log()).ends.mayJournal))
        #expect(!(try after([.leaveJournal(true)], of: log()).ends.mayJournal))
        #expect(try after([.leaveJournal(true), .leaveJournal(false)], of: log()).ends.mayJournal)
    }

    @Test("the trace of a failed append is gone when a sync takes the open file on")
    func trace() throws {
        #expect(try after([.cutOff], of: log()).ends.hasTrace)
        #expect(!(try after([.cutOff, .append(1, 1), .look, .begin], of: log()).ends.hasTrace))
        var ends = try after([.cutOff], of: log()).ends
        _ = ends.began(withActive: false)
        #expect(ends.hasTrace)
    }

    @Test(
        "a start moves forward, and not beyond the end",
        arguments: [(Int64.min, 2), (0, 2), (3, 3), (7, 7), (8, 7), (Int64.max, 7)] as [(Int64, Int64)])
    func trims(_ wanted: Int64, _ start: Int64) throws {
        #expect(try after([.trim(wanted)], of: log(2, 7)).ends.start == Offset(start))
    }

    @Test(
        "what a start leaves unsynced begins where something durable was",
        arguments: [(0, 2), (2, 2), (5, 5), (9, 7)] as [(Int64, Int64)])
    func leftUnsynced(_ durable: Int64, _ synced: Int64) throws {
        var ends = log(2, 7)
        ends.leftUnsynced(beyond: Offset(durable), unsealed: 1)
        try ends.checkInvariants()
        #expect(ends.synced == Offset(synced) && ends.filed == Offset(synced))
        #expect(ends.isDirty && ends.syncedPlace == nil)
    }

    @Test("what no order of events may lead to is found", arguments: 0..<5)
    func violations(_ number: Int) {
        var ends = log(0, 4)
        switch number {
        case 0: ends.synced(to: Offset(5), at: nil, hasName: false)
        case 1: ends.filed(to: Offset(5), hasNewestName: false)
        case 2: ends.sealed()
        case 3:
            _ = ends.appended(10, to: Offset(5), isCounted: true)
            ends.wasLookedAt()
        default:
            ends.closed()
            _ = ends.appended(10, to: Offset(5), isCounted: true)
        }
        #expect(throws: InvariantViolation.self) { try ends.checkInvariants() }
    }
}
