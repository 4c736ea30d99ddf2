// What takes records away while the directory is open: retention, DeleteRecords, and compaction.
import Base
import Simulation
import Storage

@testable import LocalStorage

extension History {
    private func segments(of number: Int) -> (promise: LogPromise, log: PartitionLog)? {
        guard let promise = slots[number].promise, let log = logs[slots[number].partition] else { return nil }
        return (promise, log)
    }

    /// Closes segments that have come of age, and deletes what retention takes.
    mutating func expire() throws {
        tell("expire at \(clock.wallTime().milliseconds)")
        let now = clock.wallTime()
        for number in slots.indices {
            guard let (known, log) = segments(of: number) else { continue }
            var promise = known
            promise.mayExpire(
                at: now.milliseconds, ageMax: Self.retentionAge,
                bytesMax: promise.policy.deletes ? Self.retentionBytes : nil, below: log.bounds.highWatermark)
            slots[number].promise = promise
            let before = log.bounds.logStart
            do throws(StorageError) {
                try disk.during(.expiring) { () throws(StorageError) in
                    _ = try log.rollIfAged(at: now)
                    _ = try log.expire(at: now)
                }
                // Only a segment that is gone moves it.
                let start = log.bounds.logStart
                if start > before { slots[number].promise?.startMin = start }
            } catch {
                tell("expire \(number): \(error)")
            }
        }
        _ = directory?.removeDeletedSegments(at: clock.monotonicNanoseconds())
    }

    /// Moves the start of a log, as DeleteRecords does.
    mutating func trim(_ number: Int) throws {
        guard let directory, let (known, log) = segments(of: number) else { return }
        var promise = known
        let bounds = log.bounds
        guard bounds.logStart < bounds.highWatermark else { return }
        let target = Offset(
            Int64.random(in: bounds.logStart.value...bounds.highWatermark.value, using: &random))
        tell("trim \(number) to \(target.value)")
        promise.startMax = max(promise.startMax, target)
        slots[number].promise = promise
        do throws(StorageError) {
            try disk.during(.trimming) { () throws(StorageError) in
                try log.trim(to: target)
                try directory.writeCheckpoints()
            }
            slots[number].promise?.startMin = max(promise.startMin, target)
        } catch {
            tell("trim \(number): \(error)")
        }
    }

    /// Compacts whatever is due.
    mutating func compact(rounds: Int = 3) throws {
        guard let directory else { return }
        for number in slots.indices where slots[number].policy.compacts {
            // Also of a log that we lost sight of, after a deletion that failed.
            let end = logs[slots[number].partition]?.bounds.highWatermark
            for other in slots[number].alternatives.indices {
                guard let promise = slots[number].alternatives[other] else { continue }
                slots[number].alternatives[other]?.compactedMax = max(
                    promise.compactedMax, end ?? promise.end)
            }
        }
        var limits = CompactionSettings()
        limits.mapBytes = random.chance(30) ? 6 * 24 : 1 << 16
        let pace = CompactionPace(
            bytesPerSecond: .infinity, clock: clock, pause: { _ in }, isStopping: { false })
        for _ in 0..<rounds {
            let step = try disk.during(.compacting) { () throws(StorageError) in
                directory.compactNext(at: clock.wallTime(), limits, pace)
            }
            tell("compact: \(step)")
            guard step == .compacted else { return }
        }
    }

    /// Ends a history: what is compacted until nothing is left to do holds each key once.
    mutating func settle() throws {
        pool.run()
        for number in slots.indices where slots[number].policy.compacts {
            guard let (_, log) = segments(of: number), log.bounds.logEnd > .zero else { continue }
            var config = config(of: slots[number])
            config.segmentAgeMax = .zero
            log.update(config)
            _ = try log.rollIfAged(at: Timestamp(milliseconds: .max / 2))
        }
        flush()
        // Compaction begins with what is sealed.
        pool.run()
        try compact(rounds: 100)
        for number in slots.indices where slots[number].policy.compacts {
            guard let (promise, log) = segments(of: number) else { continue }
            let found = try log.found()
            let why = try promise.violation(found) ?? promise.unsettled(found, below: promise.end)
            if let why { throw Violation(description: "\(log.partition), compacted: \(why)") }
        }
    }
}
