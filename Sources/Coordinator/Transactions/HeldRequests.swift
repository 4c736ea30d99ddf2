// Requests that come while the markers of a transaction are written: they wait for its end, which is near,
// where Kafka has clients come again (CONCURRENT_TRANSACTIONS).
internal import Base
internal import Protocol

/// A request that waits for the end of the transaction before.
struct HeldRequest: Sendable {
    let request: TransactionRequest
    let token: ReplyToken
}

extension TransactionCoordinator {
    mutating func hold(_ request: HeldRequest, _ id: Name) {
        let count = held[id]?.count ?? 0
        guard count < TransactionSettings.heldMax else {
            return decision.reply(.code(.concurrentTransactions), to: request.token)
        }
        held[id, default: []].append(request)
        guard count == 0 else { return }
        deadlines.set(.held(id), at: now.after(milliseconds: TransactionSettings.holdMilliseconds))
    }

    /// Serves what has waited, as the transaction before has ended.
    mutating func serveHeld(_ id: Name) {
        deadlines.cancel(.held(id))
        // One of them may end a transaction again, which the others then wait for.
        for waiting in held.removeValue(forKey: id) ?? [] { serve(waiting.request, waiting.token) }
    }

    /// Sends away what has waited for too long.
    mutating func refuseHeld(_ id: Name) {
        for waiting in held.removeValue(forKey: id) ?? [] {
            decision.reply(.code(.concurrentTransactions), to: waiting.token)
        }
    }
}
