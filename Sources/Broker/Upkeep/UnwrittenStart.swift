// A start on a full disk: the quorum epoch and new leader epochs, which come before the first record of a
// start, cannot be written down. Everything is served that needs no space, and they are tried again and
// again.
internal import Base
internal import Storage

/// What a start could not write.
struct UnwrittenStart: Sendable {
    /// How often it is tried again.
    private static let interval = Duration.seconds(1)

    private let catalog: TopicCatalog
    private let storage: any StorageEngine
    private let logger: Logger

    /// What `catalog` and its metadata log have still to write; until then nobody may append anything.
    init(_ catalog: TopicCatalog, _ storage: any StorageEngine, _ logger: Logger) {
        self.catalog = catalog
        self.storage = storage
        self.logger = logger
        hold()
    }

    /// Whether something is.
    var isLeft: Bool { catalog.metadata.isBeginning || catalog.isTakingLeadership }

    private func hold() {
        guard isLeft else { return }
        storage.hold(true)
        logger.log(
            .error, "disk.filled_up",
            [
                "directory": storage.metadata.path, "produce": "refused",
                "reason": catalog.metadata.hasFailed
                    ? Self.needsStart : "there is no space for what a start writes; free some",
            ])
    }

    /// Another sync would succeed and mean nothing.
    private static let needsStart = "the disk was full at a sync of the metadata log; free some and restart"

    /// Adds a job to `scheduler` that tries again until everything is written.
    func goOn(on scheduler: UpkeepScheduler) {
        guard isLeft else { return }
        let job = scheduler.add { goOn() || catalog.metadata.hasFailed ? nil : Self.interval }
        scheduler.request(job, within: Self.interval)
    }

    /// Tries to write what is left; whether everything is written, and records are taken.
    func goOn() -> Bool {
        do throws(MetadataError) {
            try catalog.metadata.goOnBeginning()
            try catalog.goOnTakingLeadership()
        } catch {
            if catalog.metadata.hasFailed {
                logger.logLimited(
                    .error, "disk.filled_up", ["reason": Self.needsStart, "produce": "refused"])
            } else if !error.isLackOfSpace {
                logger.logLimited(
                    .error, "disk.filled_up", ["reason": error.description, "produce": "refused"])
            }
            return false
        }
        storage.hold(false)
        logger.log(
            .info, "disk.freed", ["directory": storage.metadata.path, "produce": "accepted"])
        return true
    }
}
