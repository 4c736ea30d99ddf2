// Partitions are opened while others are in use already: which are still to come, and what follows the last.
internal import Base
internal import Storage

extension LogDirectory {
    /// So many partitions lie here that will be opened sooner or later.
    package func expect(_ partitions: Int) { state.withLock { $0.unopened += partitions } }

    /// One of them was opened, or could not be, or is not wanted any more.
    package func met() { state.withLock { $0.unopened -= 1 } }

    /// How many partitions of topics lie here, open or not.
    package var partitionCount: Int {
        state.withLock { state in state.unopened + state.logs.values.count { $0.log.kind == .data } }
    }

    /// All partitions were opened that ever will be: ends what a start after a crash began.
    ///
    /// Once everything that it found is synced, checkpoints spare the next one the work.
    package func finishOpening() {
        do throws(StorageError) {
            try services.journal?.finishRecovered()
        } catch {
            // It stays, and the next start replays it.
            services.logger.log(.error, "journal.kept", ["directory": path, "reason": error.description])
        }
        let isOver = state.withLock { state in
            state.isOpened = true
            return state.isRecovered
        }
        if isOver, isAfterCrash { writeCheckpointsOrWarn() }
    }
}
