// Waiting for several logs, or for anything else that is told once each.
internal import Synchronization

/// Counts down over several logs and then runs its action, once, on whatever thread brings the last one.
final class DurabilityBarrier: DurabilityListener {
    private let remaining: Atomic<Int>
    private let action: @Sendable () -> Void

    /// A barrier that opens after `count` reports, failed or not.
    init(count: Int, then action: @escaping @Sendable () -> Void) {
        remaining = Atomic(count)
        self.action = action
    }

    func durable(_ index: Int, failed: Bool) {
        if remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { action() }
    }
}
