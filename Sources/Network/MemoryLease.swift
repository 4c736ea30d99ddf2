// A piece of the memory budget as a value: whatever keeps the bytes keeps the lease beside them, and it is
// given back when nothing does any more, however that comes about.
internal import Base
internal import Synchronization

/// Bytes of the budget that somebody has; they go back with the last reference.
package final class MemoryLease: Sendable {
    /// Which part of the budget.
    let kind: MemoryBudget.Kind
    private let budget: MemoryBudget
    private let holder: MemoryHolder
    private let amount: Atomic<Int>

    init(_ budget: MemoryBudget, _ kind: MemoryBudget.Kind, _ holder: MemoryHolder, bytes: Int) {
        self.budget = budget
        self.kind = kind
        self.holder = holder
        amount = Atomic(bytes)
    }

    deinit { budget.give(amount.load(ordering: .relaxed), kind, holder) }

    /// How many bytes.
    package var bytes: Int { amount.load(ordering: .relaxed) }

    /// Makes it as large as what turned out to be needed, which may take the budget beyond its bound: the
    /// bytes are there already.
    package func resize(to bytes: Int) {
        let before = amount.exchange(bytes, ordering: .relaxed)
        if bytes > before {
            budget.take(bytes - before, kind, holder)
        } else if bytes < before {
            budget.give(before - bytes, kind, holder)
        }
    }
}

/// A wish for a lease that may still be taken back.
package final class MemoryWish: Sendable {
    private let budget: MemoryBudget
    private let kind: MemoryBudget.Kind
    private let holder: MemoryHolder
    private let ticket: UInt64

    init(_ budget: MemoryBudget, _ kind: MemoryBudget.Kind, _ holder: MemoryHolder, ticket: UInt64) {
        self.budget = budget
        self.kind = kind
        self.holder = holder
        self.ticket = ticket
    }

    /// Takes the wish back; one that was granted already is not affected.
    package func cancel() { budget.cancel(ticket, kind, holder) }
}

extension MemoryWish: AwaitedReply {
    /// Whoever wished is gone.
    package func abandon() { cancel() }
}
