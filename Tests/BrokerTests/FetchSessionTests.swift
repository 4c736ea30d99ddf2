import Base
import Testing

@testable import Broker

@Suite("fetch sessions")
struct FetchSessionTests {
    private func target(_ partition: Int32, offset: Int64 = 0) -> FetchTarget {
        FetchTarget(
            key: .init(topicName: "t", topicID: .zero, partition: partition), fetchOffset: Offset(offset),
            maxBytes: 100,
            currentLeaderEpoch: -1, lastFetchedEpoch: -1)
    }

    private func targets(_ partitions: Range<Int32>) -> [FetchTarget] { partitions.map { target($0) } }

    @Test("an incremental request changes, adds and forgets partitions")
    func incremental() throws {
        let cache = FetchSessionCache(slots: 2)
        let id = cache.open(targets(0..<3), usesTopicIDs: false, at: 0)
        #expect(id > 0)
        let now = try cache.advance(
            id, epoch: 1, updating: [target(1, offset: 7), target(9)], forgetting: [target(0).key],
            usesTopicIDs: false, at: 1)
        #expect(now.map(\.key.partition) == [1, 2, 9])
        #expect(now.first?.fetchOffset == Offset(7))
    }

    @Test("wrong ids, epochs and ways to name topics are refused")
    func refusals() throws {
        let cache = FetchSessionCache(slots: 2)
        let id = cache.open(targets(0..<1), usesTopicIDs: true, at: 0)
        func advance(_ id: Int32, _ epoch: Int32, ids: Bool = true) throws {
            _ = try cache.advance(
                id, epoch: epoch, updating: targets(0..<1), forgetting: [], usesTopicIDs: ids, at: 1)
        }
        #expect(throws: FetchSessionCache.Refusal.unknownSession) { try advance(id &+ 1, 1) }
        #expect(throws: FetchSessionCache.Refusal.wrongEpoch) { try advance(id, 2) }
        #expect(throws: FetchSessionCache.Refusal.mixedTopicIDs) { try advance(id, 1, ids: false) }
        // Also where the request names nothing itself.
        #expect(throws: FetchSessionCache.Refusal.mixedTopicIDs) {
            try cache.advance(id, epoch: 1, updating: [], forgetting: [], usesTopicIDs: false, at: 1)
        }
        try advance(id, 1)
        #expect(throws: FetchSessionCache.Refusal.wrongEpoch) { try advance(id, 1) }
    }

    @Test("sessions hold so many partitions together; beyond that there is none, and those that go make room")
    func boundedTogether() throws {
        let cache = FetchSessionCache(slots: 10, partitionsMax: 10)
        let first = cache.open(targets(0..<6), usesTopicIDs: false, at: 0)
        #expect(first > 0)
        #expect(cache.open(targets(0..<5), usesTopicIDs: false, at: 0) == 0)
        let second = cache.open(targets(0..<4), usesTopicIDs: false, at: 0)
        #expect(second > 0)
        #expect(throws: FetchSessionCache.Refusal.unknownSession) {
            _ = try cache.advance(
                second, epoch: 1, updating: [target(9)], forgetting: [], usesTopicIDs: false, at: 1)
        }
        _ = try cache.advance(
            first, epoch: 1, updating: [], forgetting: [target(0).key], usesTopicIDs: false, at: 1)
        #expect(cache.open(targets(0..<5), usesTopicIDs: false, at: 2) > 0)
        cache.close(first)
        #expect(cache.open(targets(0..<5), usesTopicIDs: false, at: 2) > 0)
        #expect(cache.open(targets(0..<1), usesTopicIDs: false, at: 2) == 0)
    }

    @Test("a session that forgot everything is gone")
    func emptied() throws {
        let cache = FetchSessionCache(slots: 2)
        let id = cache.open(targets(0..<1), usesTopicIDs: false, at: 0)
        let now = try cache.advance(
            id, epoch: 1, updating: [], forgetting: [target(0).key], usesTopicIDs: false, at: 1)
        #expect(now.isEmpty)
        #expect(cache.count == 0)
    }

    @Test("a full cache gives no session until one has been idle for two minutes")
    func eviction() {
        let cache = FetchSessionCache(slots: 1)
        let first = cache.open(targets(0..<1), usesTopicIDs: false, at: 0)
        #expect(cache.open(targets(0..<1), usesTopicIDs: false, at: FetchSessionCache.idleNanoseconds) == 0)
        let second = cache.open(
            targets(0..<1), usesTopicIDs: false, at: FetchSessionCache.idleNanoseconds + 1)
        #expect(second != 0 && second != first)
        #expect(cache.count == 1)
    }

    @Test("a partition is news when it has records, has moved, failed or recovered")
    func news() {
        var session = FetchSession(id: 1, usesTopicIDs: false, targets: targets(0..<1), at: 0)
        let key = target(0).key
        let before = FetchSession.Told(highWatermark: 5, logStart: 0)
        let after = FetchSession.Told(highWatermark: 6, logStart: 0)
        func isNews(_ told: FetchSession.Told, records: Bool = false, failed: Bool = false) -> Bool {
            session.isNews(key, byItself: records, failed: failed, now: told)
        }
        #expect(isNews(before))
        #expect(!isNews(before))
        #expect(isNews(before, records: true))
        #expect(isNews(after))
        #expect(!isNews(after))
        #expect(isNews(after, failed: true))
        #expect(isNews(after))
        #expect(!isNews(after))
    }

    @Test("served partitions go to the end, and epochs wrap to 1")
    func order() {
        var session = FetchSession(id: 1, usesTopicIDs: false, targets: targets(0..<4), at: 0)
        session.rotate(served: [target(0).key, target(2).key])
        #expect(session.current.map(\.key.partition) == [1, 3, 0, 2])
        #expect(FetchSession.epoch(after: .max) == 1)
    }
}
