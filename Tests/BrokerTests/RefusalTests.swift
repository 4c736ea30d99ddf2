// Why requests are refused, as Apache Kafka 4.3.1 says it.
import Base
import Protocol
import Testing

@testable import Broker

@Suite("what Kafka refuses, and how")
struct RefusalTests {
    @Test(
        "a key of the share coordinator names a group, the id of a topic, and a partition",
        arguments: [
            ("g:AAAAAAAAAAAAAAAAAAAAAQ:0", true), ("g", false), ("", false),
            (":AAAAAAAAAAAAAAAAAAAAAQ:0", false), (" :AAAAAAAAAAAAAAAAAAAAAQ:0", false), ("g:x:0", false),
            ("g:AAAAAAAAAAAAAAAAAAAAAQ:a", false), ("g:AAAAAAAAAAAAAAAAAAAAAQ:-1", true),
            ("a:g:AAAAAAAAAAAAAAAAAAAAAQ:0", true), ("g:AAAAAAAAAAAAAAAAAAAAAQ:0:", true),
            ("g:AAAAAAAAAAAAAAAAAAAAAQ:+1", true), ("g:AAAAAAAAAAAAAAAAAAAAAA:0", true),
            ("g:AAAAAAAAAAAAAAAAAAAAAQ: 1", false), ("g: AAAAAAAAAAAAAAAAAAAAAQ:1", false),
            ("g:AAAAAAAAAAAAAAAAAAAAAQ:99999999999", false), ("g:AAAAAAAAAAAAAAAAAAAAAQ", false),
            ("g:AAAAAAAAAAAAAAAAAAAAAQ:", false), ("g:AAAA:0", false), ("g:AAAAAAAAAAAAAAAAAAAAAR:0", true),
        ] as [(Name, Bool)])
    func shareKeys(_ key: Name, _ isGood: Bool) {
        #expect(FindCoordinatorHandler.isSharePartition(key) == isGood)
    }

    @Test("a Metadata request that fails as a whole says so, from version 13 on")
    func metadata() throws {
        let rig = try BrokerRig()
        let client = try rig.connect()
        var request = MetadataRequest()
        request.topics = [MetadataRequest.MetadataRequestTopic()]
        request.topics?[0].name = nil
        for version in [Int16(12), 13] {
            try client.send(request, version: version)
            let reply = try #require(try client.reply(MetadataResponse.self, version: version))
            #expect(reply.errorCode == (version < 13 ? 0 : ErrorCode.unknownServerError.rawValue))
            #expect(reply.topics.map(\.errorCode) == [ErrorCode.unknownServerError.rawValue])
        }
    }

    @Test(
        "an isolation level that there is not fails a fetch only where there is something to read",
        arguments: [("t", ErrorCode.unknownServerError), ("nowhere", .unknownTopicOrPartition)]
            as [(Name, ErrorCode)])
    func isolation(_ topic: Name, _ code: ErrorCode) throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        var request = FetchRequest(topic, from: 0, maxWait: 0)
        request.isolationLevel = -1
        try client.send(request, version: 4)
        let reply = try #require(try client.reply(FetchResponse.self, version: 4))
        #expect(reply.responses.flatMap(\.partitions).map(\.errorCode) == [code.rawValue])
    }
}
