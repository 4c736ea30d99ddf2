// The reply to a fetch: a message whose records are ranges of segment files, sent from there without being
// copied here.
internal import Base
internal import Network
internal import Protocol
internal import Storage

/// A fetch's reply and the records that belong into it.
struct FetchReply: ThrottledReply {
    /// Where the records of a partition come from.
    private enum Records: Sendable {
        case slice(any ByteRangeSource, position: Int64, length: Int)
        case converted([UInt8])

        var fragment: OutboundReply.Fragment {
            switch self {
            case .slice(let source, let position, let length):
                .range(source, position: position, length: length)
            case .converted(let bytes): .bytes(bytes)
            }
        }
    }

    /// Consumers of earlier versions know message sets only.
    static let firstVersionWithBatches: Int16 = 4
    /// From here on an error of the whole request stands alone, as Kafka has it.
    private static let firstVersionWithoutPartitionsInErrors: Int16 = 13

    private var body = FetchResponse()
    /// read_committed consumers get a list of aborted transactions.
    private var isIsolated = false
    /// The records that follow the cuts of the body, in order.
    private var records: [Records] = []
    /// What converted records were leased with.
    private let lease: MemoryLease?

    var throttleTimeMs: Int32 {
        get { body.throttleTimeMs }
        set { body.throttleTimeMs = newValue }
    }

    /// The reply with what was fetched, as far as the session says that it is news; converted records come
    /// with their lease.
    init(
        _ fetched: FetchedPartitions, _ session: FetchSessionContext, isIsolated: Bool,
        _ context: RequestContext, lease: MemoryLease? = nil
    ) {
        self.lease = lease
        self.isIsolated = isIsolated
        let (id, partitions) = session.answer(fetched, context)
        body.sessionID = id
        for partition in partitions { add(partition) }
    }

    /// The reply to a request whose session is not as it says.
    init(refusing refusal: FetchSessionCache.Refusal) {
        lease = nil
        let code: ErrorCode =
            switch refusal {
            case .unknownSession: .fetchSessionIDNotFound
            case .wrongEpoch: .invalidFetchSessionEpoch
            case .mixedTopicIDs: .fetchSessionTopicIDError
            }
        body.errorCode = code.rawValue
    }

    /// The reply to a request that asks for what there is not, whatever its partitions.
    init(
        failing request: FetchRequest, _ code: ErrorCode, _ context: RequestContext,
        lease: MemoryLease? = nil
    ) {
        self.lease = lease
        body.errorCode = code.rawValue
        body.sessionID = request.sessionID
        guard context.version < Self.firstVersionWithoutPartitionsInErrors else { return }
        body.responses = request.topics.map { topic in
            var answer = FetchResponse.FetchableTopicResponse()
            answer.topic = topic.topic
            answer.topicID = topic.topicID
            answer.partitions = topic.partitions.map { asked in
                var partition = FetchResponse.PartitionData()
                partition.partitionIndex = asked.partition
                partition.errorCode = code.rawValue
                partition.highWatermark = -1
                partition.records = .bytes([])
                return partition
            }
            return answer
        }
    }

    private mutating func add(_ fetched: FetchedPartition) {
        var answer = FetchResponse.PartitionData()
        answer.partitionIndex = fetched.target.key.partition
        answer.errorCode = fetched.error.rawValue
        answer.highWatermark = fetched.bounds?.highWatermark.value ?? -1
        answer.lastStableOffset = fetched.bounds?.lastStable.value ?? -1
        answer.logStartOffset = fetched.bounds?.logStart.value ?? -1
        switch fetched.error {
        case .unknownTopicOrPartition, .unknownTopicID, .topicAuthorizationFailed:
            answer.abortedTransactions = []
        case .none where isIsolated && fetched.divergence == nil:
            answer.abortedTransactions = (fetched.slice?.aborted ?? []).map { .init($0) }
        default: answer.abortedTransactions = nil
        }
        if let divergence = fetched.divergence {
            answer.divergingEpoch.epoch = divergence.epoch.value
            answer.divergingEpoch.endOffset = divergence.offset.value
        }
        answer.records = .bytes([])
        if let converted = fetched.converted {
            if !converted.isEmpty {
                answer.records = .external(length: converted.count)
                records.append(.converted(converted))
            }
        } else if let slice = fetched.slice, slice.length > 0 {
            answer.records = .external(length: slice.length)
            records.append(.slice(slice.source, position: slice.position, length: slice.length))
        }
        append(answer, of: fetched.target.key)
    }

    /// Adds the partition to the topic before it, if that is the same one, as partitions of a topic stand
    /// together.
    private mutating func append(_ answer: FetchResponse.PartitionData, of key: FetchTarget.Key) {
        if let last = body.responses.indices.last, body.responses[last].topic == key.topicName,
            body.responses[last].topicID == key.topicID
        {
            body.responses[last].partitions.append(answer)
            return
        }
        var topic = FetchResponse.FetchableTopicResponse()
        topic.topic = key.topicName
        topic.topicID = key.topicID
        topic.partitions = [answer]
        body.responses.append(topic)
    }

    /// The frame with the file ranges where its records belong.
    consuming func outbound(answering header: RequestHeader) throws(WireError) -> OutboundReply {
        let frame = try body.frame(answering: header)
        let bytes = frame.bytes
        guard !records.isEmpty else { return OutboundReply(bytes).leased(lease) }
        var fragments: [OutboundReply.Fragment] = []
        fragments.reserveCapacity(2 * records.count + 1)
        var start = 0
        for (cut, records) in zip(frame.cuts, records) {
            fragments.append(.bytes(Array(bytes[start..<cut.position])))
            fragments.append(records.fragment)
            start = cut.position
        }
        if start < bytes.count { fragments.append(.bytes(Array(bytes[start...]))) }
        return OutboundReply(fragments).leased(lease)
    }
}

extension FetchResponse.AbortedTransaction {
    fileprivate init(_ transaction: AbortedTransaction) {
        self.init()
        producerID = transaction.producerID.value
        firstOffset = transaction.first.value
    }
}
