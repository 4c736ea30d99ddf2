// What is known of one transactional id, and how that stands in a record.
package import Base
internal import Protocol

/// A producer: who it is, and for the how manieth time.
package struct ProducerIdentity: Hashable, Sendable {
    package let id: ProducerID
    package let epoch: Int16

    /// The producer `id` in `epoch`.
    package init(id: ProducerID, epoch: Int16) {
        self.id = id
        self.epoch = epoch
    }

    /// From this epoch on a producer gets another id instead of one more epoch; the greatest number is kept
    /// for the end of a transaction, and given to nobody.
    package static let lastEpoch = Int16.max - 1

    /// Whether there is no further epoch for it.
    package var isExhausted: Bool { epoch >= Self.lastEpoch }

    /// The epoch after its own.
    var nextEpoch: Int16 { epoch == .max ? .max : epoch + 1 }
}

/// One transactional id.
package struct TransactionEntry: Sendable {
    /// Who has it.
    package internal(set) var producer: ProducerIdentity
    /// The id before, where an exhausted one was replaced; its own otherwise.
    package internal(set) var previousID: ProducerID
    /// The id that its producer has when the transaction has ended, where that exhausts its epochs.
    package internal(set) var nextID: ProducerID
    /// The epoch that the producer had before, as far as that is known since the last start: what it asks
    /// again for it gets again (KIP-360).
    package internal(set) var formerEpoch: Int16
    package internal(set) var state: TransactionState
    package internal(set) var timeoutMilliseconds: Int32
    /// What takes part.
    package internal(set) var partitions: Set<TopicPartition>
    /// When the last transaction began; `none` before the first.
    package internal(set) var started: Timestamp
    package internal(set) var updated: Timestamp
    /// What the client of the last transaction spoke.
    package internal(set) var clientVersion: TransactionVersion

    static let noEpoch: Int16 = -1

    /// An id that `producer` got just now.
    init(_ producer: ProducerIdentity, timeoutMilliseconds: Int32) {
        self.producer = producer
        previousID = producer.id
        nextID = .none
        formerEpoch = Self.noEpoch
        state = .empty
        self.timeoutMilliseconds = timeoutMilliseconds
        partitions = []
        started = .none
        updated = .none
        clientVersion = .v0
    }

    /// Who the producer is when the transaction has ended that is prepared.
    package var producerAfterwards: ProducerIdentity {
        nextID == .none ? producer : ProducerIdentity(id: nextID, epoch: 0)
    }
}

// MARK: - In records

extension TransactionEntry {
    /// The entry that `value` describes; `known` is what was known before, if anything.
    init(_ value: TransactionLogValue, known: TransactionEntry?) {
        let id = ProducerID(value.producerID)
        self.init(
            ProducerIdentity(id: id, epoch: value.producerEpoch),
            timeoutMilliseconds: value.transactionTimeoutMs)
        state = TransactionState(rawValue: value.transactionStatus) ?? .empty
        previousID = ProducerID(value.previousProducerID)
        // What came before an id is only changed by what changes ids.
        if let known, state == .ongoing || state.isPrepared { previousID = known.previousID }
        nextID = ProducerID(value.nextProducerID)
        for topic in value.transactionPartitions ?? [] {
            for index in topic.partitionIDs {
                partitions.insert(TopicPartition(topic: topic.topic, partition: PartitionIndex(index)))
            }
        }
        started = Timestamp(milliseconds: value.transactionStartTimestampMs)
        updated = Timestamp(milliseconds: value.transactionLastUpdateTimestampMs)
        // Versions that are newer than what we know have all that the newest has which we do.
        clientVersion = TransactionVersion(rawValue: value.clientTransactionVersion) ?? .v2
    }

    /// The value that describes the entry, which followed upon `former`.
    func value(after former: TransactionEntry?) -> TransactionLogValue {
        var value = TransactionLogValue()
        (value.producerID, value.producerEpoch) = (producer.id.value, producer.epoch)
        value.previousProducerID = (former?.producer.id ?? producer.id).value
        value.nextProducerID = nextID.value
        value.transactionTimeoutMs = timeoutMilliseconds
        value.transactionStatus = state.rawValue
        value.transactionLastUpdateTimestampMs = updated.milliseconds
        value.transactionStartTimestampMs = started.milliseconds
        value.clientTransactionVersion = clientVersion.rawValue
        value.transactionPartitions =
            state == .empty
            ? nil
            : partitions.byTopic.map { name, indexes in
                var topic = TransactionLogValue.PartitionsSchema()
                (topic.topic, topic.partitionIDs) = (name, indexes)
                return topic
            }
        return value
    }
}

extension Set<TopicPartition> {
    /// The numbers of partitions by their topics, in order.
    package var byTopic: [(topic: Name, partitions: [Int32])] {
        Dictionary(grouping: self, by: \.topic).map { ($0, $1.map(\.partition.value).sorted()) }.sorted {
            $0.topic < $1.topic
        }
    }

    /// In the order of their names.
    var inOrder: [TopicPartition] {
        byTopic.flatMap { topic, partitions in
            partitions.map { TopicPartition(topic: topic, partition: PartitionIndex($0)) }
        }
    }
}
