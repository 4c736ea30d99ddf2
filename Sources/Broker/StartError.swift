/// Why the broker cannot start: one sentence that says what to do.
///
/// Nothing was changed on the disk.
package struct StartError: Error, Equatable, CustomStringConvertible {
    package let description: String

    /// An error with its sentence.
    package init(_ description: String) { self.description = description }
}
