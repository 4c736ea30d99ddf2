// Puts a compacted segment in the place of those that it was made of. The name of its log tells how far that
// got, whenever the power goes: `.cleaned` counts for nothing, from `.swap` on the next start goes through
// with it. Readers who found their place in an old segment go on in its renamed files.
internal import Base
import Glibc
internal import Storage

extension SegmentStore {
    /// Replaces `old`, neighbours in the log, by `compacted`; false if they are no longer all there.
    ///
    /// What they held must be durable and below the recovery point.
    func swap(_ old: [Segment], for compacted: SegmentState) throws(StorageError) -> Bool {
        try structureLock.withLock { _ throws(StorageError) in
            guard let place = place(of: old) else { return false }
            try leaveJournal(below: old[old.count - 1].base.next)
            try publish(compacted.segment)
            do throws(StorageError) {
                var paths: [String] = []
                for (number, segment) in old.enumerated() {
                    paths += try segment.retire(place.serial + number)
                }
                try finishSwap(of: compacted.segment)
                deleteLater(paths, after: place.delay)
            } catch {
                // On the disk it counts already, and the next start completes it.
                goOffline(error)
                throw error
            }
            upkeep.withLock { _ in
                state.withLock { state in
                    // Appends change the end of the list only, and all else waits for this lock.
                    let first = state.segmentNumber(containing: old[0].base)
                    state.segments.replaceSubrange(first..<(first + old.count), with: [compacted])
                    state.recents.clear()
                    state.retired += 1
                }
            }
            return true
        }
    }

    /// How their files are to be named and when they are removed; nil if the segments are no longer a part of
    /// the log.
    private func place(of old: [Segment]) -> (serial: Int, delay: Duration)? {
        state.withLock { state in
            guard !state.isClosed, state.failure == nil else { return nil }
            let first = state.segmentNumber(containing: old[0].base)
            guard first + old.count <= state.segments.count - 1 - state.ends.unsealed else { return nil }
            let found = state.segments[first..<(first + old.count)]
            guard zip(found, old).allSatisfy({ $0.segment === $1 }) else { return nil }
            defer { state.retired += old.count }
            return (state.retired, state.config.fileDeleteDelay)
        }
    }

    /// Lets the new files count, the log last.
    private func publish(_ segment: Segment) throws(StorageError) {
        for suffix in Segment.suffixes {
            let path = segment.path(suffix)
            guard try services.disk.entry(at: path + CompactedSegment.draftEnding) != nil else { continue }
            try services.disk.rename(
                path + CompactedSegment.draftEnding, to: path + CompactedSegment.swapEnding)
        }
        do throws(StorageError) {
            try services.disk.syncDirectory(directory)
        } catch {
            goOffline(error)
            throw error
        }
    }

    /// Gives the new files their names, once the old ones are out of the way.
    private func finishSwap(of segment: Segment) throws(StorageError) {
        for suffix in Segment.suffixes {
            let path = segment.path(suffix)
            guard try services.disk.entry(at: path + CompactedSegment.swapEnding) != nil else { continue }
            try services.disk.rename(path + CompactedSegment.swapEnding, to: path)
        }
        try services.disk.syncDirectory(directory)
    }

    /// Repeats a lookup whose segment was removed in its middle, as with a `file.delete.delay.ms` of 0.
    func unlessRetired<Result>(_ lookup: () throws(StorageError) -> Result) throws(StorageError) -> Result {
        while true {
            let before = state.withLock { $0.retired }
            do throws(StorageError) {
                return try lookup()
            } catch .io(.open, let path, ENOENT) {
                guard state.withLock({ $0.retired }) != before else {
                    throw .io(operation: .open, path: path, errno: ENOENT)
                }
            }
        }
    }

    /// Has the files at `paths` removed later.
    func deleteLater(_ paths: [String], after delay: Duration) {
        let wait = delay.components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let due = services.clock.monotonicNanoseconds()
            .addingReportingOverflow(wait.overflow ? .max : wait.partialValue)
        services.pendingDeletes.add(paths, due: due.overflow ? .max : due.partialValue)
    }
}
