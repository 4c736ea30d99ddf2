// Producers: idempotent ones, which send again what was not answered and may have nothing twice, and plain
// ones, which ask for more or less.
import Base
import Protocol
import Records
import Simulation

/// A batch that a client sends.
struct SentBatch {
    let place: Place
    let numbers: [Int]
    var sequence: Int32 = -1
    let paddings: [Int]

    func bytes(
        at now: Timestamp, producer: (id: Int64, epoch: Int16)? = nil, isTransactional: Bool = false
    ) throws -> [UInt8] {
        var options = BatchOptions()
        options.isTransactional = isTransactional
        if let producer {
            options.producerID = ProducerID(producer.id)
            options.producerEpoch = producer.epoch
            options.baseSequence = sequence
        }
        var builder = BatchBuilder(options)
        for (number, padding) in zip(numbers, paddings) {
            builder.append(
                timestamp: now, key: nil, value: RecordValue.bytes(number, padding: padding))
        }
        return try builder.finish()
    }
}

extension ProduceRequest {
    init(_ batches: [(place: Place, bytes: [UInt8])], acks: Int16) {
        self.init()
        self.acks = acks
        timeoutMs = 30_000
        for (place, bytes) in batches {
            var part = PartitionProduceData()
            part.index = place.index
            part.records = .bytes(bytes)
            if topicData.last?.topicID != place.topic {
                var topic = TopicProduceData()
                topic.topicID = place.topic
                topicData.append(topic)
            }
            topicData[topicData.count - 1].partitionData.append(part)
        }
    }
}

/// What producers have in common.
class Producer: SimulatedClient {
    let number: Int
    var sent: [Place: Int] = [:]
    static let version: Int16 = 13

    init(_ number: Int, _ kind: String, _ history: BrokerHistory) {
        self.number = number
        super.init("\(kind) \(number)", history)
    }

    /// A batch of new records for `place`.
    func newBatch(_ place: Place, isIdempotent: Bool, transaction: Int? = nil) -> SentBatch {
        let count = Int.random(in: 1...3, using: &history.random)
        let sizeMax = history.random.chance(10) ? 700 : 60
        var numbers: [Int] = []
        var paddings: [Int] = []
        for _ in 0..<count {
            let record = SentRecord(
                place: place, producer: number, number: sent[place, default: 0], isIdempotent: isIdempotent,
                transaction: transaction)
            numbers.append(history.promise.add(record))
            paddings.append(Int.random(in: 0...sizeMax, using: &history.random))
            sent[place, default: 0] += 1
        }
        return SentBatch(place: place, numbers: numbers, paddings: paddings)
    }
}

/// A producer that wants each record once, in order.
final class IdempotentProducer: Producer {
    private var identity: (id: Int64, epoch: Int16)?
    private var nextSequence: [Place: Int32] = [:]
    /// What is not acknowledged, in order, and how much of it was sent on this connection.
    private var pending: [Place: (batches: [SentBatch], sent: Int)] = [:]
    private var order: [Place] = []
    /// As clients have it.
    private static let inFlightMax = 5

    init(_ number: Int, _ history: BrokerHistory) { super.init(number, "producer", history) }

    override var isQuiet: Bool { pending.values.allSatisfy(\.batches.isEmpty) }

    override func lostConnection() {
        for place in order { pending[place]?.sent = 0 }
    }

    override func proceed(_ wire: Wire) throws -> Bool {
        guard let identity else {
            guard wire.inFlight == 0 else { return false }
            try askIdentity()
            return true
        }
        if let place = order.first(where: { pending[$0].map { $0.sent < $0.batches.count } ?? false }) {
            try sendNext(place, identity)
            return true
        }
        let isFull = pending.values.reduce(0) { $0 + $1.batches.count } >= Self.inFlightMax
        guard !isFull, !history.isSettling, history.random.chance(60) else { return false }
        guard let place = history.promise.places.randomElement(using: &history.random) else { return false }
        var batch = newBatch(place, isIdempotent: true)
        batch.sequence = nextSequence[place, default: 0]
        nextSequence[place] = batch.sequence + Int32(batch.numbers.count)
        if pending[place] == nil {
            pending[place] = ([], 0)
            order.append(place)
        }
        pending[place]?.batches.append(batch)
        try sendNext(place, identity)
        return true
    }

