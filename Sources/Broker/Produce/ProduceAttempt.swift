// One produce request on its way into the logs: what is appended, what is refused, what waits for the disk,
// and what has to go to the pool first.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Records
internal import Security
internal import Storage

/// The state of one produce request.
struct ProduceAttempt: Sendable {
    /// Records whose check is too much for an event loop, or waits for the disk or for a coordinator.
    struct Postponed: Sendable {
        let place: Acknowledgement.Place
        let topic: Topic
        let partition: Partition
        let check: ProduceCheck
        /// Where the records lie in the frame.
        let range: Range<Int>
        /// The log, which may have to look up what it knows of the producer.
        let log: PartitionLog
        /// What the coordinator of the transaction has to permit before.
        let permission: TransactionPermission?
        /// Whether it is known that the loop is not to check them.
        var isTooMuch = false
        /// What the check made of the records, if they passed it: it may have set their times, and is not
        /// done again.
        var checked: CheckedBatch?
    }

    /// A partition whose log must be durable up to `end` before acks=all is answered.
    struct Wait: Sendable {
        let partition: Partition
        let end: Offset
        let place: Acknowledgement.Place
    }

    /// The client id with which Kafka lets tools write internal topics.
    private static let adminClientID: Name = "__admin_client"

    private let context: RequestContext
    /// Nil for a number that stands for none.
    let acks: ProduceAcks?
    let transactionalID: Name?
    private var isAwaited: Bool { acks == .all }
    private var allowance = CodecAllowance()
    /// The reply, as far as it is known.
    private(set) var response = ProduceResponse()
    /// What acks=all waits for.
    private(set) var waits: [Wait] = []
    /// What is left to do on the pool; partitions that come after it in the request and are the same wait
    /// with it.
    private(set) var postponed: [Postponed] = []
    /// Their partitions.
    private var waiting: Set<ObjectIdentifier> = []

    /// The producer whose transaction the batches belong to.
    let producer: TransactionalProducer?

    /// An attempt at `request`, whose transactional batches are of `producer`.
    init(_ request: ProduceRequest, of producer: TransactionalProducer?, _ context: RequestContext) {
        self.context = context
        self.producer = producer
        acks = ProduceAcks(rawValue: request.acks)
        transactionalID = request.transactionalID
        response.responses.reserveCapacity(request.topicData.count)
    }

    /// Appends what one topic got, or says what is wrong with it.
    mutating func append(
        _ data: ProduceRequest.TopicProduceData, of frame: inout MutableRawSpan, to topic: Topic?
    ) {
        var answer = ProduceResponse.TopicProduceResponse()
        answer.name = data.name
        answer.topicID = data.topicID
        let isAllowed = context.authorize(.write, .topic(topic?.name ?? data.name))
        answer.partitionResponses.reserveCapacity(data.partitionData.count)
        for partitionData in data.partitionData {
            let place = Acknowledgement.Place(
                topic: response.responses.count, partition: answer.partitionResponses.count)
            var outcome = PartitionOutcome(index: partitionData.index)
            if context.version >= 13, topic == nil {
                outcome.refuse(ProduceRefusal(.unknownTopicID))
            } else if !isAllowed {
                outcome.refuse(ProduceRefusal(.topicAuthorizationFailed))
            } else {
                append(partitionData.records, of: &frame, to: topic, place, &outcome)
            }
            note(outcome, at: place)
            answer.partitionResponses.append(outcome.response)
        }
        response.responses.append(answer)
    }

    private mutating func note(_ outcome: PartitionOutcome, at place: Acknowledgement.Place) {
        guard isAwaited, let wait = outcome.wait else { return }
        waits.append(Wait(partition: wait.partition, end: wait.end, place: place))
    }

    /// Checks and appends what one partition got.
    private mutating func append(
        _ records: RecordsField, of frame: inout MutableRawSpan, to topic: Topic?,
        _ place: Acknowledgement.Place, _ outcome: inout PartitionOutcome
    ) {
        guard let topic, let partition = topic.partition(outcome.response.index) else {
            return outcome.refuse(unknown(topicIsKnown: topic != nil))
        }
        var log: PartitionLog?
        do throws(ProduceRefusal) {
            let range = try batch(in: records, of: frame.bytes, for: topic)
            guard let open = partition.log else { throw ProduceRefusal(.kafkaStorageError) }
            log = open
            let check = ProduceCheck(
                rules: topic.rules, version: context.version, now: context.broker.clock.wallTime())
            var batch = frame._mutatingExtracting(range)
            let permission = try permission(for: batch.bytes, in: open)
            var later = Postponed(
                place: place, topic: topic, partition: partition, check: check, range: range, log: open,
                permission: permission)
            let mustFollow = permission != nil || waiting.contains(ObjectIdentifier(partition))
            let result: AppendResult
            switch try mustFollow ? nil : check.check(&batch, within: &allowance) {
            case nil:
                later.isTooMuch = !mustFollow
                return postpone(later)
            case .asSent(let header):
                result = try open.store(&batch, header, isAwaited, from: origin(nil))
                if result == .mustRecall {
                    later.checked = CheckedBatch(bytes: batch.bytes.copy(0..<batch.byteCount), header: header)
                }
            case .rebuilt(var bytes, let header):
                var span = bytes.mutableSpan
                var made = unsafe span.mutableBytes
                result = try open.store(&made, header, isAwaited, from: origin(nil))
                if result == .mustRecall { later.checked = CheckedBatch(bytes: bytes, header: header) }
            case .nothing: return outcome.noteNothing()
            }
            guard result != .mustRecall else {
                later.isTooMuch = true
                return postpone(later)
            }
            outcome.note(result, partition, check.appendTime)
        } catch {
            outcome.refuse(error, logStart: log?.bounds.logStart)
        }
    }

