// The one budget for the memory that peers make the broker hold: unfinished requests, requests being worked
// on, replies waiting, and what is decompressed or converted for them. What is small is only counted, and
// connections settle it at the end of a turn, so a request that is answered within its turn costs nothing
// here. What is larger is leased before it is there, and waits where there is no room.
internal import Base
internal import Synchronization

/// Request and reply bytes held over all connections, and who waits for them to become fewer.
package final class MemoryBudget: Sendable {
    /// The parts in which memory is leased.
    package enum Kind: Int, CaseIterable, Sendable {
        case medium, large, mediumReply, largeReply, work
        /// Those whose bytes go when a peer has sent or taken something.
        static let ofPeers = [Kind.medium, .large, .mediumReply, .largeReply]
    }

    /// What bytes are leased for.
    ///
    /// Requests wait for memory for their replies, and never the other way round.
    package enum Use: Sendable {
        case request, reply
    }

    private struct State {
        var pools: [MemoryPool]
        var ticket: UInt64 = 0
        var observers: [@Sendable () -> Void] = []
        var isStopping = false
        /// Bytes of work that were given back since memory was returned to the system.
        var freedBytes = 0
        var whenMuchWasFreed: @Sendable () -> Void = {}
    }

    /// How the budget is shared out.
    package let shares: MemoryShares
    private let small = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)
    /// What peers hold beyond the bounds, over all parts.
    private let overdraft = Atomic<Int>(0)
    private let state: Lock<State>

    /// A budget with these shares.
    package init(_ shares: MemoryShares) {
        self.shares = shares
        state = Lock(
            State(pools: [
                MemoryPool(limitBytes: shares.mediumBytes, addressLimitBytes: shares.mediumBytes / 2),
                MemoryPool(limitBytes: shares.largeBytes, addressLimitBytes: shares.largeBytes / 4),
                MemoryPool(limitBytes: shares.mediumBytes, addressLimitBytes: shares.mediumBytes / 2),
                MemoryPool(
                    limitBytes: shares.largestReplyBytes, addressLimitBytes: shares.largestReplyBytes / 4),
                MemoryPool(limitBytes: shares.workBytes, addressLimitBytes: shares.workBytes / 4 * 3),
            ]))
    }

    /// The bytes held now.
    package var usedBytes: Int {
        smallBytes + state.withLock { $0.pools.reduce(0) { $0 + $1.usedBytes } }
    }

    /// Small requests and replies held now.
    package var smallBytes: Int { small.load(ordering: .relaxed) }

    /// The part that `bytes` are leased from.
    func kind(of bytes: Int, _ use: Use) -> Kind {
        let isMedium = bytes <= shares.mediumMaxBytes
        return switch use {
        case .request: isMedium ? .medium : .large
        case .reply: isMedium ? .mediumReply : .largeReply
        }
    }

    /// Whether somebody waits for what peers hold, or they hold more than they should.
    var isUnderPressure: Bool {
        waiting.load(ordering: .sequentiallyConsistent) > 0
            || overdraft.load(ordering: .sequentiallyConsistent) > 0 || smallBytes > shares.smallBytes
    }

    /// How much those lack who wait for memory of this kind, or is held beyond its bound.
    func missingBytes(_ kind: Kind) -> Int { state.withLock { $0.pools[kind.rawValue].missingBytes } }

    /// Calls `body`, on any thread, when the budget comes under pressure, and perhaps more often.
    func whenUnderPressure(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.observers.append(body) }
    }

    /// Counts `bytes` of small pieces more, or fewer when negative.
    package func adjust(by bytes: Int) {
        let now = small.wrappingAdd(bytes, ordering: .relaxed).newValue
        if bytes > 0, now > shares.smallBytes { tellObservers() }
    }

    private func tellObservers() {
        for observer in state.withLock({ $0.observers }) { observer() }
    }
}

// MARK: - Leases

extension MemoryBudget {
    /// `bytes` if there is room and nobody waits.
    package func leaseIfFree(_ bytes: Int, as use: Use, for holder: MemoryHolder) -> MemoryLease? {
        lease(bytes, kind(of: bytes, use), holder)
    }

    /// `bytes` that are there already, whether there is room for them or not.
    package func lease(_ bytes: Int, as use: Use, for holder: MemoryHolder) -> MemoryLease {
        let kind = kind(of: bytes, use)
        take(bytes, kind, holder)
        return MemoryLease(self, kind, holder, bytes: bytes)
    }

    /// Calls `granted` with `bytes`, or as many as there can be: at once if there is room, else later, on any
    /// thread, in fair order.
    ///
    /// Who waits for a reply may hold a request, but no other reply. It is called with nothing if the broker
    /// stops first. The wish is nil if nobody had to wait.
    @discardableResult
    package func whenLeased(
        _ bytes: Int, as use: Use, for holder: MemoryHolder,
        _ granted: @escaping @Sendable (MemoryLease?) -> Void
    ) -> MemoryWish? {
        let mostBytes = use == .request ? shares.largeBytes : shares.largestReplyBytes
        return whenLeased(min(bytes, mostBytes), kind(of: bytes, use), holder, granted)
    }