    private func askIdentity() throws {
        var request = InitProducerIdRequest()
        request.transactionalID = nil
        request.transactionTimeoutMs = 60_000
        try send(request, 4) { [unowned self] reply in
            let error = ErrorCode(of: reply.errorCode)
            guard error == .none else {
                history.tell("\(name): \(error)")
                return
            }
            try history.promise.gives(producerID: reply.producerID)
            identity = (reply.producerID, reply.producerEpoch)
        }
    }

    private func sendNext(_ place: Place, _ identity: (id: Int64, epoch: Int16)) throws {
        guard let (batches, sent) = pending[place] else { return }
        let batch = batches[sent]
        pending[place]?.sent += 1
        history.promise.sends(batch.numbers)
        let bytes = try batch.bytes(at: history.clock.wallTime(), producer: history.seen(identity, by: batch))
        let request = ProduceRequest([(place, bytes)], acks: -1)
        try send(request, Self.version) { [unowned self] reply in
            guard let part = reply.responses.first?.partitionResponses.first else {
                throw violated("a produce is answered without a partition")
            }
            try answered(place, batch, part)
        }
    }

    private func answered(
        _ place: Place, _ batch: SentBatch, _ part: ProduceResponse.PartitionProduceResponse
    ) throws {
        let error = ErrorCode(of: part.errorCode)
        if error != .none, history.promise.isGoing(place.topic) {
            history.tell("\(name): \(error), of a topic that is deleted")
            pending[place] = ([], 0)
            return disconnect()
        }
        switch error {
        case .none:
            try history.promise.acknowledged(batch.numbers, at: part.baseOffset, isDurable: true)
            done(place)
        case .duplicateSequenceNumber:
            history.promise.acknowledged(batch.numbers)
            done(place)
        case .outOfOrderSequenceNumber, .unknownProducerID, .invalidProducerEpoch, .unknownTopicID,
            .unknownTopicOrPartition:
            throw violated("\(history.promise.name(of: place)): sequence \(batch.sequence): \(error)")
        default:
            history.tell("\(name): \(error)")
            disconnect()
        }
    }

    private func done(_ place: Place) {
        pending[place]?.batches.removeFirst()
        pending[place]?.sent -= 1
    }
}

/// A producer without an id, one request at a time.
final class PlainProducer: Producer {
    /// What was not answered and is to be sent again.
    private var pending: SentBatch?
    private var isSent = false

    init(_ number: Int, _ history: BrokerHistory) { super.init(number, "plain producer", history) }

    override var isQuiet: Bool { pending == nil }
    override func lostConnection() { isSent = false }

    override func proceed(_ wire: Wire) throws -> Bool {
        if let pending {
            guard !isSent else { return false }
            try produce(pending, acks: -1)
            return true
        }
        guard wire.inFlight == 0, !history.isSettling, history.random.chance(60) else { return false }
        guard let place = history.promise.places.randomElement(using: &history.random) else { return false }
        let batch = newBatch(place, isIdempotent: false)
        let acks: Int16 = [-1, -1, 1, 0][Int.random(in: 0..<4, using: &history.random)]
        if acks == -1 { pending = batch }
        try produce(batch, acks: acks)
        return true
    }

    private func produce(_ batch: SentBatch, acks: Int16) throws {
        history.promise.sends(batch.numbers)
        let bytes = try batch.bytes(at: history.clock.wallTime())
        let request = ProduceRequest([(batch.place, bytes)], acks: acks)
        if acks == 0 {
            history.tell("\(name) sends Produce without an answer")
            try wire?.put(request, Self.version)
            return
        }
        isSent = true
        try send(request, Self.version) { [unowned self] reply in
            guard let part = reply.responses.first?.partitionResponses.first else {
                throw violated("a produce is answered without a partition")
            }
            isSent = false
            let error = ErrorCode(of: part.errorCode)
            guard error == .none else {
                history.tell("\(name): \(error)")
                if history.promise.isGoing(batch.place.topic) { pending = nil }
                return
            }
            pending = nil
            try history.promise.acknowledged(batch.numbers, at: part.baseOffset, isDurable: acks == -1)
        }
    }
}
