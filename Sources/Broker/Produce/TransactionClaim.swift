// What a batch says of transactions, before any of it is trusted.
internal import Base
internal import Coordinator
internal import Records

/// What the header of one batch claims.
struct TransactionClaim {
    /// Whether the batch has the transactional bit.
    let isTransactional: Bool
    /// Whose transaction it belongs to; nil where it names no producer, and so opens none.
    let producer: TransactionalProducer?
    /// The sequence number of its first record.
    let sequence: Int32

    /// The claim of the batch at the beginning of `bytes`; none where that is no whole batch of format v2.
    init(_ bytes: RawSpan) {
        guard bytes.byteCount >= BatchLayout.headerSize,
            bytes.integer(at: BatchLayout.magic, as: Int8.self) == BatchLayout.currentMagic
        else {
            (isTransactional, producer, sequence) = (false, nil, -1)
            return
        }
        isTransactional =
            BatchAttributes(rawValue: bytes.integer(at: BatchLayout.attributes)).isTransactional
        let id = bytes.integer(at: BatchLayout.producerID, as: Int64.self)
        producer =
            isTransactional && id >= 0
            ? TransactionalProducer(
                id: ProducerID(id), epoch: bytes.integer(at: BatchLayout.producerEpoch)) : nil
        sequence = bytes.integer(at: BatchLayout.baseSequence)
    }
}