    /// Where the batch for a partition of `topic` lies in the frame: what costs nothing is refused first.
    private func batch(
        in records: RecordsField, of frame: RawSpan, for topic: Topic
    ) throws(ProduceRefusal) -> Range<Int> {
        guard case .frame(var range) = records else {
            throw ProduceRefusal(.invalidRecord, "Produce requests must have at least one record batch.")
        }
        if context.version >= 3 {
            let envelope = try ProduceEnvelope(frame.extracting(range), version: context.version)
            range = range.lowerBound..<(range.lowerBound + envelope.batchBytes)
        }
        guard acks != nil else { throw ProduceRefusal(.invalidRequiredAcks) }
        guard !topic.isInternal || context.header.clientID == Self.adminClientID else {
            throw ProduceRefusal(.invalidTopicException, "Only the broker writes \(topic.name).")
        }
        return range
    }

    /// What has to be permitted before the batch in `bytes` is looked into; nil for all but the first of a
    /// transaction.
    private func permission(
        for bytes: RawSpan, in log: PartitionLog
    ) throws(ProduceRefusal) -> TransactionPermission? {
        guard self.producer != nil else { return nil }
        let claim = TransactionClaim(bytes)
        guard let producer = claim.producer else { return nil }
        do throws(StorageError) {
            return try log.beginVerification(
                of: producer.id, epoch: producer.epoch, sequence: claim.sequence,
                raisesEpochs: VerificationKind(produce: context.version) == .adding)
        } catch {
            throw ProduceRefusal(verification: ErrorCode(error))
        }
    }

    /// As whose the log takes batches.
    private func origin(_ permission: TransactionPermission?) -> AppendOrigin {
        producer == nil ? .producer : .verifiedProducer(permission)
    }

    private mutating func postpone(_ item: Postponed) {
        postponed.append(item)
        waiting.insert(ObjectIdentifier(item.partition))
    }

    private func unknown(topicIsKnown: Bool) -> ProduceRefusal {
        ProduceRefusal(context.version >= 13 && !topicIsKnown ? .unknownTopicID : .unknownTopicOrPartition)
    }
}

extension ProduceAttempt {
    /// Appends what the pool made of `postponed`, in that order.
    ///
    /// A topic that was deleted meanwhile, or created anew, is unknown to this request.
    mutating func append(_ checked: [PoolCheck.Result]) {
        let topics = context.topics
        for (item, result) in zip(postponed, checked) {
            var outcome = PartitionOutcome(index: item.partition.id.partition.value)
            if let topic = topics[item.topic.id], let partition = topic.partition(outcome.response.index),
                let log = partition.log
            {
                do throws(ProduceRefusal) {
                    if let checked = try result.get() {
                        var bytes = checked.bytes
                        var span = bytes.mutableSpan
                        var batch = unsafe span.mutableBytes
                        let stored = try log.store(
                            &batch, checked.header, isAwaited, from: origin(item.permission))
                        outcome.note(stored, partition, item.check.appendTime)
                    } else {
                        outcome.noteNothing()
                    }
                } catch {
                    outcome.refuse(error, logStart: log.bounds.logStart)
                }
            } else {
                outcome.refuse(unknown(topicIsKnown: topics[item.topic.id] != nil))
            }
            note(outcome, at: item.place)
            response.responses[item.place.topic].partitionResponses[item.place.partition] = outcome.response
        }
        postponed = []
        waiting = []
    }
}

extension PartitionLog {
    /// Appends the batch at the beginning of `bytes`, with storage errors in the words of the protocol.
    fileprivate func store(
        _ bytes: inout MutableRawSpan, _ header: BatchHeader, _ isAwaited: Bool, from origin: AppendOrigin
    ) throws(ProduceRefusal) -> AppendResult {
        var batch = bytes._mutatingExtracting(0..<header.sizeInBytes)
        do throws(StorageError) {
            return try append(&batch, header: header, isAwaited: isAwaited, from: origin)
        } catch {
            throw ProduceRefusal(ErrorCode(error))
        }
    }
}
