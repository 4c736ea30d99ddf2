// Metadata of all topics, which is not made of values of a message, beside Metadata of the same topics by
// name.
import Base
import Protocol
import TestSupport
import Testing

@testable import Broker

@Suite("Metadata of all topics", .endsHangs)
struct MetadataReplyTests {
    private func all(_ rig: BrokerRig, version: Int16) throws -> MetadataResponse {
        var request = MetadataRequest()
        request.topics = version == 0 ? [] : nil
        request.includeTopicAuthorizedOperations = version >= 8
        return try rig.ask(request, version: version, MetadataResponse.self)
    }

    private func named(_ names: [Name], _ rig: BrokerRig, version: Int16) throws -> MetadataResponse {
        var request = MetadataRequest()
        request.topics = names.map { name in
            var topic = MetadataRequest.MetadataRequestTopic()
            topic.name = name
            return topic
        }
        request.includeTopicAuthorizedOperations = version >= 8
        request.allowAutoTopicCreation = false
        return try rig.ask(request, version: version, MetadataResponse.self)
    }

    private func printed(_ reply: MetadataResponse, version: Int16) throws -> [UInt8] {
        try reply.bytes(version: version)
    }

    @Test("it is what Metadata of each of them by name is, in every version, and follows every change")
    func isTheSame() throws {
        let rig = try BrokerRig()
        // More partitions and fewer, one after another, as what is told of one is written over by the next.
        let counts: [Int32] = [1, 3, 2, 7, 1]
        var names = counts.indices.map { Name("topic-\($0)") }
        for (name, count) in zip(names, counts) { try rig.topic(name, partitions: count) }
        func compare() throws {
            for version in MetadataResponse.versions.range {
                let told = try all(rig, version: version)
                #expect(told.topics.map(\.name) == names.sorted())
                #expect(
                    try printed(told, version: version)
                        == printed(named(names.sorted(), rig, version: version), version: version))
            }
        }
        try compare()
        try rig.topic("between", partitions: 2, ["retention.ms": "1"])
        names.append("between")
        try compare()
        try rig.delete(names.removeFirst())
        try compare()
    }

    @Test("topics that are configured alike share what that amounts to, until one of them is changed")
    func sharesConfigurations() throws {
        let rig = try BrokerRig()
        let one = try rig.topic("one", ["retention.ms": "1000"])
        let other = try rig.topic("other", ["retention.ms": "1000"])
        let plain = try rig.topic("plain")
        #expect(one.configuration === other.configuration && one.configuration !== plain.configuration)
        #expect(one.settings.retentionMilliseconds == 1000)
    }
}
