// State machines say what can never be so in them. Debug builds look after each change, and the simulator
// after each step; release builds look where somebody asks.

/// The state of a machine contradicts itself: a fault of ours, whatever happened outside.
package struct InvariantViolation: Error, Equatable, CustomStringConvertible {
    /// One sentence.
    package let description: String

    /// A violation that `description` tells of.
    package init(_ description: String) { self.description = description }
}

/// Goes on only if `condition` holds.
package func invariant(
    _ condition: Bool, _ violation: @autoclosure () -> String
) throws(InvariantViolation) {
    if !condition { throw InvariantViolation(violation()) }
}

/// In debug builds, ends the process where `check` finds a violation; costs nothing in others.
@inline(__always)
package func assertInvariants(_ check: () throws(InvariantViolation) -> Void) {
    assert(
        {
            do throws(InvariantViolation) {
                try check()
                return true
            } catch {
                print("invariant violated: \(error)")
                return false
            }
        }())
}
