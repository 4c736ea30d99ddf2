// Which events are logged: those from a level on, with other levels for single components. It may change at
// any time, and what is not logged costs next to nothing.
import Synchronization

/// The levels of a logger and of its components; a component is the first part of an event's name.
package final class LogLevels: Sendable {
    private struct State {
        /// Nil logs nothing at all.
        var root: LogLevel?
        var components: [Name: LogLevel?] = [:]
    }
    private let state: Lock<State>
    /// The rank of the least level that anything is logged at.
    private let least: Atomic<Int>

    /// One level for everything.
    init(_ root: LogLevel) {
        state = Lock(State(root: root))
        least = Atomic(root.rank)
    }

    /// Logs events from `level` on, nothing with nil, where nothing else is said of their component.
    package func setRoot(_ level: LogLevel?) { change { $0.root = level } }

    /// Logs events of a component from `level` on, nothing with nil.
    package func set(_ component: Name, _ level: LogLevel?) {
        change { $0.components[component] = .some(level) }
    }

    /// Logs events of a component like others.
    package func unset(_ component: Name) { change { $0.components.removeValue(forKey: component) } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            let levels = state.components.values + [state.root]
            least.store(levels.compactMap { $0?.rank }.min() ?? .max, ordering: .relaxed)
        }
    }

    /// Whether `event` is logged at `level`.
    func admit(_ level: LogLevel, _ event: StaticString) -> Bool {
        guard level.rank >= least.load(ordering: .relaxed) else { return false }
        return state.withLock { state in
            guard !state.components.isEmpty,
                let found = state.components[Name("\(event)".prefix { $0 != "." })]
            else { return state.root.map { level >= $0 } ?? false }
            return found.map { level >= $0 } ?? false
        }
    }
}
