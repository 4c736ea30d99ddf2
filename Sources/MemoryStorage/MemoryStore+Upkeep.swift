// Retention in memory: pieces are deleted whole, the oldest first, by Kafka's rules.
import Base
import Records
import Storage

extension MemoryStore {
    /// Opens a piece where one is due, and hands the deletion of others back.
    package func maintain(
        _ duty: MaintenanceDuty, at now: Timestamp, below limit: Offset
    ) throws(StorageError) -> Maintenance {
        state.withLock { state in
            guard !state.isClosed, state.failure == nil else { return Maintenance() }
            switch duty {
            case .age:
                guard let due = state.ageDue else { return Maintenance() }
                guard due <= now else { return Maintenance(due: due) }
                state.openPiece(now)
                return Maintenance(sealed: state.end)
            case .retention:
                let expired = state.expired(at: now, below: limit)
                guard expired.count > 0 else { return Maintenance(due: expired.due) }
                let takesAll = expired.count == state.pieces.count
                if takesAll { state.openPiece(now) }
                let deletion = Deletion { [self] () throws(StorageError) in expire(at: now, below: limit) }
                return Maintenance(sealed: takesAll ? state.end : nil, deletion: deletion)
            }
        }
    }

    private func expire(at now: Timestamp, below limit: Offset) -> Expiry {
        state.withLock { state in
            var expiry = Expiry(start: state.start)
            guard !state.isClosed, state.failure == nil else { return expiry }
            let expired = state.expired(at: now, below: limit)
            // There is one left in any case, which takes the appends.
            let count = min(expired.count, state.pieces.count - 1)
            expiry.due = expired.due
            expiry.removed = state.pieces.prefix(count).map(\.base)
            state.pieces.removeFirst(count)
            let oldest = state.pieces[0].base
            state.batches.removeAll { $0.header.baseOffset < oldest }
            state.start = max(state.start, oldest)
            expiry.start = state.start
            return expiry
        }
    }
}

extension MemoryStore.State {
    /// When records that are no piece of their own yet have come of age.
    fileprivate var ageDue: Timestamp? {
        let number = pieces.count - 1
        guard let first = batches(of: number).first?.header.maxTimestamp else { return nil }
        let begun = first.milliseconds >= 0 ? first : pieces[number].openedAt
        return begun.behind(config.segmentAgeMax)
    }

    /// How many pieces retention takes, perhaps all, and when it takes the next one.
    fileprivate func expired(at now: Timestamp, below limit: Offset) -> (count: Int, due: Timestamp?) {
        var count = 0
        while count + 1 < pieces.count, pieces[count + 1].base <= start { count += 1 }
        guard config.deletes else { return (count, nil) }
        if let bytesMax = config.retentionBytes {
            var surplus = (count..<pieces.count).reduce(0) { $0 + Int64(bytes(of: $1)) } - bytesMax
            while mayExpire(count, below: limit), surplus >= bytes(of: count) {
                surplus -= Int64(bytes(of: count))
                count += 1
            }
        }
        guard let ageMax = config.retentionAge else { return (count, nil) }
        while mayExpire(count, below: limit) {
            let newest = batches(of: count).map(\.header.maxTimestamp).max() ?? .none
            let counted = newest.milliseconds >= 0 ? newest : pieces[count].openedAt
            guard let due = counted.behind(ageMax), due <= now else {
                return (count, counted.behind(ageMax))
            }
            count += 1
        }
        return (count, nil)
    }

    /// Whether piece `number` holds anything, and nothing that reaches `limit`.
    private func mayExpire(_ number: Int, below limit: Offset) -> Bool {
        guard number < pieces.count, let last = batches(of: number).last else { return false }
        return last.header.nextOffset <= limit
    }
}

extension Timestamp {
    /// The first moment at which this one lies longer back than `age`; nil if that will never be.
    fileprivate func behind(_ age: Duration) -> Timestamp? {
        let (due, overflows) = milliseconds.addingReportingOverflow(age.wholeMilliseconds)
        return overflows || due == .max ? nil : Timestamp(milliseconds: due + 1)
    }
}
