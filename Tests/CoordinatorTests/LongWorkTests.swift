// Work that takes long goes in slices, between which others are served.
import Base
import Protocol
import Testing

@testable import Coordinator

@Suite("Long work of a shard goes in slices")
struct LongWorkTests {
    private static let count = 2 * SliceLimits.stepsMax + 500

    /// What takes long.
    private enum Work: String, CaseIterable {
        case commit, offsetDeletion, groupDeletion, listing, topicDeletion, topicsKnown, expiry
    }

    private static func commit(_ group: Name, _ count: Int, topic: TopicID = .zero) -> GroupRequest {
        var request = OffsetCommitRequest()
        request.groupID = group
        request.generationIDOrMemberEpoch = -1
        // Topics of one partition and of many, so that a slice ends in either.
        request.topics = [1, 1, max(0, count - 2)].enumerated().map { number, count in
            var asked = OffsetCommitRequest.OffsetCommitRequestTopic()
            asked.name = Name("t\(number)")
            asked.topicID = topic
            asked.partitions = (0..<Int32(count)).map { index in
                var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
                partition.partitionIndex = index
                partition.committedOffset = 5
                return partition
            }
            return asked
        }
        return .commitOffsets(request, version: 8)
    }

    private static func offsetDeletion(_ count: Int) -> GroupRequest {
        guard case .commitOffsets(let commit, _) = Self.commit("g", count) else { return .delete("g") }
        let places = commit.topics.map {
            OffsetPlaces(topic: $0.name, partitions: $0.partitions.map(\.partitionIndex))
        }
        return .deleteOffsets(of: "g", places)
    }

    /// Does all that is left; the last reply, and how many decisions it took.
    private func finish(_ rig: inout ConsumerRig, works: Int = 1) -> (reply: GroupReply?, slices: Int) {
        var (reply, slices) = (nil as GroupReply?, 0)
        while let decision = rig.goOn() {
            // The end of a group is a record too.
            #expect(decision.records.count <= works * SliceLimits.stepsMax + 1)
            reply = decision.replies.last?.reply ?? reply
            slices += 1
        }
        return (reply, slices)
    }

    /// A shard in which the work finds something to do.
    private func rig(for work: Work) -> ConsumerRig {
        var rig = ConsumerRig()
        switch work {
        case .commit: break
        case .listing: for number in 0..<Self.count { _ = rig.request(Self.commit(Name("g\(number)"), 1)) }
        case .topicsKnown:
            _ = rig.request(Self.commit("g", Self.count, topic: TopicID(high: 1, low: 1)))
            _ = finish(&rig)
        case .offsetDeletion, .groupDeletion, .topicDeletion, .expiry:
            _ = rig.request(Self.commit("g", Self.count))
            _ = finish(&rig)
        }
        return rig
    }

    private func begin(_ work: Work, _ rig: inout ConsumerRig) -> GroupDecision {
        let token = ReplyToken(1_000_000)
        switch work {
        case .commit: return rig.send(.request(Self.commit("g", Self.count), token))
        case .offsetDeletion: return rig.send(.request(Self.offsetDeletion(Self.count), token))
        case .groupDeletion: return rig.send(.request(.delete("g"), token))
        case .listing: return rig.send(.request(.list(GroupFilter()), token))
        case .topicDeletion: return rig.send(.topicsDeleted(["t0", "t1", "t2"]))
        case .topicsKnown: return rig.send(.topicsKnown([:]))
        case .expiry:
            rig.skip(8 * 86_400)
            return rig.send(.expiryDue)
        }
    }

