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
        var response = ProduceResponse()
        response.throttleTimeMs = context.throttleMilliseconds
        response.responses.reserveCapacity(request.topicData.count)
        var waits: [(partition: Partition, end: Offset, place: Acknowledgement.Place)] = []
        for data in request.topicData {
            let topic = context.version >= 13 ? topics[data.topicID] : topics[data.name]
            var answer = ProduceResponse.TopicProduceResponse()
            answer.name = data.name
            answer.topicID = data.topicID
            answer.partitionResponses.reserveCapacity(data.partitionData.count)
            for partitionData in data.partitionData {
                var outcome = PartitionOutcome(index: partitionData.index)
                append(
                    partitionData.records, of: &frame, to: topic, isAwaited: acks == .all, &outcome, context)
                if acks == .all, let wait = outcome.wait {
                    let place = Acknowledgement.Place(
                        topic: response.responses.count, partition: answer.partitionResponses.count)
                    waits.append((wait.partition, wait.end, place))
                }
                answer.partitionResponses.append(outcome.response)
            }
            response.responses.append(answer)
        }
        switch acks {
        case .none: return withoutReply(response)
        case .leader: return .now(response)
        case .all: return waits.isEmpty ? .now(response) : wait(response, waits, request.timeoutMs, context)
        }
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
        _ response: ProduceResponse,
        _ waits: [(partition: Partition, end: Offset, place: Acknowledgement.Place)],
        _ timeoutMilliseconds: Int32, _ context: RequestContext
    ) -> Outcome<ProduceResponse> {
        let acknowledgement = Acknowledgement(response, waitingFor: waits.map(\.place))
        for (index, wait) in waits.enumerated() {
            wait.partition.whenDurable(wait.end, tell: acknowledgement, index: index)
        }
        let timer = context.loop.schedule(after: .milliseconds(max(0, timeoutMilliseconds))) {
            acknowledgement.timeOut()
        }
        // Nearly every request is answered long before its timeout, so its timer must not outlive it.
        let reply = Deferred<ProduceResponse>()
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
            answer.partitionResponses = data.partitionData.map { partition in
                var outcome = PartitionOutcome(index: partition.index)
                outcome.refuse(ProduceRefusal(code))
                return outcome.response
            }
            return answer
        }
        return response
    }

    /// Checks and appends what one partition got.
    private static func append(
        _ records: RecordsField, of frame: inout MutableRawSpan, to topic: Topic?, isAwaited: Bool,
        _ outcome: inout PartitionOutcome,
        _ context: RequestContext
    ) {
        guard let topic, let partition = topic.partition(outcome.response.index) else {
            return outcome.refuse(
                ProduceRefusal(
                    context.version >= 13 && topic == nil ? .unknownTopicID : .unknownTopicOrPartition))
        }
        guard context.authorize(.write, .topic(topic.name)) else {
            return outcome.refuse(ProduceRefusal(.topicAuthorizationFailed))
        }
        guard let log = partition.log else { return outcome.refuse(ProduceRefusal(.kafkaStorageError)) }
        guard case .frame(let range) = records else {
            return outcome.refuse(
                ProduceRefusal(.invalidRecord, "Produce requests must have at least one record batch."))
        }
        let check = ProduceCheck(
            rules: topic.rules, version: context.version, now: context.broker.clock.wallTime())
        do throws(ProduceRefusal) {
            var batches = frame._mutatingExtracting(range)
            switch try check.check(&batches) {
            case .asSent(let header):
                outcome.note(try log.store(&batches, header, isAwaited), partition, log)
            case .rebuilt(var bytes, let header):
                var span = bytes.mutableSpan
                var batch = unsafe span.mutableBytes
                outcome.note(try log.store(&batch, header, isAwaited), partition, log)
            }
            if let time = check.appendTime { outcome.response.logAppendTimeMs = time.milliseconds }
        } catch {
            outcome.refuse(error, logStart: log.bounds.logStart)
        }
    }
}

/// What became of the records for one partition.
private struct PartitionOutcome {
    var response = ProduceResponse.PartitionProduceResponse()
    /// Up to where the log must be durable before acks=all is answered.
    private(set) var wait: (partition: Partition, end: Offset)?

    init(index: Int32) { response.index = index }

    mutating func refuse(_ refusal: ProduceRefusal, logStart: Offset? = nil) {
        response.errorCode = refusal.code.rawValue
        response.errorMessage = refusal.message
        response.baseOffset = -1
        response.logAppendTimeMs = -1
        response.logStartOffset = refusal.tellsLogStart ? logStart?.value ?? -1 : -1
        response.recordErrors = refusal.records.map { index, message in
            var record = ProduceResponse.BatchIndexAndErrorMessage()
            record.batchIndex = index
            record.batchIndexErrorMessage = message
            return record
        }
    }

    mutating func note(_ result: AppendResult, _ partition: Partition, _ log: PartitionLog) {
        switch result {
        case .appended(let range, let logStart):
            if wait == nil { response.baseOffset = range.first.value }
            response.logStartOffset = logStart.value
            wait = (partition, range.last.next)
        case .duplicate(let range, let timestamp, let logStart):
            response.baseOffset = range.first.value
            response.logAppendTimeMs = timestamp.milliseconds
            response.logStartOffset = logStart.value
            wait = (partition, range.last.next)
        }
    }
}

extension PartitionLog {
    /// Appends, with storage errors in the words of the protocol.
    fileprivate func store(
        _ batch: inout MutableRawSpan, _ header: BatchHeader, _ isAwaited: Bool
    ) throws(ProduceRefusal) -> AppendResult {
        do throws(StorageError) {
            return try append(&batch, header: header, isAwaited: isAwaited)
        } catch {
            throw ProduceRefusal(ErrorCode(error))
        }
    }
}
