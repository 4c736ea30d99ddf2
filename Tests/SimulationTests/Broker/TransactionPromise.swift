// What the broker has promised about transactions: everybody sees all of one or nothing, nothing before its
// commit was asked for, and the offsets that belong to it go with its records.
import Base
import Protocol

/// A transaction that a client began.
struct TransactionPromise {
    let owner: String
    /// From then on it may be visible.
    var isCommitAsked = false
    /// Whether it counts, once somebody was told so or saw it.
    var isCommitted: Bool?
    /// Offsets that were sent with it.
    var offsets: [OffsetKey: Int64] = [:]
}

/// A transactional producer as it stands in a log.
struct FoundProducer: Hashable {
    let id: Int64
    let epoch: Int16
}

/// The end of a transaction as it stands in a log.
struct FoundMarker: Hashable {
    let producer: FoundProducer
    let isCommit: Bool
}

/// What is known of all transactions.
struct TransactionPromises {
    private struct Grant: Hashable {
        let producer: Int64
        let epoch: Int16
    }

    fileprivate(set) var all: [TransactionPromise] = []
    private var grants: Set<Grant> = []
    private var owners: [Int64: Name] = [:]

    /// Whether somebody uses this transactional id's producer id for the first time.
    fileprivate mutating func grant(_ producer: Int64, _ epoch: Int16, to id: Name, isFresh: Bool) throws
        -> Bool
    {
        let isNew = grants.insert(Grant(producer: producer, epoch: epoch)).inserted
        guard isNew || !isFresh else {
            throw Violation(
                description: "\(id): producer \(producer) in epoch \(epoch) is given to two clients")
        }
        let owner = owners.updateValue(id, forKey: producer)
        guard owner == nil || owner == id else {
            throw Violation(description: "\(id): producer \(producer) belongs to \(owner?.text ?? "")")
        }
        return owner == nil
    }
}

extension BrokerPromise {
    /// A transactional id has a producer and epoch; a fresh one nobody else was given.
    func gives(_ producer: Int64, _ epoch: Int16, to id: Name, isFresh: Bool) throws {
        if try transactions.grant(producer, epoch, to: id, isFresh: isFresh) {
            try gives(producerID: producer)
        }
    }

    /// A client begins a transaction; its number.
    func beginsTransaction(_ owner: String) -> Int {
        transactions.all.append(TransactionPromise(owner: owner))
        return transactions.all.count - 1
    }

    /// An offset is sent that is to count with a transaction.
    func sends(_ key: OffsetKey, _ offset: Int64, with transaction: Int) {
        transactions.all[transaction].offsets[key] = offset
        if groups.offsets[key] == nil { groups.offsets[key] = OffsetPromise() }
    }

    func asksForCommit(of transaction: Int) {
        guard !transactions.all[transaction].isCommitAsked else { return }
        transactions.all[transaction].isCommitAsked = true
        for (key, offset) in transactions.all[transaction].offsets { groups.commits(key, offset) }
    }

    /// Somebody was told, or saw, how a transaction ended: so it has for everybody.
    func ended(_ transaction: Int, isCommit: Bool, _ how: @autoclosure () -> String) throws {
        let known = transactions.all[transaction]
        guard known.isCommitAsked || !isCommit else {
            throw Violation(
                description: "\(how()): \(known.owner)'s transaction \(transaction) counts, and nobody asked")
        }
        guard known.isCommitted ?? isCommit == isCommit else {
            throw Violation(
                description: "\(how()): \(known.owner)'s transaction \(transaction) was "
                    + "\(isCommit ? "aborted" : "committed")")
        }
        guard known.isCommitted == nil else { return }
        transactions.all[transaction].isCommitted = isCommit
        for (key, offset) in known.offsets { groups.transactionEnded(key, offset, isCommit: isCommit) }
    }

    /// An offset was seen that transactions commit; whoever does not wait for the end of those under way may
    /// see what was there before.
    func sees(_ offset: Int64, of key: OffsetKey, known before: OffsetPromise, isStable: Bool) throws {
        for (number, transaction) in transactions.all.enumerated() where transaction.offsets[key] == offset {
            guard transaction.isCommitAsked, transaction.isCommitted ?? true else {
                throw Violation(
                    description: "\(key.group): offset \(offset) of \(transaction.owner)'s transaction "
                        + "\(number) is visible, which is not committed")
            }
        }
        guard isStable, offset != before.committed, !before.unsure.contains(offset) else { return }
        try groups.check(key, offset)
    }

    /// A record of a transaction was read, or left out, by somebody who wants committed ones only.
    func judge(_ record: FetchedRecord, in place: Place) throws {
        guard let transaction = records[record.number].transaction else {
            guard !record.isTransactional else {
                throw Violation(
                    description: "\(name(of: place)): \(record.offset) belongs to a transaction, and was not "
                        + "sent in one")
            }
            return
        }
        guard record.isTransactional else {
            throw Violation(description: "\(name(of: place)): \(record.offset) belongs to no transaction")
        }
        try ended(
            transaction, isCommit: !record.isAborted,
            "\(name(of: place)): \(record.offset) is \(record.isAborted ? "left out" : "read")")
    }
}

extension BrokerPromise {
    /// The end of a transaction is in its producer's epoch, or in the next one, which fences it; and nothing
    /// comes after it that is older.
    func verifyEpochs(of place: Place, from first: Int64, to end: Int64) throws {
        let known = partitions[place] ?? PartitionPromise()
        var open: [Int64: Int16] = [:]
        var ended: [Int64: Int16] = [:]
        for offset in first..<max(first, end) {
            guard let producer = known.markers[offset]?.producer ?? known.producers[offset] else { continue }
            let (id, epoch) = (producer.id, producer.epoch)
            guard epoch >= max(ended[id] ?? 0, open[id] ?? 0) else {
                throw Violation(
                    description:
                        "\(name(of: place)): at \(offset) is epoch \(epoch) of producer \(id), after "
                        + "epoch \(max(ended[id] ?? 0, open[id] ?? 0))")
            }
            guard known.markers[offset] != nil else {
                open[id] = epoch
                continue
            }
            if let begun = open.removeValue(forKey: id), epoch > begun + 1 {
                throw Violation(
                    description: "\(name(of: place)): at \(offset) is a marker in epoch \(epoch) of producer "
                        + "\(id), whose transaction is in epoch \(begun)")
            }
            ended[id] = epoch
        }
    }
}

extension GroupPromises {
    /// A transaction ended that an offset was sent with: each is greater than those before it.
    mutating func transactionEnded(_ key: OffsetKey, _ offset: Int64, isCommit: Bool) {
        var known = offsets[key] ?? OffsetPromise()
        known.unsure.remove(offset)
        if isCommit {
            known.committed = max(known.committed, offset)
            known.unsure = known.unsure.filter { $0 > known.committed }
        }
        offsets[key] = known
    }
}
