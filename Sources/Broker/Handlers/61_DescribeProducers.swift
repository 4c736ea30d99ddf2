/// DescribeProducers (key 61, v0): the producers that are known to partitions (KIP-664).
import Base
import Network
import Protocol
internal import Security
internal import Storage

enum DescribeProducersHandler: RequestHandler {
    typealias Request = DescribeProducersRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .needed { request in
        request.topics.map { (TopicReference(name: $0.name, id: .zero), $0.partitionIndexes) }
    }
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        let there = context.topics
        return EntryBytes.sum(of: request.topics, limitBytes) { named in
            let topic = there[named.name]
            let header = EntryBytes.topic + EntryBytes.refusal + 2 * named.name.utf8.count
            return EntryBytes.topic + named.name.utf8.count
                + EntryBytes.sum(of: named.partitionIndexes, limitBytes) { index in
                    header + (topic?.partition(index)?.log?.producerCount ?? 0) * EntryBytes.partition
                }
        }
    }

    static func handle(
        _ request: DescribeProducersRequest, _ context: RequestContext
    ) -> Outcome<DescribeProducersResponse> {
        let there = context.topics
        var response = DescribeProducersResponse()
        response.topics = request.topics.map { asked in
            var topic = DescribeProducersResponse.TopicResponse()
            topic.name = asked.name
            let refusal = refusal(of: asked.name, there, context)
            topic.partitions = asked.partitionIndexes.map { index in
                describe(
                    TopicPartition(topic: asked.name, partition: PartitionIndex(index)), refusal, context)
            }
            return topic
        }
        return .now(response)
    }

    /// Why nothing is told of a topic; nil if something is.
    private static func refusal(
        of name: Name, _ topics: TopicDirectory, _ context: RequestContext
    ) -> Refusal? {
        do throws(Refusal) { try TopicName.check(name) } catch { return error }
        guard context.authorize(.read, .topic(name)) else { return .mayNotRead }
        return topics[name] == nil ? .notHosted : nil
    }

    private static func describe(
        _ id: TopicPartition, _ refusal: Refusal?, _ context: RequestContext
    ) -> DescribeProducersResponse.PartitionResponse {
        var partition = DescribeProducersResponse.PartitionResponse()
        partition.partitionIndex = id.partition.value
        do throws(Refusal) {
            if let refusal { throw refusal }
            let producers = try context.administration.describeProducers(of: id)
            partition.activeProducers = producers.map { .init($0) }
        } catch {
            (partition.errorCode, partition.errorMessage) = (error.code.rawValue, error.message)
        }
        return partition
    }
}

extension DescribeProducersResponse.ProducerState {
    fileprivate init(_ producer: KnownProducer) {
        self.init()
        producerID = producer.id.value
        producerEpoch = Int32(producer.epoch)
        lastSequence = producer.lastSequence
        lastTimestamp = producer.lastTimestamp.milliseconds
        coordinatorEpoch = producer.coordinatorEpoch
        currentTxnStartOffset = producer.transactionStart?.value ?? -1
    }
}

extension Refusal {
    fileprivate static let mayNotRead = Refusal(
        code: .topicAuthorizationFailed, message: "Topic authorization failed.")
    fileprivate static let notHosted = Refusal(
        code: .unknownTopicOrPartition, message: "This server does not host this topic-partition.")
}
