// Producers that asked a coordinator whether they may write for a transaction here (KIP-890). Between its
// word and the append the transaction may end: a permission is good for as long as nothing was appended for
// the producer in its epoch. Nothing of it is written down.
internal import Base

/// The verifications of one log that are under way.
struct TransactionVerifications: Sendable {
    private struct Entry {
        var permission: TransactionPermission
        var epoch: Int16
        /// The lowest sequence number that asked: what follows on it must not overtake it.
        var lowestSequence: Int32
        /// Whether each transaction of the producer has an epoch of its own (version 2).
        let raisesEpochs: Bool
        /// Whether it was there at the last look for old ones.
        var isOld = false
    }

    private var entries: [Int64: Entry] = [:]
    private var nextNumber: UInt64 = 0

    /// How many there are.
    var count: Int { entries.count }

    /// Begins to verify a producer, for a batch from `sequence` on, or joins those that are at it.
    mutating func begin(
        of producer: ProducerID, epoch: Int16, sequence: Int32, raisesEpochs: Bool
    ) -> TransactionPermission {
        let key = producer.value
        if var entry = entries[key] {
            if epoch > entry.epoch {
                (entry.epoch, entry.lowestSequence) = (epoch, sequence)
            } else if epoch == entry.epoch {
                entry.lowestSequence = min(entry.lowestSequence, sequence)
            }
            entry.isOld = false
            entries[key] = entry
            return entry.permission
        }
        if entries.count >= StorageLimits.verificationsPerPartition, let some = entries.keys.first {
            entries[some] = nil
        }
        let permission = TransactionPermission(number: nextNumber)
        nextNumber += 1
        entries[key] = Entry(
            permission: permission, epoch: epoch, lowestSequence: sequence, raisesEpochs: raisesEpochs)
        return permission
    }

    /// Whether `permission` is good for a batch of this producer.
    func isGood(_ permission: TransactionPermission?, for producer: ProducerID) -> Bool {
        permission != nil && entries[producer.value]?.permission == permission
    }

    /// The sequence number that what the producer appends may begin with at most, while somebody asks; with
    /// `isFirst` nothing of it is known here.
    func greatestSequence(of producer: ProducerID, isFirst: Bool) -> Int32? {
        guard !entries.isEmpty, let entry = entries[producer.value] else { return nil }
        // Where each transaction has its epoch, nothing but the first batch of one can be the first here.
        return isFirst && entry.raisesEpochs ? 0 : entry.lowestSequence
    }

    /// Something was appended for a producer: its transaction has begun, or is over.
    ///
    /// Those of later epochs than `epoch` go on: where each transaction has its own, a producer asks for the
    /// next one as soon as its commit is answered, which may be before the markers of that are here.
    mutating func end(_ producer: ProducerID, upTo epoch: Int16) {
        guard !entries.isEmpty, let entry = entries[producer.value], entry.epoch <= epoch else { return }
        entries[producer.value] = nil
    }

    /// Forgets those that were there at the last call.
    mutating func expire() {
        entries = entries.filter { !$0.value.isOld }
        for key in entries.keys { entries[key]?.isOld = true }
    }
}
