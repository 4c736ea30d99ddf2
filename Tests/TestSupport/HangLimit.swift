// How long a test may take. Swift Testing counts the time for which a test waits for its turn as well, beside
// all others on few cores, so a limit says nothing of how long a test works.
package import Testing

extension Trait where Self == TimeLimitTrait {
    /// Ends a test that hangs, so that a run comes to its end and says which one it was.
    ///
    /// Tests that take seconds get it too: five minutes is several times what the slowest waits for its turn
    /// where the machine is loaded threefold. What must be quick is measured by its test.
    package static var endsHangs: Self { .timeLimit(.minutes(5)) }
}
