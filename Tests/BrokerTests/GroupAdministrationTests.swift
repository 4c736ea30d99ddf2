// Administration of groups, called as a console would: what comes of it, why not, and that clients are told
// the same.
import Base
import Coordinator
import Protocol
import Simulation
import Storage
import TestSupport
import Testing

@testable import Broker
@testable import Network

@Suite("administration of groups", .endsHangs)
struct GroupAdministrationTests {
    private static let groups: [Name] = ["a", "b"]
    private static let topics: [Name] = ["t", "u"]

    /// Two classic groups with offsets, one with a member, and a consumer group.
    private func rig() throws -> BrokerRig {
        let rig = try BrokerRig { $0.offsetsPartitions = 2 }
        for topic in Self.topics { try rig.topic(topic, partitions: 2) }
        let client = try rig.connect()
        for group in Self.groups {
            var commit = OffsetCommitRequest()
            commit.groupID = group
            commit.topics = Self.topics.map { name in
                var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
                topic.name = name
                topic.partitions = [.init()]
                return topic
            }
            try client.send(commit, version: 8)
            let reply = try #require(try client.reply(to: OffsetCommitRequest.self, 8, rig))
            try #require(reply.topics.flatMap(\.partitions).allSatisfy { $0.errorCode == 0 })
        }
        try join(client, rig)
        var beat = ConsumerGroupHeartbeatRequest()
        (beat.groupID, beat.memberID, beat.rebalanceTimeoutMs) = ("c", "member", 1000)
        beat.subscribedTopicNames = ["t"]
        beat.topicPartitions = []
        try client.send(beat, version: 1)
        let beaten = try #require(try client.reply(to: ConsumerGroupHeartbeatRequest.self, 1, rig))
        try #require(beaten.errorCode == 0)
        return rig
    }

    private func join(_ client: RigClient, _ rig: BrokerRig) throws {
        var join = JoinGroupRequest()
        (join.groupID, join.protocolType) = ("m", "consumer")
        (join.sessionTimeoutMs, join.rebalanceTimeoutMs) = (300_000, 300_000)
        join.protocols = [.init()]
        join.protocols[0].name = "range"
        join.protocols[0].metadata = [1, 2, 3]
        try client.send(join, version: 3)
        let joined = try #require(try client.reply(to: JoinGroupRequest.self, 3, rig))
        var sync = SyncGroupRequest()
        (sync.groupID, sync.memberID, sync.generationID) = ("m", joined.memberID, joined.generationID)
        sync.assignments = [.init()]
        sync.assignments[0].memberID = joined.memberID
        sync.assignments[0].assignment = [4, 5]
        try client.send(sync, version: 2)
        let synced = try #require(try client.reply(to: SyncGroupRequest.self, 2, rig))
        try #require(synced.errorCode == 0)
    }

    private func ask<Request: RequestMessage>(
        _ request: Request, _ version: Int16, _ rig: BrokerRig
    ) throws -> Request.Reply {
        let client = try rig.connect()
        try client.send(request, version: version)
        return try #require(try client.reply(to: Request.self, version, rig))
    }

    private func denied(_ group: Name) -> ErrorCode? { group == "b" ? .groupAuthorizationFailed : nil }

    @Test("a list shows what its filter does, as ListGroups tells it", arguments: [true, false])
    func list(isFiltered: Bool) throws {
        let rig = try rig()
        let filter = isFiltered ? GroupFilter(states: ["eMPTY"], types: ["classic"]) : GroupFilter()
        let listing = try rig.value(of: rig.administration.listGroups(filter, answer: { $0 }))
        #expect(listing.groups.map(\.id) == (isFiltered ? ["a", "b"] : ["a", "b", "c", "m"]))
        #expect(listing.problem == nil)
        var request = ListGroupsRequest()
        if isFiltered { (request.statesFilter, request.typesFilter) = (["eMPTY"], ["classic"]) }
        let told = try ask(request, 5, rig).groups
        #expect(told.map(\.groupID) == listing.groups.map(\.id))
        #expect(told.map(\.groupState) == listing.groups.map(\.state))
        #expect(told.map(\.groupType) == listing.groups.map(\.kind.rawValue))
        #expect(told.map(\.protocolType) == listing.groups.map(\.protocolType))
    }

