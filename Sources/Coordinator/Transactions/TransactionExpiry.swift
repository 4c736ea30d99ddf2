// Transactional ids that nobody uses any more are forgotten (`transactional.id.expiration.ms`).
internal import Base

extension TransactionCoordinator {
    /// Forgets ids that were not used for too long; so many at once, and the others next.
    mutating func expire() {
        var (due, next): ([Name], Timestamp?) = ([], nil)
        for (id, entry) in entries where TransactionState.dead.allowedPredecessors.contains(entry.state) {
            let expiry = entry.expiry(after: settings.expirationMilliseconds)
            if expiry <= now.wall { due.append(id) } else { next = min(next ?? expiry, expiry) }
        }
        nextExpiry = next
        for id in due.sorted().prefix(TransactionSettings.expiredMax) {
            let tombstone = TransactionRecord(key(id), nil, version: settings.version.recordVersion)
            decision.records.append(tombstone)
            apply(tombstone)
        }
        if due.count > TransactionSettings.expiredMax { decision.continuations.append(.expiryDue) }
    }
}

extension TransactionEntry {
    fileprivate func expiry(after milliseconds: Int64) -> Timestamp {
        let (sum, overflow) = updated.milliseconds.addingReportingOverflow(milliseconds)
        return Timestamp(milliseconds: overflow ? .max : sum)
    }
}
