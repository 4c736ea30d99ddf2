// Whose a log directory is, and that nobody else uses it: what `meta.properties` says, the lock, and the
// marker of a clean stop, which is away while the directory is in use.
internal import Base
internal import Storage

/// What `.kafka_cleanshutdown` says.
struct CleanStop: Equatable, Sendable {
    /// The epoch in which the broker was registered; -1 if the marker does not tell.
    var brokerEpoch: Int64
}

/// A log directory that this process has to itself.
final class DirectoryIdentity: Sendable {
    enum Use: Sendable {
        /// Nothing in it was changed: the marker lies where the start found it.
        case claimed
        /// The marker is away, for good: a crash leaves none.
        case inUse
        /// The marker is there again, if this run had one to give, or the lock is given up.
        case left
    }

    let path: String
    let disk: any Disk
    let properties: MetaProperties
    /// What the last stop left; nil after a crash, and for a new directory.
    let cleanStop: CleanStop?
    /// Whether this process made it a log directory.
    let isNew: Bool
    private let lock: any DiskLock
    let use = Lock(Use.claimed)

    /// The directory at `path`, which is claimed; a marker that nothing contradicts says `cleanStop`.
    init(_ claim: Claim, at path: String, cleanStop: CleanStop?, disk: any Disk) {
        self.path = path
        self.disk = disk
        self.cleanStop = cleanStop
        properties = claim.properties
        isNew = claim.isNew
        lock = claim.lock
    }

    /// Whether an earlier run ended without a clean stop.
    var isAfterCrash: Bool { cleanStop == nil && !isNew }

    /// Whether Apus made the directory, so that its rules hold for what is in it.
    var isOwnWriting: Bool { properties.writerVersion != nil }

    /// Gives the lock up.
    func release() {
        use.withLock { $0 = .left }
        lock.release()
    }

    /// Looks at the marker, which must be away while the directory is in use.
    func checkInvariants() throws(InvariantViolation) {
        guard use.withLock({ $0 }) == .inUse else { return }
        let found = try? disk.entry(at: marker)
        try invariant(found == nil, "\(path) is in use, and has the marker of a clean stop")
    }
}
