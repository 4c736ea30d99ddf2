// What a rule finds: a place and a sentence that says what to do about it.

/// One broken rule at one place.
struct Violation: CustomStringConvertible, Sendable {
    let path: String
    /// Counted from 1; 0 stands for the whole file.
    let line: Int
    let message: String

    init(_ file: SourceFile, _ line: Int = 0, _ message: String) {
        self.path = file.path
        self.line = line
        self.message = message
    }

    var description: String { line == 0 ? "\(path): \(message)" : "\(path):\(line): \(message)" }
}
