/// Produce (key 0, v0–13): appends record batches. v0–2 message sets of magic 0 and 1, converted · v3
/// batches, transactional id · v5 log start offset · v7 zstd · v8 errors per record · v9 flexible · v10
/// leader hints · v13 topics by id.
internal import Base
internal import Network
internal import Protocol
internal import Records
internal import Storage

enum ProduceHandler {
    /// Which acknowledgement the producer wants.
    private enum Acks: Int16 {
        case none = 0
        case leader = 1
        case all = -1
    }

    static func handle(
        _ request: ProduceRequest, frame: inout MutableRawSpan, _ context: RequestContext
    ) -> Outcome<ProduceResponse> {
        guard let acks = Acks(rawValue: request.acks) else {
            return .now(refuseAll(request, .invalidRequiredAcks, context))
        }
        let topics = context.topics
        var attempt = ProduceAttempt(request, isAwaited: acks == .all, context)
        let storage = context.broker.storage
        storage.beginAppends()
        defer { storage.endAppends() }
        for data in request.topicData {
            let topic = context.version >= 13 ? topics[data.topicID] : topics[data.name]
            attempt.append(data, of: &frame, to: topic)
        }
        guard attempt.postponed.isEmpty else {
            return goOnLater(attempt, frame.bytes, acks, request.timeoutMs, context)
        }
        return outcome(of: attempt, acks, request.timeoutMs, context)
    }

    private static func outcome(
        of attempt: ProduceAttempt, _ acks: Acks, _ timeoutMilliseconds: Int32, _ context: RequestContext
    ) -> Outcome<ProduceResponse> {
        switch acks {
        case .none: return withoutReply(attempt.response)
        case .leader: return .now(attempt.response)
        case .all: return wait(attempt, timeoutMilliseconds, context)
        }
    }

    /// Has the pool check what is too much for this loop, and appends it afterwards.
    ///
    /// A client that is gone by then wanted its records appended all the same.
    private static func goOnLater(
        _ attempt: ProduceAttempt, _ frame: RawSpan, _ acks: Acks, _ timeoutMilliseconds: Int32,
        _ context: RequestContext
    ) -> Outcome<ProduceResponse> {
        let started = Deferred<Outcome<ProduceResponse>>()
        PoolChecks(attempt.postponed, of: frame, context).begin { results in
            var attempt = attempt
            attempt.append(results)
            started.complete(outcome(of: attempt, acks, timeoutMilliseconds, context))
        }
        return .starting(started)
    }

    /// With acks=0 there is no reply, so the only way to tell a producer of an error is to close its
    /// connection.
    private static func withoutReply(_ response: ProduceResponse) -> Outcome<ProduceResponse> {
        for topic in response.responses {
            for partition in topic.partitionResponses where partition.errorCode != 0 {
                return .close(
                    "acks=0 to \(topic.name)-\(partition.index) failed with error \(partition.errorCode)"
                )
            }
        }
        return .none
    }

    private static func wait(
        _ attempt: ProduceAttempt, _ timeoutMilliseconds: Int32, _ context: RequestContext
    ) -> Outcome<ProduceResponse> {
        let waits = attempt.waits
        guard !waits.isEmpty else { return .now(attempt.response) }
        let acknowledgement = Acknowledgement(attempt.response, waitingFor: waits.map(\.place))
        for (index, wait) in waits.enumerated() {
            wait.partition.whenDurable(wait.end, tell: acknowledgement, index: index)
        }
        let timer = context.loop.schedule(after: .milliseconds(max(0, timeoutMilliseconds))) {
            acknowledgement.timeOut()
        }
        // Nearly every request is answered long before its timeout, so its timer must not outlive it.
        let reply = Deferred<ProduceResponse>()
        reply.whenAbandoned {
            context.loop.cancel(timer)
            for wait in waits { wait.partition.removeAppends(of: acknowledgement) }
        }
        acknowledgement.reply.whenCompleted(on: context.loop) { response in
            context.loop.cancel(timer)
            reply.complete(response)
        }
        return .later(reply)
    }

    private static func refuseAll(
        _ request: ProduceRequest, _ code: ErrorCode, _ context: RequestContext
    ) -> ProduceResponse {
        var response = ProduceResponse()
        response.throttleTimeMs = context.throttleMilliseconds
        response.responses = request.topicData.map { data in
            var answer = ProduceResponse.TopicProduceResponse()
            answer.name = data.name
            answer.topicID = data.topicID
            let topic = context.version >= 13 ? context.topics[data.topicID] : context.topics[data.name]
            // That a partition is not there is told first.
            let unknown: ErrorCode =
                topic == nil && context.version >= 13 ? .unknownTopicID : .unknownTopicOrPartition
            answer.partitionResponses = data.partitionData.map { partition in
                var outcome = PartitionOutcome(index: partition.index)
                outcome.refuse(ProduceRefusal(topic?.partition(partition.index) == nil ? unknown : code))
                return outcome.response
            }
            return answer
        }
        return response
    }
}
