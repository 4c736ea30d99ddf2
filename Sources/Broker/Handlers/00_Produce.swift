/// Produce (key 0, v0–13): appends record batches. v0–2 message sets of magic 0 and 1, converted · v3
/// batches, transactional id · v5 log start offset · v7 zstd · v8 errors per record · v9 flexible · v10
/// leader hints · v13 topics by id.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Records
internal import Security
internal import Storage

/// Which acknowledgement a producer wants.
enum ProduceAcks: Int16 {
    case silent = 0
    case leader = 1
    case all = -1
}

enum ProduceHandler: FrameHandler {
    typealias Request = ProduceRequest
    static let effect = RequestEffect.appends
    static let partitions: NamedPartitions<Request> = .needed { request in
        request.topicData.map {
            (TopicReference(name: $0.name, id: $0.topicID), $0.partitionData.map(\.index))
        }
    }
    static let requestSize = RequestSize.carryingBytes
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        guard request.acks != ProduceAcks.silent.rawValue else { return 0 }
        return EntryBytes.sum(of: request.topicData, limitBytes) {
            EntryBytes.ofTopic($0.name, $0.partitionData.count, of: EntryBytes.refusal)
        }
    }

    /// The most partitions of one request, which are appended to on a loop: a batch of one record has 70
    /// bytes, so that Java's producer never sends a quarter of that.
    static let partitionsMax = 1 << 16

    static func refusal(of request: ProduceRequest) -> String? {
        let count = request.topicData.reduce(0) { $0 + $1.partitionData.count }
        guard count > partitionsMax else { return nil }
        return "Produce request of \(count) partitions, of at most \(partitionsMax)"
    }

    static func handle(
        _ request: ProduceRequest, frame: inout MutableRawSpan, _ context: RequestContext
    ) -> Outcome<ProduceResponse> {
        let producer: TransactionalProducer?
        do throws(ProduceRefusal) {
            producer = try request.transactionalProducer(in: frame.bytes, context)
        } catch {
            let refusal = refuseAll(request, error)
            return request.acks == 0 ? withoutReply(refusal) : .now(refusal)
        }
        let topics = context.topics
        var attempt = ProduceAttempt(request, of: producer, context)
        let storage = context.broker.storage
        storage.beginAppends()
        defer { storage.endAppends() }
        for data in request.topicData where !data.partitionData.isEmpty {
            let topic = context.version >= 13 ? topics[data.topicID] : topics[data.name]
            attempt.append(data, of: &frame, to: topic)
        }
        guard attempt.postponed.isEmpty else { return goOnLater(attempt, frame.bytes, context) }
        return outcome(of: attempt, context)
    }

    private static func outcome(
        of attempt: ProduceAttempt, _ context: RequestContext
    ) -> Outcome<ProduceResponse> {
        switch attempt.acks {
        case .silent: return withoutReply(attempt.response)
        case .all: return wait(attempt, context)
        // What stands for no acknowledgement was refused.
        case .leader, nil: return .now(attempt.response)
        }
    }

    /// Has the coordinator of its transaction asked, and the pool check what is too much for this loop, and
    /// appends it afterwards.
    ///
    /// A client that is gone by then wanted its records appended all the same.
    private static func goOnLater(
        _ attempt: ProduceAttempt, _ frame: RawSpan, _ context: RequestContext
    ) -> Outcome<ProduceResponse> {
        let started = Deferred<Outcome<ProduceResponse>>()
        let checked = Deferred<[PoolCheck.Result]>()
        let checks = PoolChecks(attempt.postponed, of: frame, context)
        attempt.verify(context) { refusals in
            checks.begin(refusing: refusals) { checked.complete($0) }
        }
        // A log may have to look on the disk for what it knows of a producer.
        let late = [PoolCheck.Result](
            repeating: .failure(ProduceRefusal(.requestTimedOut)), count: attempt.postponed.count)
        DiskWait.limited(checked, on: context.loop) { late }.whenCompleted(on: context.loop) { results in
            var attempt = attempt
            let storage = context.broker.storage
            storage.beginAppends()
            defer { storage.endAppends() }
            attempt.append(results)
            started.complete(outcome(of: attempt, context))
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
        _ attempt: ProduceAttempt, _ context: RequestContext
    ) -> Outcome<ProduceResponse> {
        let waits = attempt.waits
        guard !waits.isEmpty else { return .now(attempt.response) }
        let acknowledgement = Acknowledgement(attempt.response, waitingFor: waits.map(\.place))
        DiskWait.tell(
            acknowledgement, of: waits.map { ($0.partition, $0.end) }, for: acknowledgement.reply)
        return .later(
            DiskWait.limited(acknowledgement.reply, on: context.loop) { acknowledgement.late() })
    }

    private static func refuseAll(
        _ request: ProduceRequest, _ refusal: ProduceRefusal
    ) -> ProduceResponse {
        var response = ProduceResponse()
        response.responses = request.topicData.lazy.filter { !$0.partitionData.isEmpty }.map { data in
            var answer = ProduceResponse.TopicProduceResponse()
            answer.name = data.name
            answer.topicID = data.topicID
            answer.partitionResponses = data.partitionData.map { partition in
                var outcome = PartitionOutcome(index: partition.index)
                outcome.refuse(refusal)
                return outcome.response
            }
            return answer
        }
        return response
    }
}

extension ProduceRequest {
    /// The producer whose transaction the batches belong to; nil where none does, or they name none.
    ///
    /// Throws where one claims to belong to a transaction of an id that the request does not name, or that
    /// its sender may not use, and where there are several producers.
    fileprivate func transactionalProducer(
        in frame: RawSpan, _ context: RequestContext
    ) throws(ProduceRefusal) -> TransactionalProducer? {
        var isTransactional = false
        var producer: TransactionalProducer?
        var isMixed = false
        for topic in topicData {
            for partition in topic.partitionData {
                guard case .frame(let range) = partition.records else { continue }
                let claim = TransactionClaim(frame.extracting(range))
                guard claim.isTransactional else { continue }
                isTransactional = true
                guard let claimed = claim.producer else { continue }
                isMixed = isMixed || claimed != producer ?? claimed
                producer = claimed
            }
        }
        guard isTransactional else { return nil }
        guard let id = transactionalID, context.authorize(.write, .transactionalID(id)) else {
            throw ProduceRefusal(.transactionalIDAuthorizationFailed)
        }
        guard !isMixed else {
            throw ProduceRefusal(
                .invalidProducerIDMapping, "Transactional records contained more than one producer ID")
        }
        return producer
    }
}
