// What a peer can cause, it can cause thousands of times in a second. The log has room for a few lines of
// each kind of event in a while, and then for their number.

/// Decides which events get a line of their own, and counts the others.
final class EventLimiter: Sendable {
    /// How many events of one name are logged within a window.
    static let linesPerWindow = 50
    /// How long a window is, in nanoseconds; it begins with the first event behind the one before.
    static let windowNanoseconds: Int64 = 60_000_000_000

    /// Events of one name that were left out.
    struct Suppressed: Equatable {
        let event: Name
        let level: LogLevel
        let count: Int
    }

    private struct Window {
        var begun: Int64
        var logged = 0
        var suppressed = 0
        var level: LogLevel

        /// What this window left out of `event`.
        func rest(of event: Name) -> Suppressed? {
            suppressed == 0 ? nil : Suppressed(event: event, level: level, count: suppressed)
        }
    }

    // As many entries as there are names of events in the program.
    private let windows = Lock<[Name: Window]>([:])

    /// Whether an event is logged at `now`, and what its last window left out if that is over.
    func admit(_ event: Name, _ level: LogLevel, at now: Int64) -> (isLogged: Bool, before: Suppressed?) {
        windows.withLock { windows in
            var window = windows[event] ?? Window(begun: now, level: level)
            var before: Suppressed?
            if now - window.begun >= Self.windowNanoseconds {
                before = window.rest(of: event)
                window = Window(begun: now, level: level)
            }
            let isLogged = window.logged < Self.linesPerWindow
            if isLogged {
                window.logged += 1
            } else {
                window.suppressed += 1
                window.level = max(window.level, level)
            }
            windows[event] = window
            return (isLogged, before)
        }
    }

    /// What was left out and not said yet, in the order of the names; it counts as said.
    func takeSuppressed() -> [Suppressed] {
        windows.withLock { windows in
            let rest = windows.sorted { $0.key < $1.key }.compactMap { $0.value.rest(of: $0.key) }
            for event in windows.keys { windows[event]?.suppressed = 0 }
            return rest
        }
    }
}