    @Test("where a shard cannot be asked a list says so, as ListGroups does, and has the others' groups")
    func problem() throws {
        let rig = try rig()
        rig.disk.fail(.sync, suffix: ".log", errno: 5)
        let outcomes = try rig.value(of: rig.administration.deleteGroups(["a"], answer: { $0 }))
        #expect(outcomes[0].refusal?.code == .coordinatorNotAvailable)
        let listing = try rig.value(of: rig.administration.listGroups(answer: { $0 }))
        #expect(listing.problem?.code == .coordinatorNotAvailable && listing.groups.map(\.id) == ["b"])
        let told = try ask(ListGroupsRequest(), 5, rig)
        #expect(told.errorCode == ErrorCode.coordinatorNotAvailable.rawValue)
        #expect(told.groups.map(\.groupID) == ["b"])
    }

    @Test("before somebody made use of groups there are none")
    func none() throws {
        let rig = try BrokerRig()
        #expect(try rig.value(of: rig.administration.listGroups(answer: { $0 })).groups.isEmpty)
        #expect(rig.broker.catalog.topics[GroupHost.topicName] == nil)
    }

    @Test("classic groups are described as DescribeGroups tells them")
    func classic() throws {
        let rig = try rig()
        let ids: [Name] = ["m", "a", "b", "c", "nowhere"]
        let described = try rig.value(
            of: rig.administration.describeGroups(ids, denial: denied, answer: { $0 }))
        #expect(
            described.map { $0.refusal?.code } == [
                nil, nil, .groupAuthorizationFailed, .groupIDNotFound, .groupIDNotFound,
            ])
        let group = try described[0].get()
        let member = try #require(group.members.first)
        #expect(group.state == .stable && group.protocolType == "consumer" && group.protocolName == "range")
        #expect(member.metadata == [1, 2, 3] && member.assignment == [4, 5] && member.client.id == "rig")
        #expect(try described[1].get().state == .empty)
        var request = DescribeGroupsRequest()
        request.groups = ids
        let told = try ask(request, 6, rig).groups
        #expect(told.map(\.groupID) == ids)
        #expect(told[0].members[0].memberID == member.id && told[0].members[0].memberMetadata == [1, 2, 3])
        for (told, described) in zip(told, described) where told.groupID != "b" {
            #expect(told.errorCode == (described.refusal?.code ?? .none).rawValue)
            #expect(told.errorMessage == described.refusal?.message)
            #expect(told.groupState == ((try? described.get().state) ?? .dead).rawValue)
        }
    }

    @Test("consumer groups are described as ConsumerGroupDescribe tells them")
    func consumers() throws {
        let rig = try rig()
        let ids: [Name] = ["c", "a", "b", "", "nowhere"]
        let described = try rig.value(
            of: rig.administration.describeConsumerGroups(ids, denial: denied, answer: { $0 }))
        #expect(
            described.map { $0.refusal?.code } == [
                nil, .groupIDNotFound, .groupAuthorizationFailed, .invalidGroupID, .groupIDNotFound,
            ])
        let group = try described[0].get()
        let member = try #require(group.members.first)
        #expect(member.id == "member" && member.subscribedTopics == ["t"] && !member.isClassic)
        #expect(member.target.map(\.name) == ["t"] && member.target[0].partitions == [0, 1])
        var request = ConsumerGroupDescribeRequest()
        request.groupIDs = ids
        let told = try ask(request, 1, rig).groups
        #expect(told.map(\.groupID) == ids)
        #expect(told[0].groupEpoch == group.epoch && told[0].groupState == group.state.rawValue)
        #expect(told[0].members[0].targetAssignment.topicPartitions[0].topicID == member.target[0].id)
        for (told, described) in zip(told, described) where told.groupID != "b" {
            #expect(told.errorCode == (described.refusal?.code ?? .none).rawValue)
            #expect(told.errorMessage == described.refusal?.message)
        }
    }

    @Test("groups without members are deleted, and DeleteGroups tells the same of the others")
    func deletion() throws {
        let (called, asked) = (try rig(), try rig())
        let ids: [Name] = ["a", "m", "c", "nowhere"]
        let outcomes = try called.value(of: called.administration.deleteGroups(ids, answer: { $0 }))
        #expect(
            outcomes.map { $0.refusal?.code } == [nil, .nonEmptyGroup, .nonEmptyGroup, .groupIDNotFound])
        let kept = try called.value(
            of: called.administration.deleteGroups(["b"], denial: denied, answer: { $0 }))
        #expect(kept.map { $0.refusal?.code } == [.groupAuthorizationFailed])
        let left = try called.value(of: called.administration.listGroups(answer: { $0 })).groups.map(\.id)
        #expect(left == ["b", "c", "m"])
        var request = DeleteGroupsRequest()
        request.groupsNames = ids
        let told = try ask(request, 2, asked).results
        #expect(told.map(\.groupID) == ids)
        #expect(told.map(\.errorCode) == outcomes.map { ($0.refusal?.code ?? .none).rawValue })
    }

    @Test("offsets are deleted, and OffsetDelete tells the same")
    func offsets() throws {
        let (called, asked) = (try rig(), try rig())
        let wanted = [
            OffsetPlaces(topic: "t", partitions: [0, 7]), OffsetPlaces(topic: "nowhere", partitions: [0]),
            OffsetPlaces(topic: "t", partitions: [1]),
        ]
        func delete(_ group: Name) throws -> Result<[DeletedOffsets], Refusal> {
            try called.value(
                of: called.administration.deleteOffsets(
                    of: group, wanted, denial: { $0 == "u" ? .topicAuthorizationFailed : nil },
                    answer: { $0 }))
        }
        let done = try delete("a").get()
        #expect(done.map(\.topic) == ["t", "nowhere"])
        #expect(done[0].partitions.map(\.index) == [7, 0, 1])
        #expect(done[0].partitions.map(\.code) == [.unknownTopicOrPartition, .none, .none])
        #expect(done[1].partitions.map(\.code) == [.unknownTopicOrPartition])
        #expect(try delete("nowhere").refusal?.code == .groupIDNotFound)
        #expect(try delete("").refusal?.code == .invalidGroupID)
        let hidden = try called.value(
            of: called.administration.deleteOffsets(
                of: "a", [OffsetPlaces(topic: "u", partitions: [0])],
                denial: { $0 == "u" ? .topicAuthorizationFailed : nil }, answer: { $0 }))
        #expect(try hidden.get()[0].partitions.map(\.code) == [.topicAuthorizationFailed])
        var request = OffsetDeleteRequest()
        request.groupID = "a"
        request.topics = wanted.map { places in
            var topic = OffsetDeleteRequest.OffsetDeleteRequestTopic()
            topic.name = places.topic
            topic.partitions = places.partitions.map { index in
                var partition = OffsetDeleteRequest.OffsetDeleteRequestPartition()
                partition.partitionIndex = index
                return partition
            }
            return topic
        }
        let told = try ask(request, 0, asked).topics
        #expect(told.map(\.name) == done.map(\.topic))
        #expect(told.map { $0.partitions.map(\.partitionIndex) } == done.map { $0.partitions.map(\.index) })
        let codes = done.map { $0.partitions.map(\.code.rawValue) }
        #expect(told.map { $0.partitions.map(\.errorCode) } == codes)
    }

    @Test("a disk that stands still is waited for no longer than its limit")
    func hangingDisk() throws {
        let rig = try rig()
        let late = Awaited(rig.administration.deleteGroups(["a"], answer: { $0 }), on: rig.loop)
        let beside = Awaited(rig.administration.describeGroups(["a"], answer: { $0 }), on: rig.loop)
        rig.advance(milliseconds: DiskWait.limitMilliseconds - 1)
        #expect(late.value == nil)
        // The timer of a shard comes round once in a limit.
        for _ in 0..<2 { rig.advance(milliseconds: DiskWait.limitMilliseconds) }
        #expect(late.value?.map { $0.refusal?.code } == [.coordinatorNotAvailable])
        #expect(beside.value != nil)
    }
}
