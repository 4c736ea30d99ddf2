// One part of the memory budget: who holds how much of it, and who waits. The address that holds least is
// served first, and what it waits for is never overtaken by somebody's smaller wish.

/// Whom memory is held for: an IPv4 address, or the network of an IPv6 address, as one customer has all of
/// its addresses.
package struct MemoryHolder: Hashable, Sendable {
    private let family: UInt16
    private let network: UInt64

    /// The holder that `host` counts for.
    package init(_ host: SocketAddress.Host) {
        family = host.family
        network = host.family == 4 ? host.low : host.high
    }
}

/// A part of the budget.
struct MemoryPool {
    /// A wish for memory that could not be granted at once.
    struct Waiter {
        let ticket: UInt64
        let holder: MemoryHolder
        let bytes: Int
        let granted: @Sendable (MemoryLease?) -> Void
    }

    let limitBytes: Int
    /// What one address may hold, unless it is a single piece: others could want something too.
    let addressLimitBytes: Int
    private(set) var usedBytes = 0
    private(set) var waitingCount = 0
    private(set) var waitingBytes = 0
    private var held: [MemoryHolder: Int] = [:]
    private var queues: [MemoryHolder: [Waiter]] = [:]

    init(limitBytes: Int, addressLimitBytes: Int) {
        self.limitBytes = limitBytes
        self.addressLimitBytes = addressLimitBytes
    }

    /// How much was taken beyond the bound.
    var overdraftBytes: Int { max(0, usedBytes - limitBytes) }

    /// How much those who wait lack, all together, and what was taken beyond the bound.
    var missingBytes: Int {
        guard waitingCount > 0 else { return overdraftBytes }
        return max(1, waitingBytes + usedBytes - limitBytes)
    }

    /// Takes `bytes` whether they are there or not.
    mutating func take(_ bytes: Int, _ holder: MemoryHolder) {
        usedBytes += bytes
        held[holder, default: 0] += bytes
    }

    /// Takes `bytes` if they are there and nobody waits.
    mutating func takeIfFree(_ bytes: Int, _ holder: MemoryHolder) -> Bool {
        guard waitingCount == 0, fits(bytes, holder) else { return false }
        take(bytes, holder)
        return true
    }

    /// Gives `bytes` back.
    mutating func give(_ bytes: Int, _ holder: MemoryHolder) {
        usedBytes -= bytes
        guard let before = held[holder] else { return }
        held[holder] = before > bytes ? before - bytes : nil
    }

    mutating func wait(_ waiter: Waiter) {
        queues[waiter.holder, default: []].append(waiter)
        waitingCount += 1
        waitingBytes += waiter.bytes
    }

    /// Forgets a wish, if it is still one.
    mutating func forget(_ ticket: UInt64, of holder: MemoryHolder) -> Waiter? {
        guard let index = queues[holder]?.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return remove(at: index, of: holder)
    }

    /// Grants the wish whose turn it is, if there is room for it.
    mutating func grantNext() -> Waiter? {
        guard waitingCount > 0 else { return nil }
        var best: (held: Int, waiter: Waiter)?
        for (holder, queue) in queues {
            guard let first = queue.first, mayHold(first.bytes, holder) else { continue }
            let holds = held[holder, default: 0]
            if let best, (best.held, best.waiter.ticket) < (holds, first.ticket) { continue }
            best = (holds, first)
        }
        guard let next = best?.waiter, fits(next.bytes, next.holder) else { return nil }
        _ = remove(at: 0, of: next.holder)
        take(next.bytes, next.holder)
        return next
    }

    /// Forgets all wishes.
    mutating func forgetAll() -> [Waiter] {
        let all = queues.values.flatMap(\.self)
        queues = [:]
        (waitingCount, waitingBytes) = (0, 0)
        return all
    }

    private mutating func remove(at index: Int, of holder: MemoryHolder) -> Waiter? {
        guard let waiter = queues[holder]?.remove(at: index) else { return nil }
        if queues[holder]?.isEmpty ?? false { queues[holder] = nil }
        waitingCount -= 1
        waitingBytes -= waiter.bytes
        return waiter
    }

    private func fits(_ bytes: Int, _ holder: MemoryHolder) -> Bool {
        usedBytes + bytes <= limitBytes && mayHold(bytes, holder)
    }

    /// Whether an address may hold `bytes` more: a share of the whole, or a single piece of any size.
    private func mayHold(_ bytes: Int, _ holder: MemoryHolder) -> Bool {
        let holds = held[holder, default: 0]
        return holds == 0 || holds + bytes <= addressLimitBytes
    }
}
