// The Java programs of `clients/`, each compiled once for a run of the tests: a JVM that compiles its source
// first takes twice as long as one that is given the class.
import Foundation

/// A program of `clients/`.
actor JavaSource {
    /// Where classes lie.
    static let folder = TestEnvironment.root + "/.build/java-classes"
    static let roundTrip = JavaSource("RoundTrip")

    private let name: String
    private var compiling: Task<String, any Error>?

    init(_ name: String) { self.name = name }

    /// The name of its class, which `runJava` finds; the first caller compiles it for all.
    func compiled() async throws -> String {
        let name = name
        let task =
            compiling
            ?? Task {
                try await run(
                    [
                        "javac", "-J-XX:TieredStopAtLevel=1", "-d", JavaSource.folder, "-cp",
                        TestEnvironment.javaClassPath, "\(TestEnvironment.clients)/\(name).java",
                    ])
                return name
            }
        compiling = task
        return try await task.value
    }
}
