// Where the files of deleted segments wait. They are renamed at once, so that no start takes them for a part
// of the log, and removed some time later: whoever found a place in one of them still gets to read it.
internal import Base
internal import Storage

/// Files that are to be removed, each at its time.
final class Graveyard: Sendable {
    private struct Grave {
        /// On the monotonic clock, in nanoseconds.
        var due: Int64
        var paths: [String]
    }

    private let graves = Lock<[Grave]>([])

    /// Has `paths` removed by the first `sweep` at `due` or later.
    func add(_ paths: [String], due: Int64) {
        graves.withLock { $0.append(Grave(due: due, paths: paths)) }
    }

    /// Forgets what waits in `directory`, whose log is deleted: a later one may have files of the same names.
    func forget(below directory: String) {
        graves.withLock { graves in
            for number in graves.indices {
                graves[number].paths.removeAll { $0.hasPrefix(directory + "/") }
            }
            graves.removeAll { $0.paths.isEmpty }
        }
    }

    /// Removes what is due at `now`; when the next files will be, nil if there are none.
    ///
    /// A file that cannot be removed is left to the next start.
    func sweep(at now: Int64, _ disk: any Disk, _ logger: Logger) -> Int64? {
        let (due, next) = graves.withLock { graves in
            let due = graves.filter { $0.due <= now }
            graves.removeAll { $0.due <= now }
            return (due, graves.map(\.due).min())
        }
        for path in due.flatMap(\.paths) {
            do throws(StorageError) {
                // It is gone with its directory if the topic was deleted meanwhile.
                try disk.removeIfPresent(path)
            } catch {
                logger.logLimited(
                    .warning, "segment.remove.failed", ["file": path, "reason": error.description])
            }
        }
        return next
    }
}
