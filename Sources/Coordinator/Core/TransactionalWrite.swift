// Records that count once a transaction commits. Whether they may be written is known to the log alone, which
// knows the producer's epoch and whether the transaction is open: so they are applied behind the append.
package import Base
package import Protocol

/// A producer in one of its epochs.
package struct TransactionalProducer: Hashable, Sendable {
    package let id: ProducerID
    package let epoch: Int16

    /// The producer `id` in `epoch`.
    package init(id: ProducerID, epoch: Int16) {
        self.id = id
        self.epoch = epoch
    }
}

/// What a coordinator wants written for a transaction.
package struct TransactionalWrite<Record: Sendable, Reply: Sendable>: Sendable {
    /// Whose transaction it is.
    package let producer: TransactionalProducer
    /// The number of what the log asked to be permitted by the transaction's coordinator; nil where it asked
    /// nothing, as the transaction was open.
    package let permission: UInt64?
    /// What is written; at least one.
    package let records: [Record]
    /// Who asked.
    package let token: ReplyToken
    /// What they are told once it is durable.
    package let reply: Reply
    /// What they are told if the log refuses it; nothing has happened then.
    package let refusal: @Sendable (ErrorCode) -> Reply

    /// A write on behalf of `producer`.
    package init(
        of records: [Record], by producer: TransactionalProducer, permission: UInt64?, token: ReplyToken,
        reply: Reply, refusal: @escaping @Sendable (ErrorCode) -> Reply
    ) {
        self.producer = producer
        self.permission = permission
        self.records = records
        self.token = token
        self.reply = reply
        self.refusal = refusal
    }
}