    @Test("no decision does more than a slice, and in the end all is done", arguments: Work.allCases)
    private func bounded(_ work: Work) throws {
        var rig = rig(for: work)
        let first = begin(work, &rig)
        #expect(first.records.count <= SliceLimits.stepsMax)
        #expect(first.replies.isEmpty)
        #expect(rig.shard.offsets["g"].count < Self.count || work == .listing)
        let (reply, slices) = finish(&rig)
        #expect((2...3).contains(slices))
        switch (work, reply) {
        case (.commit, .commitOffsets(let reply)):
            #expect(reply.topics.map(\.partitions.count) == [1, 1, Self.count - 2])
            #expect(reply.topics[2].partitions.map(\.partitionIndex) == Array(0..<Int32(Self.count - 2)))
            #expect(reply.topics.flatMap(\.partitions).allSatisfy { $0.errorCode == 0 })
            #expect(rig.shard.offsets["g"].count == Self.count)
        case (.offsetDeletion, .deleteOffsets(let result)):
            #expect(try result.get().map(\.partitions.count) == [1, 1, Self.count - 2])
            #expect(rig.shard.offsets.isEmpty)
        case (.groupDeletion, .delete(let code)):
            #expect(code == .none)
            #expect(rig.shard.offsets.isEmpty && rig.shard.groups.count == 0)
        case (.listing, .list(let groups)):
            #expect(Set(groups.map(\.id)) == Set((0..<Self.count).map { Name("g\($0)") }))
        case (.topicDeletion, nil), (.topicsKnown, nil): #expect(rig.shard.offsets.isEmpty)
        case (.expiry, nil): #expect(rig.shard.offsets.isEmpty && rig.shard.groups.count == 0)
        default: Issue.record("another reply: \(String(describing: reply))")
        }
        try rig.checkReplay()
    }

    @Test("between two slices another group is served; who asks about the same one waits for the end")
    func order() throws {
        var rig = rig(for: .groupDeletion)
        _ = begin(.groupDeletion, &rig)
        #expect(rig.request(Self.commit("other", 1)).reply != nil)
        let waiting = [rig.request(Self.commit("g", 3)), rig.request(.describe("g"))]
        #expect(waiting.allSatisfy { $0.reply == nil && $0.records.isEmpty })
        var replies: [GroupReply] = []
        while let decision = rig.goOn() { replies += decision.replies.map(\.reply) }
        #expect(replies.count == 3)
        guard case .delete(let deleted) = replies[0], case .commitOffsets(let committed) = replies[1],
            case .describe(let described) = replies[2]
        else {
            Issue.record("another order")
            return
        }
        #expect(deleted == .none)
        #expect(Set(committed.topics.flatMap(\.partitions).map(\.errorCode)) == [0])
        #expect(throws: Never.self) { try described.described.get() }
        // What was committed behind the deletion is what there is now.
        #expect(rig.shard.offsets["g"].count == 3)
        try rig.checkReplay()
    }

    @Test("one that takes long itself has those behind it wait for it too")
    func chain() throws {
        var rig = rig(for: .groupDeletion)
        _ = begin(.groupDeletion, &rig)
        _ = rig.request(Self.commit("g", Self.count))
        _ = rig.request(.delete("g"))
        let (reply, slices) = finish(&rig, works: 2)
        #expect(slices == 6)
        guard case .delete(let code)? = reply else {
            Issue.record("another reply")
            return
        }
        #expect(code == .none)
        #expect(rig.shard.offsets.isEmpty)
        try rig.checkReplay()
    }

    @Test("offsets of a topic that is made anew while those of its forerunner are forgotten stay")
    func madeAnew() throws {
        var rig = rig(for: .topicDeletion)
        _ = begin(.topicDeletion, &rig)
        let id = TopicID(high: 7, low: 7)
        _ = rig.request(Self.commit("g", Self.count, topic: id))
        _ = finish(&rig)
        #expect(rig.shard.offsets["g"].count == Self.count)
        #expect(rig.shard.offsets["g", "t2", 0]?.topicID == id)
        try rig.checkReplay()
    }

    @Test("work of before a restart is not gone on with", arguments: Work.allCases)
    private func restarted(_ work: Work) throws {
        var rig = rig(for: work)
        _ = begin(work, &rig)
        rig.restart()
        let left = rig.shard.offsets["g"].count
        #expect(rig.goOn()?.records.isEmpty == true)
        #expect(rig.shard.offsets["g"].count == left)
    }

    @Test("the next expiry is known when all groups were looked at")
    func nextExpiry() {
        var rig = rig(for: .listing)
        _ = rig.send(.expiryDue)
        #expect(rig.shard.isExpiring)
        _ = finish(&rig)
        #expect(!rig.shard.isExpiring)
        #expect(rig.shard.nextExpiry == Timestamp(milliseconds: rig.now.wall.milliseconds + 7 * 86_400_000))
    }
}
