// Names that Swift's strings take for one, from the wire through the broker.
import Base
import Protocol
import Storage
import Testing

@testable import Broker
@testable import LocalStorage

@Suite("A broker tells names apart by their bytes")
struct NameIdentityTests {
    private static let composed: Name = "caf\u{e9}"
    private static let decomposed: Name = "cafe\u{301}"

    private func committed(_ rig: BrokerRig, _ client: RigClient, _ groups: [Name]) throws -> [Int64] {
        var request = OffsetFetchRequest()
        request.groups = groups.map { name in
            var group = OffsetFetchRequest.OffsetFetchRequestGroup()
            group.groupID = name
            group.topics = nil
            return group
        }
        try client.send(request, version: 8)
        rig.flush()
        let reply = try #require(try client.reply(OffsetFetchResponse.self, version: 8))
        return groups.map { name in
            let group = reply.groups.first { $0.groupID == name }
            return group?.topics.first?.partitions.first?.committedOffset ?? -1
        }
    }

    @Test("two groups of one partition have offsets of their own, also after a restart")
    func groups() throws {
        let names = [Self.composed, Self.decomposed]
        let rig = try BrokerRig { $0.offsetsPartitions = 1 }
        try rig.topic("t")
        try rig.topic(GroupHost.topicName, partitions: 1)
        let client = try rig.connect()
        for (index, name) in names.enumerated() {
            var request = OffsetCommitRequest()
            request.groupID = name
            var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
            topic.name = "t"
            var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
            partition.committedOffset = Int64(index) + 1
            topic.partitions = [partition]
            request.topics = [topic]
            try client.send(request, version: 8)
            rig.flush()
            _ = try client.reply(OffsetCommitResponse.self, version: 8)
        }
        #expect(try committed(rig, client, names) == [1, 2])
        try client.send(ListGroupsRequest(), version: 4)
        let listed = try #require(try client.reply(ListGroupsResponse.self, version: 4))
        #expect(Set(listed.groups.map(\.groupID)) == Set(names))
        client.vanish()
        rig.storage.abandon()
        let again = try BrokerRig(on: rig.disk) { $0.offsetsPartitions = 1 }
        #expect(try committed(again, try again.connect(), names) == [1, 2])
    }

    @Test("the topic K is not found under the sign of the unit kelvin")
    func topics() throws {
        let rig = try BrokerRig()
        try rig.topic("K")
        let client = try rig.connect()
        try client.send(try ProduceRequest("\u{212a}", acks: 1), version: 8)
        rig.flush()
        #expect(try client.produced() == [.failed(.unknownTopicOrPartition)])
        var request = MetadataRequest()
        request.topics = (["K", "\u{212a}"] as [Name]).map { name in
            var topic = MetadataRequest.MetadataRequestTopic()
            topic.name = name
            return topic
        }
        try client.send(request, version: 9)
        rig.flush()
        let reply = try #require(try client.reply(MetadataResponse.self, version: 9))
        let codes = Dictionary(reply.topics.map { ($0.name ?? "", $0.errorCode) }) { first, _ in first }
        #expect(codes == ["K": 0, "\u{212a}": ErrorCode.invalidTopicException.rawValue])
    }

    @Test("two topics of one request are no duplicates of each other, but each invalid by itself")
    func creation() throws {
        let rig = try BrokerRig()
        let client = try rig.connect()
        var request = CreateTopicsRequest()
        request.topics = [Self.composed, Self.decomposed].map { name in
            var topic = CreateTopicsRequest.CreatableTopic()
            topic.name = name
            topic.numPartitions = 1
            topic.replicationFactor = 1
            return topic
        }
        try client.send(request, version: 5)
        var reply: CreateTopicsResponse?
        for _ in 0..<1_000 where reply == nil {
            rig.flush()
            reply = try client.reply(CreateTopicsResponse.self, version: 5)
        }
        let codes = try #require(reply).topics.map(\.errorCode)
        #expect(
            codes == [ErrorCode.invalidTopicException.rawValue, ErrorCode.invalidTopicException.rawValue])
    }
}
