// Waiting for several values that come in any order.
internal import Base

/// Collects values in their order; the last one to come calls the action.
final class Gathering<Value: Sendable>: Sendable {
    private struct State {
        var values: [Value?]
        var missing: Int
    }
    private let state: Lock<State>
    private let action: @Sendable ([Value]) -> Void

    /// Waits for `count` values; with none the action is called at once.
    init(count: Int, then action: @escaping @Sendable ([Value]) -> Void) {
        state = Lock(State(values: Array(repeating: nil, count: count), missing: count))
        self.action = action
        if count == 0 { action([]) }
    }

    /// Adds the value number `index`.
    func add(_ value: Value, at index: Int) {
        let all: [Value]? = state.withLock { state in
            guard state.values[index] == nil else { return nil }
            state.values[index] = value
            state.missing -= 1
            return state.missing == 0 ? state.values.compactMap(\.self) : nil
        }
        if let all { action(all) }
    }
}
