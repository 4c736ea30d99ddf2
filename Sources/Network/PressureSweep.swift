// Who holds memory that others wait for, and does not go on, is closed: the one that has been silent longest
// goes first. A loop looks at its connections only while somebody waits.
internal import Base
internal import Synchronization

/// The looks of one loop at its connections.
final class PressureSweep: Sendable {
    /// Beyond so many times the bound of small pieces also those go that were not silent for long.
    private static let urgentFactor = 2

    private let loop: EventLoop
    // The budget keeps the sweep.
    private weak let budget: MemoryBudget?
    private let limits: NetworkLimits
    private let isSweeping = Atomic(false)
    private let isUrgentComing = Atomic(false)

    private init(_ loop: EventLoop, _ budget: MemoryBudget, _ limits: NetworkLimits) {
        self.loop = loop
        self.budget = budget
        self.limits = limits
    }

    /// Has `loop` look at its connections whenever `budget` is under pressure.
    static func begin(on loop: EventLoop, _ budget: MemoryBudget, _ limits: NetworkLimits) {
        let sweep = PressureSweep(loop, budget, limits)
        budget.whenUnderPressure { sweep.pressed() }
    }

    private func isUrgent(_ budget: MemoryBudget) -> Bool {
        budget.smallBytes > Self.urgentFactor * budget.shares.smallBytes
    }

    private func pressed() {
        guard let budget else { return }
        if isUrgent(budget), !isUrgentComing.exchange(true, ordering: .acquiringAndReleasing) {
            loop.post { [self] in
                isUrgentComing.store(false, ordering: .releasing)
                look()
            }
        }
        guard !isSweeping.exchange(true, ordering: .acquiringAndReleasing) else { return }
        loop.post { [self] in sweep() }
    }

    private func sweep() {
        guard let budget else { return }
        guard budget.isUnderPressure else {
            isSweeping.store(false, ordering: .releasing)
            // It may have come back just before the line above.
            if budget.isUnderPressure { pressed() }
            return
        }
        look()
        loop.schedule(after: limits.pressureInterval) { [self] in sweep() }
    }

    /// Closes those who stand in the way.
    private func look() {
        guard let budget else { return }
        var holdings: [MemoryHolding] = []
        for case let connection as Connection in loop.sources {
            let holding = connection.assumeIsolated { $0.giveBackAndTell() }
            if !holding.leasedBytes.isEmpty || holding.smallBytes > 0 { holdings.append(holding) }
        }
        var missing = Dictionary(
            uniqueKeysWithValues: MemoryBudget.Kind.ofPeers.map { ($0, budget.missingBytes($0)) })
        var missingSmall = budget.smallBytes - budget.shares.smallBytes
        let isUrgent = isUrgent(budget)
        let silentSince = loop.now - limits.stallTimeout.wholeNanoseconds
        holdings.sort { $0.lastProgress < $1.lastProgress }
        for holding in holdings {
            let isStalled = holding.isPeersTurn && holding.lastProgress <= silentSince
            let isInTheWay =
                isStalled
                && holding.leasedBytes.contains { $0.value > 0 && missing[$0.key, default: 0] > 0 }
                || (isStalled || isUrgent) && holding.smallBytes > 0 && missingSmall > 0
            guard isInTheWay else { continue }
            missing.merge(holding.leasedBytes) { $0 - $1 }
            missingSmall -= holding.smallBytes
            holding.connection.assumeIsolated { $0.close(.stalled) }
        }
    }
}
