// Arrays whose elements are written one by one, apart from their message.
import Base
import Protocol
import Testing

@Suite("elements that are written apart")
struct ExternalElementsTests {
    private func topic(_ number: Int) -> MetadataResponse.MetadataResponseTopic {
        var topic = MetadataResponse.MetadataResponseTopic()
        topic.name = Name("topic-\(number)")
        topic.topicID = UUID(high: 1, low: UInt64(number))
        topic.partitions = (0..<Int32(number % 4)).map { index in
            var partition = MetadataResponse.MetadataResponsePartition()
            partition.partitionIndex = index
            partition.replicaNodes = [1]
            partition.isrNodes = [1]
            return partition
        }
        return topic
    }

    private func reply() -> MetadataResponse {
        var reply = MetadataResponse()
        var broker = MetadataResponse.MetadataResponseBroker()
        broker.host = "localhost"
        reply.brokers = [broker]
        reply.clusterID = "c"
        return reply
    }

    @Test(
        "a frame with them is byte by byte the one of the whole message, in every version",
        arguments: [0, 1, 127, 128, 5_000])
    func isTheWholeFrame(count: Int) throws {
        for version in MetadataResponse.versions.range {
            var whole = reply()
            whole.topics = (0..<count).map(topic)
            var writer = try MetadataResponse.topicsWriter(version: version)
            for number in 0..<count {
                var topic = topic(number)
                try MetadataResponse.write(&topic, with: &writer)
            }
            let elements = writer.finish()
            #expect(elements.count == count)
            #expect(elements.byteCount == elements.pieces.reduce(0) { $0 + $1.count })
            let frame = try reply().frame(correlationID: 7, version: version, with: elements)
            let cut = try #require(frame.cuts.first?.position)
            #expect(frame.cuts.count == 1)
            let bytes = frame.bytes[..<cut] + elements.pieces.joined() + frame.bytes[cut...]
            #expect(Array(bytes) == (try whole.frame(correlationID: 7, version: version).bytes))
        }
    }

    @Test("a version that the message does not have is refused")
    func refusesVersions() {
        #expect(throws: WireError.self) { _ = try MetadataResponse.topicsWriter(version: 99) }
    }
}
