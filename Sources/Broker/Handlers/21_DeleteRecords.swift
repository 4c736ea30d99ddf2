/// DeleteRecords (key 21, v0–2): moves the start of partitions forward (KIP-107). v1 errors that clients may
/// retry · v2 flexible. The answer comes when the new starts are durable; the space is freed by retention.
import Base
import Network
import Protocol
import Storage

enum DeleteRecordsHandler: RequestHandler {
    typealias Request = DeleteRecordsRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .needed { request in
        request.topics.map { (TopicReference(name: $0.name, id: .zero), $0.partitions.map(\.partitionIndex)) }
    }
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) {
            EntryBytes.ofTopic($0.name, $0.partitions.count, of: EntryBytes.offset)
        }
    }

    /// The offset that stands for the high watermark.
    private static let highWatermark: Int64 = -1

    static func handle(_ request: DeleteRecordsRequest, _ context: RequestContext) -> Outcome<
        DeleteRecordsResponse
    > {
        let request = request.eachOnce
        let topics = context.topics
        // The high watermark is the durable end; what was acknowledged before this request can be deleted by
        // it, so the log's end as it is now is waited for.
        var ends: [(Partition, Offset)] = []
        for topic in request.topics where context.authorize(.delete, .topic(topic.name)) {
            for asked in topic.partitions {
                guard let partition = topics[topic.name]?.partition(asked.partitionIndex),
                    let bounds = partition.log?.bounds, bounds.highWatermark < bounds.logEnd,
                    asked.offset == highWatermark || asked.offset > bounds.highWatermark.value
                else { continue }
                ends.append((partition, bounds.logEnd))
            }
        }
        let reply = Deferred<DeleteRecordsResponse>()
        // The new starts are written to the disk, so all of it happens on the pool.
        let finish: @Sendable () -> Void = {
            context.broker.sockets.pool.run { reply.complete(answer(request, topics, context)) }
        }
        DiskWait.whenDurable(ends, for: reply, then: finish)
        return .later(
            DiskWait.limited(reply, on: context.loop) { refuseAll(request, .requestTimedOut) })
    }

    private static func answer(
        _ request: DeleteRecordsRequest, _ topics: TopicDirectory, _ context: RequestContext
    ) -> DeleteRecordsResponse {
        var response = DeleteRecordsResponse()
        response.topics = request.topics.map { asked in
            var topic = DeleteRecordsResponse.DeleteRecordsTopicResult()
            topic.name = asked.name
            let isAllowed = context.authorize(.delete, .topic(asked.name))
            topic.partitions = asked.partitions.map { partition in
                var result = DeleteRecordsResponse.DeleteRecordsPartitionResult()
                result.partitionIndex = partition.partitionIndex
                let outcome =
                    isAllowed
                    ? trim(partition, of: topics[asked.name]) : .failure(.topicAuthorizationFailed)
                result.set(outcome)
                return result
            }
            return topic
        }
        makeDurable(&response, context)
        return response
    }

    fileprivate enum Trimmed {
        case start(Offset)
        case failure(ErrorCode)
    }

    /// Moves the start of one partition, which is not durable yet.
    private static func trim(
        _ asked: DeleteRecordsRequest.DeleteRecordsPartition, of topic: Topic?
    ) -> Trimmed {
        guard let topic, let partition = topic.partition(asked.partitionIndex) else {
            return .failure(.unknownTopicOrPartition)
        }
        guard !topic.isInternal else { return .failure(.invalidTopicException) }
        guard let log = partition.log else { return .failure(.kafkaStorageError) }
        guard topic.settings.cleanupPolicy.contains(.delete) else { return .failure(.policyViolation) }
        let wanted = asked.offset == highWatermark ? log.bounds.highWatermark.value : asked.offset
        guard wanted >= 0 else { return .failure(.offsetOutOfRange) }
        do throws(StorageError) {
            try log.trim(to: Offset(wanted))
            return .start(log.bounds.logStart)
        } catch {
            return .failure(ErrorCode(error))
        }
    }

    /// Writes the new starts to the disk, and has retention free what lies before them.
    private static func makeDurable(_ response: inout DeleteRecordsResponse, _ context: RequestContext) {
        let hasMoved = response.topics.contains { $0.partitions.contains { $0.errorCode == 0 } }
        guard hasMoved else { return }
        do throws(StorageError) {
            try context.broker.storage.saveStarts()
        } catch {
            context.broker.logger.logLimited(
                .error, "delete_records.not_durable", ["reason": error.description])
            for topic in response.topics.indices {
                for partition in response.topics[topic].partitions.indices
                where response.topics[topic].partitions[partition].errorCode == 0 {
                    response.topics[topic].partitions[partition].set(.failure(.kafkaStorageError))
                }
            }
        }
        context.broker.storage.requestRetention()
    }

    private static func refuseAll(
        _ request: DeleteRecordsRequest, _ code: ErrorCode
    ) -> DeleteRecordsResponse {
        var response = DeleteRecordsResponse()
        response.topics = request.topics.map { asked in
            var topic = DeleteRecordsResponse.DeleteRecordsTopicResult()
            topic.name = asked.name
            topic.partitions = asked.partitions.map { partition in
                var result = DeleteRecordsResponse.DeleteRecordsPartitionResult()
                result.partitionIndex = partition.partitionIndex
                result.set(.failure(code))
                return result
            }
            return topic
        }
        return response
    }
}

extension DeleteRecordsRequest {
    /// The same with every topic and partition once.
    fileprivate var eachOnce: DeleteRecordsRequest {
        var asked = PartitionsOnce<Name, DeleteRecordsPartition>()
        for topic in topics {
            for partition in topic.partitions {
                asked.add(partition, partition.partitionIndex, of: topic.name)
            }
        }
        var once = self
        once.topics = asked.topics.map { name, partitions in
            var topic = DeleteRecordsTopic()
            topic.name = name
            topic.partitions = partitions
            return topic
        }
        return once
    }
}

extension DeleteRecordsResponse.DeleteRecordsPartitionResult {
    /// The new start, or -1 beside an error.
    fileprivate mutating func set(_ outcome: DeleteRecordsHandler.Trimmed) {
        switch outcome {
        case .start(let offset): (lowWatermark, errorCode) = (offset.value, 0)
        case .failure(let code): (lowWatermark, errorCode) = (-1, code.rawValue)
        }
    }
}
