// What a transaction coordinator is told, what it answers, and what it has done.
package import Base
package import Protocol

/// Who says that a transactional id is his.
package struct ProducerClaim: Hashable, Sendable {
    package let id: Name
    package let producer: ProducerIdentity

    /// The claim of `producer` to `id`.
    package init(id: Name, producer: ProducerIdentity) {
        self.id = id
        self.producer = producer
    }
}

/// How a transaction ends.
package enum TransactionOutcome: Hashable, Sendable {
    case commit, abort
}

/// A request about the transactional ids of one shard.
package enum TransactionRequest: Sendable {
    /// A producer wants to begin, as the one that it was, if it says so.
    ///
    /// `fresh` is a new producer id for whom the coordinator asked with `needsProducerID`.
    case initialize(
        Name, timeoutMilliseconds: Int32, as: ProducerIdentity?, fresh: ProducerID?)
    /// Partitions are to take part, all or none.
    case add([TopicPartition], ProducerClaim, TransactionVersion)
    /// Whether partitions take part, each.
    case verify([TopicPartition], ProducerClaim)
    case end(ProducerClaim, TransactionOutcome, TransactionVersion, fresh: ProducerID?)
    /// An operator has a transaction aborted, whoever has it.
    case abort(Name, fresh: ProducerID?)
    case describe(Name)
    case list(TransactionFilter)
}

/// The answer to a `TransactionRequest`.
package enum TransactionReply: CountedReply {
    /// To `initialize`, `end` and `abort`: who the producer is from now on.
    case producer(ProducerIdentity)
    /// The same request is to come again, with a new producer id.
    case needsProducerID
    /// To `add`, or why something was not done.
    case code(ErrorCode)
    /// To `verify`, in the order of the partitions.
    case verdicts([ErrorCode])
    /// Nil where there is no such id.
    case description(DescribedTransaction?)
    /// In no order.
    case list([ListedTransaction])

    package var partCount: Int {
        switch self {
        case .list(let listed): listed.count
        case .description(let described): described?.entry.partitions.count ?? 1
        case .producer, .needsProducerID, .code, .verdicts: 1
        }
    }
}

/// What happens to the transactional ids of one shard, deadlines aside.
package enum TransactionEvent: Sendable {
    /// Somebody asks.
    case request(TransactionRequest, ReplyToken)
    /// What became of a `MarkerOrder`: the markers are durable but in these partitions, or these partitions
    /// are gone for good.
    case markersWritten(MarkerOrder.Number, failed: [TopicPartition])
    /// The producer id that was ordered for an id whose epochs are exhausted.
    case producerIDArrived(Name, ProducerID)
    /// The cluster runs at another level.
    case versionChanged(TransactionVersion)
    /// It is time to look for ids that nobody uses any more.
    case expiryDue
}

/// What its host does for a transaction coordinator, once what led to it is durable.
package enum TransactionOrder: Sendable {
    /// Markers are to be written; `markersWritten` tells what became of it.
    case writeMarkers(MarkerOrder)
    /// A new producer id is needed; it comes with `producerIDArrived`.
    case bringProducerID(for: Name)
    /// Something that people should hear of.
    case tell(TransactionNote)
}

/// A verdict that is to be written into partitions.
package struct MarkerOrder: Sendable {
    /// Tells orders apart, also those from before the shard was loaded anew: the same producer and epoch may
    /// end one transaction after the other.
    package struct Number: Hashable, Sendable {
        let incarnation: UInt64
        let count: UInt64
    }

    package let number: Number
    package let id: Name
    package let producer: ProducerIdentity
    package let outcome: TransactionOutcome
    /// What the client of the transaction spoke.
    package let version: TransactionVersion
    /// In order; at least one.
    package let partitions: [TopicPartition]
}

/// Why a transaction was aborted over its producer's head.
package enum AbortReason: Hashable, Sendable, CustomStringConvertible {
    case timedOut(milliseconds: Int32)
    /// Another producer, or the same one anew, took the id.
    case replaced
    case operatorAsked

    /// Half a sentence.
    package var description: String {
        switch self {
        case .timedOut(let milliseconds): "it was open for longer than its \(milliseconds) ms"
        case .replaced: "a producer with this transactional id began anew"
        case .operatorAsked: "an operator asked for it"
        }
    }
}

/// Something that people should hear of.
package enum TransactionNote: Sendable {
    /// A transaction was aborted, and its producer fenced: it had the epoch before `producer`'s.
    case aborted(Name, ProducerIdentity, AbortReason, openMilliseconds: Int64, partitions: Int)
    /// A producer was told that it is not the one, or that this cannot be done now.
    case refused(ProducerClaim, ErrorCode, known: TransactionEntry?)
    /// Partitions took no marker, and will be asked again.
    case markersOwed(Name, [TopicPartition])
}
