// Where the files of deleted segments wait. They are renamed at once, so that no start takes them for a part
// of the log, and removed some time later: whoever found a place in one of them still gets to read it.
internal import Base
internal import Storage

/// Files that are to be removed, each at its time.
final class PendingDeletes: Sendable {
    private struct Entry {
        /// On the monotonic clock, in nanoseconds.
        var due: Int64
        var paths: [String]
    }

    private let entries = Lock<[Entry]>([])

    /// Has `paths` removed by the first `sweep` at `due` or later.
    func add(_ paths: [String], due: Int64) {
        entries.withLock { $0.append(Entry(due: due, paths: paths)) }
    }

    /// Forgets what waits in `directory`, whose log is deleted: a later one may have files of the same names.
    func forget(below directory: String) {
        entries.withLock { entries in
            for number in entries.indices {
                entries[number].paths.removeAll { $0.hasPrefix(directory + "/") }
            }
            entries.removeAll { $0.paths.isEmpty }
        }
    }

    /// Removes what is due at `now`; when the next files will be, nil if there are none.
    ///
    /// A file that cannot be removed is left to the next start.
    func sweep(at now: Int64, _ disk: any Disk, _ logger: Logger) -> Int64? {
        let (due, next) = entries.withLock { entries in
            let due = entries.filter { $0.due <= now }
            entries.removeAll { $0.due <= now }
            return (due, entries.map(\.due).min())
        }
        for path in due.flatMap(\.paths) {
            do throws(StorageError) {
                // It is gone with its directory if the topic was deleted meanwhile.
                try disk.removeIfPresent(path)
            } catch {
                logger.logLimited(
                    .warning, "segment_removal.failed", ["file": path, "reason": error.description])
            }
        }
        return next
    }
}
