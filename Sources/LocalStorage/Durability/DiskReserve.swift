// Space that is kept free for what must go on when the disk fills up: the metadata log, deletions, and the
// next start. Clients' records are refused before they use it.
internal import Base
internal import Storage
internal import Synchronization

/// Watches the free space of one log directory.
///
/// Asking the file system costs a system call, so the flusher does it after its turns, and appends read the
/// outcome from memory.
final class DiskReserve: Sendable {
    /// `apus.disk.reserve.bytes`; 0 reserves nothing.
    private let bytes: Int64
    private let path: String
    private let disk: any Disk
    private let clock: any BrokerClock
    private let logger: Logger
    private let reached = Atomic(false)
    private let held = Atomic(false)
    private let checkedAt = Atomic(Int64.min)
    /// Turns of the flusher within so many nanoseconds share one look at the disk.
    private static let checkEvery: Int64 = 10_000_000

    init(bytes: Int64, path: String, disk: any Disk, clock: any BrokerClock, logger: Logger) {
        self.bytes = bytes
        self.path = path
        self.disk = disk
        self.clock = clock
        self.logger = logger
    }

    /// Whether less is free than is to be kept, as of the last look, or nothing at all may be appended.
    var isReached: Bool { reached.load(ordering: .relaxed) || isHeld }

    /// Whether nothing at all may be appended yet, as there was no space for what the broker itself writes
    /// before the first record of this start.
    var isHeld: Bool { held.load(ordering: .relaxed) }

    /// Lets nothing be appended until that is written.
    func hold(_ isHeld: Bool) { held.store(isHeld, ordering: .relaxed) }

    /// Looks at the disk, unless that was done just now.
    func checkAfterTurn() {
        let now = clock.monotonicNanoseconds()
        let last = checkedAt.load(ordering: .relaxed)
        guard last == .min || now - last >= Self.checkEvery else { return }
        check()
    }

    /// Looks at the disk; whether the reserve is reached.
    ///
    /// Where the file system cannot tell, everything stays as it is.
    @discardableResult
    func check() -> Bool {
        guard bytes > 0 else { return false }
        checkedAt.store(clock.monotonicNanoseconds(), ordering: .relaxed)
        guard let free = (try? disk.space(at: path))?.freeBytes else {
            return reached.load(ordering: .relaxed)
        }
        let isReached = free < bytes
        guard reached.exchange(isReached, ordering: .relaxed) != isReached else { return isReached }
        let fields: KeyValuePairs = [
            "directory": path, "free_bytes": "\(free)", "reserve_bytes": "\(bytes)",
            "produce": isReached ? "refused" : "accepted",
        ]
        if isReached {
            logger.logLimited(.error, "disk_reserve.reached", fields)
        } else {
            logger.logLimited(.info, "disk_reserve.restored", fields)
        }
        return isReached
    }
}
