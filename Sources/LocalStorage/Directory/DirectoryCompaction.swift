// Which log of a directory is compacted next, and how far each was: the log with the greatest share of
// uncompacted bytes first, as in Kafka.
internal import Base
internal import Storage

/// What one look at the logs led to.
enum CompactionStep: Equatable, Sendable {
    /// A log was compacted, and perhaps another one is due.
    case compacted
    /// Nothing was due; more will be at this time, nil if nothing will be without further appends.
    case idle(until: Timestamp?)
}

/// Compacts the logs of a table, one after another.
struct DirectoryCompaction {
    let table: PartitionTable
    private var checkpoints: DirectoryCheckpoints { table.checkpoints }
    private var services: StoreServices { table.services }

    /// Compacts the log that needs it most, if one does.
    ///
    /// A log that cannot be compacted, as something in it is damaged, is left alone until the next start.
    func next(
        at now: Timestamp, _ limits: CompactionSettings, _ pace: CompactionPace
    ) -> CompactionStep {
        var dirtiest: (open: OpenLog, candidate: CompactionCandidate)?
        var next: Timestamp?
        // In this order: what is known of a partition that is made anew must not be that of the one before.
        let logs = table.state.withLock { Array($0.logs.values) }
        let (offsets, left) = checkpoints.compaction
        for open in logs where open.log.isCompacted && !left.contains(open.log.partition) {
            let log = open.log
            do throws(StorageError) {
                let known = offsets.offsets[log.partition]
                guard let candidate = try open.compactionCandidate(from: known, at: now) else { continue }
                if let due = candidate.due { next = min(next ?? due, due) }
                let isDue = candidate.isOverdue || candidate.dirtyRatio > log.config.dirtyRatioMin
                guard candidate.dirtyBytes > 0, isDue else { continue }
                if candidate.dirtyRatio > dirtiest?.candidate.dirtyRatio ?? -1 {
                    dirtiest = (open, candidate)
                }
            } catch {
                giveUp(log, error)
            }
        }
        guard let (open, candidate) = dirtiest else { return .idle(until: next) }
        let log = open.log
        do throws(StorageError) {
            let report = try open.compact(candidate, at: now, limits, pace) { () throws(StorageError) in
                try table.writeCheckpoints()
            }
            try finish(log, report)
            return .compacted
        } catch .closed {
            return .idle(until: nil)
        } catch .outOfSpace(let operation, let path) {
            let error = StorageError.outOfSpace(operation: operation, path: path)
            services.logger.log(
                .warning, "compaction.failed",
                ["partition": "\(log.partition)", "reason": error.description])
            return .idle(until: Timestamp(milliseconds: now.milliseconds + 60_000))
        } catch {
            giveUp(log, error)
            return .compacted
        }
    }

    private func giveUp(_ log: PartitionLog, _ error: StorageError) {
        if case .closed = error { return }
        checkpoints.leaveAlone(log.partition)
        services.logger.logLimited(
            .error, "compaction.given_up",
            ["partition": "\(log.partition)", "reason": error.description])
    }

    private func finish(_ log: PartitionLog, _ report: CompactionReport) throws(StorageError) {
        // A topic may have been deleted while it was compacted.
        table.whileOpen(log) { checkpoints.compacted(log.partition, to: report.firstDirty) }
        try checkpoints.writeCleanerOffsets()
        services.logger.logLimited(
            .info, "log.compacted",
            [
                "partition": "\(log.partition)", "up_to": "\(report.firstDirty.value)",
                "before": "\(report.bytesBefore)", "after": "\(report.bytesAfter)",
                "partial": "\(report.isPartial)",
            ])
    }
}
