// Where the tests find the broker, the clients and, if there is one, Apache Kafka itself. The only place that
// knows.
import Foundation
import Testing

/// What this machine offers to the tests, read from the environment once.
enum TestEnvironment {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    static let clients = root + "/Tests/CompatibilityTests/clients"
    static let python = root + "/.venv/bin/python"
    /// Packages of clients that are too old to live beside today's.
    static let oldClients = root + "/.venv/old"

    /// The folder that holds `kafka.sh`; nil where Apache Kafka is not at hand.
    static let oracle: String? = {
        guard let folder = variable("KAFKA_ORACLE"), exists(folder + "/kafka.sh") else { return nil }
        return folder
    }()
    /// Kafka's jars, as Java's class path.
    static let javaClassPath = oracle.map { $0 + "/kafka/*" } ?? ""

    /// Whether the broker under test is Apache Kafka (`APUS_TEST_BROKER=kafka`): that run tests the tests.
    static let isKafka = variable("APUS_TEST_BROKER") == "kafka"
    /// Whether to run the long versions (`make test-long`).
    static let isLong = variable("APUS_TEST_LONG") == "1"
    /// Records per round trip.
    static let recordCount = variable("APUS_TEST_RECORDS").flatMap { Int($0) } ?? 100_000

    static var hasPython: Bool { exists(python) }
    static var hasKcat: Bool { find("kcat") != nil }
    static var hasJava: Bool { oracle != nil && find("java") != nil }

    static let needsPython: Comment = "skipped: no .venv with the Python clients; `make tools` installs it"
    static let needsKcat: Comment = "skipped: no kcat; `make tools` installs it"
    static let needsJava: Comment = "skipped: no Java, or KAFKA_ORACLE does not name the folder with kafka.sh"
    static let needsApus: Comment = "skipped: says nothing about Apache Kafka (APUS_TEST_BROKER=kafka)"

    /// The command that runs a broker in the foreground on `directory` and `port`.
    static func brokerCommand(directory: String, port: Int, settings: [(String, String)]) -> [String] {
        if isKafka, let oracle {
            return [oracle + "/kafka.sh", "exec", directory, "\(port)"] + settings.map { "\($0)=\($1)" }
        }
        return [apus, "serve", "--data", directory, "--listen", "127.0.0.1:\(port)"]
            + settings.flatMap { ["--set", "\($0)=\($1)"] }
    }

    /// The program: `APUS_TEST_BROKER` if set, else the release build, else the debug build.
    static let apus: String = {
        if let path = variable("APUS_TEST_BROKER"), path != "kafka" { return path }
        let release = root + "/.build/release/apus"
        return exists(release) ? release : root + "/.build/debug/apus"
    }()

    static func variable(_ name: String) -> String? {
        let value = ProcessInfo.processInfo.environment[name]
        return value?.isEmpty == true ? nil : value
    }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private static func find(_ program: String) -> String? {
        (variable("PATH") ?? "").split(separator: ":").map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
