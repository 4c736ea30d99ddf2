// What an append has to prove of its producer and its transaction, and the end of a transaction as a batch.
package import Base
package import Records

extension PartitionLog {
    /// Appends the end of a transaction, as `append` does; where it stands.
    ///
    /// It may be repeated: where nothing is open it changes nothing but the epochs that are known.
    /// - Throws: what `append` does.
    package func append(
        _ marker: EndTransactionMarker, of producer: ProducerID, epoch: Int16, transactionVersion: Int16,
        at time: Timestamp
    ) throws(StorageError) -> OffsetRange {
        guard
            var bytes = try? ControlRecords.marker(
                marker, producerID: producer, producerEpoch: epoch, timestamp: time),
            let header = try? BatchHeader(reading: bytes.rawSpan)
        else { preconditionFailure("the end of a transaction is not compressed, so that nothing can fail") }
        var span = bytes.mutableSpan
        var batch = unsafe span.mutableBytes
        let result = try append(
            &batch, header: header, from: .marker(transactionVersion: transactionVersion))
        guard case .appended(let range, _) = result else {
            preconditionFailure("the end of a transaction was taken for a repeated batch")
        }
        return range
    }

    /// The permission that a transactional batch from `sequence` on needs, once the transaction's coordinator
    /// has said that the partition belongs to it; nil if the transaction is open here.
    ///
    /// With `raisesEpochs` each transaction of the producer has an epoch of its own.
    /// - Throws: `.staleProducerEpoch`.
    package func beginVerification(
        of producer: ProducerID, epoch: Int16, sequence: Int32 = -1, raisesEpochs: Bool = false
    ) throws(StorageError) -> TransactionPermission? {
        try state.withLock { (state) throws(StorageError) in
            try state.producers.checkEpoch(of: producer, epoch)
            if state.producers.hasOpenTransaction(of: producer, epoch: epoch) { return nil }
            return state.verifications.begin(
                of: producer, epoch: epoch, sequence: sequence, raisesEpochs: raisesEpochs)
        }
    }
}

extension PartitionLog.State {
    /// Judges a batch of a tracked producer.
    func judge(
        _ header: BatchHeader, _ marker: EndTransactionMarker?, _ origin: AppendOrigin
    ) throws(StorageError) -> ProducerVerdict {
        if header.attributes.isControl {
            var version: Int16 = 0
            if case .marker(let known) = origin { version = known }
            try producers.checkEnd(header, marker, version: version)
            return .append
        }
        if header.attributes.isTransactional, origin.mustBeVerified,
            !producers.hasOpenTransaction(of: header.producerID, epoch: header.producerEpoch)
        {
            // What stands in the log already is told, whatever has become of its transaction.
            if case .verifiedProducer = origin, producers.isRepeated(header) {
                return try producers.check(header)
            }
            try producers.checkEpoch(of: header.producerID, header.producerEpoch)
            guard verifications.isGood(origin.permission, for: header.producerID) else {
                throw .outsideTransaction(producer: header.producerID)
            }
        }
        if case .coordinator = origin {
            try producers.checkWithoutSequence(header)
            return .append
        }
        let verdict = try producers.check(header)
        if verdict == .append { try checkOrder(header) }
        return verdict
    }

    /// Nothing of a producer overtakes what asked for a permission before.
    private func checkOrder(_ header: BatchHeader) throws(StorageError) {
        guard
            let greatest = verifications.greatestSequence(
                of: header.producerID, isFirst: producers.knowsNoBatch(header)),
            header.baseSequence > greatest
        else { return }
        throw .outOfOrderSequence(
            producer: header.producerID, expected: greatest, found: header.baseSequence)
    }
}
