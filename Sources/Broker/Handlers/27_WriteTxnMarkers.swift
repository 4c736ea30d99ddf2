/// WriteTxnMarkers (key 27, v1–2): ends transactions in partitions. v1 flexible · v2 the version of
/// transactions (KIP-1228).
///
/// Tools send it too, to end a transaction that no coordinator knows of (KIP-664).
import Base
import Network
import Protocol
import Security

enum WriteTxnMarkersHandler: RequestHandler {
    typealias Request = WriteTxnMarkersRequest
    static let effect = RequestEffect.appends
    static let partitions: NamedPartitions<Request> = .needed { request in
        request.markers.flatMap { marker in
            marker.topics.map { (TopicReference(name: $0.name, id: .zero), $0.partitionIndexes) }
        }
    }
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.markers, limitBytes) { marker in
            EntryBytes.sum(of: marker.topics, limitBytes) {
                EntryBytes.ofTopic($0.name, $0.partitionIndexes.count, of: EntryBytes.code)
            }
        }
    }

    /// There is no room for it.
    static func setThrottleTime(_ milliseconds: Int32, in reply: inout Reply) {}

    static func handle(
        _ request: WriteTxnMarkersRequest, _ context: RequestContext
    ) -> Outcome<WriteTxnMarkersResponse> {
        guard context.authorize(.alter, .cluster) || context.authorize(.clusterAction, .cluster) else {
            return .now(MarkerReply(request.asked, code: .clusterAuthorizationFailed).response)
        }
        let asked = request.asked
        let reply = Deferred<WriteTxnMarkersResponse>()
        let topics = context.topics
        let gathering = Gathering<[(TopicPartition, ErrorCode)]>(count: asked.count) { results in
            var answer = MarkerReply()
            for ((marker, _), codes) in zip(asked, results) { answer.add(codes, of: marker.producerID) }
            reply.complete(answer.response)
        }
        for (index, (marker, partitions)) in asked.enumerated() {
            guard marker.isWellFormed else {
                let codes = partitions.map {
                    ($0, topics.partition($0) == nil ? unknown : .unknownServerError)
                }
                gathering.add(codes, at: index)
                continue
            }
            context.broker.markers.write(marker, on: partitions) { results in
                gathering.add(results.map { ($0, $1.code) }, at: index)
            }
        }
        return .later(
            DiskWait.limited(reply, on: context.loop) {
                MarkerReply(asked, code: .requestTimedOut).response
            })
    }

    fileprivate static let unknown = ErrorCode.unknownTopicOrPartition
}

extension WriteTxnMarkersRequest {
    /// The markers and where each is to be written, every partition once.
    fileprivate var asked: [(marker: TransactionMarker, partitions: [TopicPartition])] {
        markers.map { asked in
            let marker = TransactionMarker(
                producerID: ProducerID(asked.producerID), producerEpoch: asked.producerEpoch,
                coordinatorEpoch: asked.coordinatorEpoch, outcome: asked.transactionResult ? .commit : .abort,
                transactionVersion: Int16(asked.transactionVersion))
            var seen: Set<TopicPartition> = []
            let partitions = asked.topics.flatMap { topic in
                topic.partitionIndexes.map {
                    TopicPartition(topic: topic.name, partition: PartitionIndex($0))
                }
            }
            return (marker, partitions.filter { seen.insert($0).inserted })
        }
    }
}

extension TransactionMarker {
    /// Whether it is of a producer that there can be.
    fileprivate var isWellFormed: Bool {
        producerID.value >= 0 && producerEpoch >= 0 && transactionVersion >= 0
    }
}

extension MarkerResult {
    /// What a client is told.
    fileprivate var code: ErrorCode {
        switch self {
        case .durable: .none
        case .gone: WriteTxnMarkersHandler.unknown
        case .fenced(let code), .failed(let code): code
        }
    }
}

/// A reply in the making: one answer for each producer, and in it for each topic.
private struct MarkerReply {
    private typealias Result = WriteTxnMarkersResponse.WritableTxnMarkerResult
    private typealias TopicResult = WriteTxnMarkersResponse.WritableTxnMarkerTopicResult
    private var producers: [ProducerID] = []
    private var partitions: [ProducerID: PartitionsOnce<Name, (index: Int32, code: ErrorCode)>] = [:]

    init() {}

    /// The same for everything.
    init(_ asked: [(marker: TransactionMarker, partitions: [TopicPartition])], code: ErrorCode) {
        for (marker, partitions) in asked { add(partitions.map { ($0, code) }, of: marker.producerID) }
    }

    /// Of a partition that is named again the last answer counts.
    mutating func add(_ codes: [(TopicPartition, ErrorCode)], of producer: ProducerID) {
        guard !codes.isEmpty else { return }
        if partitions[producer] == nil { producers.append(producer) }
        for (id, code) in codes {
            partitions[producer, default: .init()].add(
                (id.partition.value, code), id.partition.value, of: id.topic)
        }
    }

    var response: WriteTxnMarkersResponse {
        var response = WriteTxnMarkersResponse()
        response.markers = producers.map { producer in
            var result = Result()
            result.producerID = producer.value
            result.topics = (partitions[producer]?.topics ?? []).map { name, codes in
                var topic = TopicResult()
                topic.name = name
                topic.partitions = codes.map { index, code in
                    var partition = WriteTxnMarkersResponse.WritableTxnMarkerPartitionResult()
                    partition.partitionIndex = index
                    partition.errorCode = code.rawValue
                    return partition
                }
                return topic
            }
            return result
        }
        return response
    }
}
