// Which log of a directory is compacted next, and how far each was: the log with the greatest share of
// uncompacted bytes first, as in Kafka.
package import Base
package import Storage

/// What one look at the logs led to.
package enum CompactionStep: Equatable, Sendable {
    /// A log was compacted, and perhaps another one is due.
    case compacted
    /// Nothing was due; more will be at this time, nil if nothing will be without further appends.
    case idle(until: Timestamp?)
}

extension LogDirectory {
    /// Compacts the log that needs it most, if one does.
    ///
    /// A log that cannot be compacted, as something in it is damaged, is left alone until the next start.
    package func compactNext(
        at now: Timestamp, _ limits: CompactionSettings, _ pace: CompactionPace
    ) -> CompactionStep {
        var dirtiest: (open: OpenLog, candidate: CompactionCandidate)?
        var next: Timestamp?
        let (logs, checkpoint, left) = state.withLock { state in
            (Array(state.logs.values), state.cleanerOffsets, state.uncleanable)
        }
        for open in logs where open.log.isCompacted && !left.contains(open.log.partition) {
            let log = open.log
            do throws(StorageError) {
                let known = checkpoint.offsets[log.partition]
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
            let directory = self
            let report = try open.compact(candidate, at: now, limits, pace) { () throws(StorageError) in
                try directory.writeCheckpoints()
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
        state.withLock { _ = $0.uncleanable.insert(log.partition) }
        services.logger.logLimited(
            .error, "compaction.given_up",
            ["partition": "\(log.partition)", "reason": error.description])
    }

    private func finish(_ log: PartitionLog, _ report: CompactionReport) throws(StorageError) {
        let checkpoint = state.withLock { state -> OffsetCheckpoint in
            // A topic may have been deleted while it was compacted.
            if state.logs[log.partition]?.log === log {
                state.cleanerOffsets.offsets[log.partition] = report.firstDirty
            }
            return state.cleanerOffsets
        }
        try write(checkpoint)
        services.logger.logLimited(
            .info, "log.compacted",
            [
                "partition": "\(log.partition)", "up_to": "\(report.firstDirty.value)",
                "before": "\(report.bytesBefore)", "after": "\(report.bytesAfter)",
                "partial": "\(report.isPartial)",
            ])
    }

    private func write(_ checkpoint: OffsetCheckpoint) throws(StorageError) {
        let file = path + "/" + OffsetCheckpoint.Kind.cleaner.rawValue
        try services.disk.replace(file, with: checkpoint.bytes, isDurable: true)
    }

    /// Forgets how far earlier partitions of these names were compacted.
    func forgetCompaction(of partitions: [TopicPartition]) throws(StorageError) {
        let changed = state.withLock { state -> OffsetCheckpoint? in
            var isNews = false
            for partition in partitions {
                state.uncleanable.remove(partition)
                if state.cleanerOffsets.offsets.removeValue(forKey: partition) != nil { isNews = true }
            }
            return isNews ? state.cleanerOffsets : nil
        }
        if let changed { try write(changed) }
    }
}