    /// The same for bytes that exist only while a piece of work is done, which waits for no peer: they are
    /// always granted.
    @discardableResult
    package func whenLeasedForWork(
        _ bytes: Int, for holder: MemoryHolder, _ granted: @escaping @Sendable (MemoryLease) -> Void
    ) -> MemoryWish? {
        whenLeased(min(bytes, shares.workBytes), .work, holder) { lease in
            guard let lease else {
                preconditionFailure("wishes for work are served also by a broker that stops")
            }
            granted(lease)
        }
    }

    /// Whether the broker stops, and begins nothing large any more.
    package var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Lets nobody wait any longer for what peers hold, as they may hold it until the end.
    package func stop() {
        let forgotten = state.withLock { state -> [MemoryPool.Waiter] in
            state.isStopping = true
            let all = Kind.ofPeers.flatMap { state.pools[$0.rawValue].forgetAll() }
            waiting.wrappingSubtract(all.count, ordering: .sequentiallyConsistent)
            return all
        }
        for waiter in forgotten { waiter.granted(nil) }
    }

    private func lease(_ bytes: Int, _ kind: Kind, _ holder: MemoryHolder) -> MemoryLease? {
        let isTaken = state.withLock { $0.pools[kind.rawValue].takeIfFree(bytes, holder) }
        return isTaken ? MemoryLease(self, kind, holder, bytes: bytes) : nil
    }

    private func whenLeased(
        _ bytes: Int, _ kind: Kind, _ holder: MemoryHolder,
        _ granted: @escaping @Sendable (MemoryLease?) -> Void
    ) -> MemoryWish? {
        if let lease = lease(bytes, kind, holder) {
            granted(lease)
            return nil
        }
        let ticket: UInt64? = state.withLock { state in
            guard kind == .work || !state.isStopping else { return nil }
            state.ticket += 1
            state.pools[kind.rawValue].wait(
                .init(ticket: state.ticket, holder: holder, bytes: bytes, granted: granted))
            if kind != .work { waiting.wrappingAdd(1, ordering: .sequentiallyConsistent) }
            return state.ticket
        }
        guard let ticket else {
            granted(nil)
            return nil
        }
        // Those who wait may wait for what their own address holds, or room may have come meanwhile.
        grant(kind) { _ in }
        if kind != .work { tellObservers() }
        return MemoryWish(self, kind, holder, ticket: ticket)
    }

    func take(_ bytes: Int, _ kind: Kind, _ holder: MemoryHolder) {
        let isOverdrawn = state.withLock { state in
            change(&state, kind) { $0.take(bytes, holder) }
            return state.pools[kind.rawValue].overdraftBytes > 0
        }
        if kind != .work, isOverdrawn { tellObservers() }
    }

    private func change(_ state: inout State, _ kind: Kind, _ change: (inout MemoryPool) -> Void) {
        let before = state.pools[kind.rawValue].overdraftBytes
        change(&state.pools[kind.rawValue])
        let more = state.pools[kind.rawValue].overdraftBytes - before
        if kind != .work, more != 0 { overdraft.wrappingAdd(more, ordering: .sequentiallyConsistent) }
    }

    func give(_ bytes: Int, _ kind: Kind, _ holder: MemoryHolder) {
        grant(kind) { $0.give(bytes, holder) }
        if kind == .work { countFreed(bytes) }
    }

    /// After so many bytes of work the allocator is asked to return what lies free between other things:
    /// replies as values are made of many small pieces.
    private static let returnedAfterBytes = 32 << 20

    /// Sets what is called, on any thread, when much was freed in small pieces.
    func whenMuchWasFreed(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.whenMuchWasFreed = body }
    }

    private func countFreed(_ bytes: Int) {
        let body: (@Sendable () -> Void)? = state.withLock { state in
            state.freedBytes += bytes
            guard state.freedBytes >= Self.returnedAfterBytes else { return nil }
            state.freedBytes = 0
            return state.whenMuchWasFreed
        }
        body?()
    }

    func cancel(_ ticket: UInt64, _ kind: Kind, _ holder: MemoryHolder) {
        // What the closure of the wish holds is freed outside of the lock.
        var forgotten: MemoryPool.Waiter?
        grant(kind) { pool in
            forgotten = pool.forget(ticket, of: holder)
            if forgotten != nil, kind != .work {
                waiting.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            }
        }
        withExtendedLifetime(forgotten) {}
    }

    /// Changes a part of the budget, and serves whoever can be served then.
    private func grant(_ kind: Kind, _ change: (inout MemoryPool) -> Void) {
        let granted = state.withLock { state -> [MemoryPool.Waiter] in
            self.change(&state, kind, change)
            var granted: [MemoryPool.Waiter] = []
            while let next = state.pools[kind.rawValue].grantNext() { granted.append(next) }
            if kind != .work, !granted.isEmpty {
                waiting.wrappingSubtract(granted.count, ordering: .sequentiallyConsistent)
            }
            return granted
        }
        for waiter in granted {
            waiter.granted(MemoryLease(self, kind, waiter.holder, bytes: waiter.bytes))
        }
    }
}
