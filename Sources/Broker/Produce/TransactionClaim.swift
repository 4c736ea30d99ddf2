// What a batch says of transactions. Nobody coordinates any here yet, and a batch that opened one would keep
// read_committed consumers in front of it for ever.
internal import Base
internal import Records

/// What the header of one batch claims.
struct TransactionClaim {
    /// Whether the batch has the transactional bit.
    let isTransactional: Bool
    /// Whether it would open a transaction, which only a coordinator can end.
    let needsCoordinator: Bool

    /// The claim of the batch at the beginning of `bytes`; none where that is no whole batch of format v2.
    init(_ bytes: RawSpan) {
        guard bytes.byteCount >= BatchLayout.headerSize,
            bytes.integer(at: BatchLayout.magic, as: Int8.self) == BatchLayout.currentMagic
        else {
            (isTransactional, needsCoordinator) = (false, false)
            return
        }
        isTransactional =
            BatchAttributes(rawValue: bytes.integer(at: BatchLayout.attributes)).isTransactional
        needsCoordinator =
            isTransactional && bytes.integer(at: BatchLayout.producerID, as: Int64.self) >= 0
    }
}
