// Requests that leave no time for what they ask for. Apache Kafka 4.3.1 answers REQUEST_TIMED_OUT to them in
// each of its versions, and does nothing.
import Base
import Protocol
import Testing

@testable import Broker

struct RequestTimeoutTests {
    private static let timeouts: [Int32] = [0, -1, .min]

    @Test(
        "CreateTopics without time creates nothing", arguments: APIKey.createTopics.served ?? 0...0, timeouts)
    func creation(version: Int16, timeout: Int32) throws {
        let rig = try BrokerRig()
        let client = try rig.connect()
        var request = CreateTopicsRequest()
        request.topics = (["new", "no name!"] as [Name]).map { name in
            var topic = CreateTopicsRequest.CreatableTopic()
            (topic.name, topic.numPartitions, topic.replicationFactor) = (name, 1, 1)
            return topic
        }
        request.timeoutMs = timeout
        try client.send(request, version: version)
        rig.flush()
        let reply = try #require(try client.reply(CreateTopicsResponse.self, version: version))
        #expect(reply.topics.map(\.name) == ["new", "no name!"])
        for topic in reply.topics {
            #expect(topic.errorCode == ErrorCode.requestTimedOut.rawValue)
            #expect(version < 1 || topic.errorMessage == nil)
            #expect(version < 5 || topic.configs?.isEmpty == true && topic.numPartitions == -1)
        }
        #expect(rig.broker.catalog.topics["new"] == nil)
    }

    @Test(
        "DeleteTopics without time deletes nothing", arguments: APIKey.deleteTopics.served ?? 0...0, timeouts)
    func deletion(version: Int16, timeout: Int32) throws {
        let rig = try BrokerRig()
        let topic = try rig.topic("old")
        let client = try rig.connect()
        var request = DeleteTopicsRequest()
        request.topicNames = ["old", "unknown"]
        for (name, id) in [("old", .zero), ("unknown", .zero), (nil, topic.id)] as [(Name?, UUID)] {
            var state = DeleteTopicsRequest.DeleteTopicState()
            (state.name, state.topicID) = (name, id)
            request.topics.append(state)
        }
        request.timeoutMs = timeout
        try client.send(request, version: version)
        rig.flush()
        let reply = try #require(try client.reply(DeleteTopicsResponse.self, version: version))
        #expect(reply.responses.count == (version < 6 ? 2 : 3))
        for result in reply.responses {
            #expect(result.errorCode == ErrorCode.requestTimedOut.rawValue)
            #expect(version < 5 || result.errorMessage == nil)
        }
        #expect(rig.broker.catalog.topics["old"]?.id == topic.id)
    }
}
