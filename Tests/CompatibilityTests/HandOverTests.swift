// One data directory, handed over between Apus and Apache Kafka again and again: neither loses or changes
// anything that the other wrote.
import Foundation
import Glibc
import Testing

extension Compatibility {
    @Suite(
        "hand-overs",
        .enabled(if: TestEnvironment.hasJava && !TestEnvironment.isKafka, TestEnvironment.needsJava),
        .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython))
    struct HandOvers {
        private static let rounds = TestEnvironment.isLong ? 10 : 2

        @Test("what one broker wrote the other serves, under load, and Kafka finds every file in order")
        func rounds() async throws {
            let shared = try SharedDirectory()
            var before: String?
            var load: RunningCommand?
            for round in 0..<HandOvers.rounds {
                for keeper in [SharedDirectory.Keeper.apus, .kafka] {
                    try await shared.run(keeper) {
                        let found = try await shared.client("read")
                        if let before { #expect(found == before, "round \(round): \(keeper)") }
                        try await shared.client("write", "\(round)", ["transactions"])
                        before = try await shared.client("read")
                        if load == nil { load = try shared.startLoad() }
                    }
                }
            }
            try await shared.run(.apus) {
                #expect(try await shared.client("read") == before)
                try await shared.endLoad(load)
            }
            let complaints = try await shared.complaintsOfDump()
            #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
        }

        @Test(
            "named voters, access rules and snapshots go from Kafka to Apus and back, whoever wrote them"
        )
        func namedVoters() async throws {
            let shared = try SharedDirectory(.namedVoters)
            var before: String?
            var rules = "[]\n"
            for (round, keeper) in [SharedDirectory.Keeper.kafka, .apus, .kafka, .apus].enumerated() {
                let first = try shared.newestMetadataSnapshot()
                try await shared.run(keeper) {
                    if let before { #expect(try await shared.client("read") == before, "\(keeper)") }
                    try await shared.client("write", "\(round)")
                    before = try await shared.client("read")
                    #expect(try await shared.client("rules", "read") == rules, "\(keeper)")
                    rules = try await shared.client("rules", "\(round)")
                    try await shared.waitForMetadataSnapshot(after: first)
                }
            }
            #expect((0..<4).allSatisfy { rules.contains("h-\($0)") })
            #expect(try shared.metadataComplaints(try await shared.dumpOfMetadataSnapshot()).isEmpty)
        }

        @Test("several data directories go from Apus to Kafka and back, whoever made them")
        func severalDirectories() async throws {
            for first in TestEnvironment.isLong ? [SharedDirectory.Keeper.apus, .kafka] : [.apus] {
                let shared = try SharedDirectory(.severalDirectories)
                let other = first == .apus ? SharedDirectory.Keeper.kafka : .apus
                var before: String?
                for (round, keeper) in [first, other, first].enumerated() {
                    try await shared.run(keeper) {
                        if let before { #expect(try await shared.client("read") == before, "\(keeper)") }
                        try await shared.client("write", "\(round)")
                        before = try await shared.client("read")
                    }
                }
                #expect(try shared.partitionCounts().allSatisfy { $0 > 0 })
            }
        }
    }
}

/// A data directory that two brokers use in turn, on one port.
private final class SharedDirectory {
    enum Keeper { case apus, kafka }
    enum Shape { case plain, namedVoters, severalDirectories }

    private let scratch = Scratch()
    private let port: Int
    private let shape: Shape
    private var data: String { scratch.path + "/data" }
    private var directories: [String] {
        shape == .severalDirectories ? [data, data + "-b", data + "-c"] : [data]
    }

    /// With `namedVoters` Kafka makes the directory with a quorum that can change (KIP-853).
    init(_ shape: Shape = .plain) throws {
        port = try FreePort.next()
        self.shape = shape
    }

    /// The settings with which both have an authorizer.
    private var authorizer: [String] {
        guard shape == .namedVoters else { return [] }
        return [
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:ANONYMOUS",
        ]
    }

    /// The settings and the environment with which Kafka makes a quorum whose log names its voters.
    private var quorum: (settings: [String], environment: [String: String]) {
        guard shape == .namedVoters else { return ([], [:]) }
        return (
            [
                "controller.quorum.voters=", "controller.quorum.bootstrap.servers=127.0.0.1:\(port + 1)",
            ],
            ["KAFKA_FORMAT_OPTS": "--standalone"]
        )
    }

    /// The settings with which both write a snapshot of the metadata every second, and little else is left.
    private var snapshots: [String] {
        guard shape == .namedVoters else { return [] }
        return [
            "metadata.log.max.snapshot.interval.ms=1000", "internal.metadata.log.segment.bytes=8192",
            "metadata.max.retention.ms=1000",
        ]
    }

    /// Starts a broker, runs `body` and stops the broker cleanly.
    func run(_ keeper: Keeper, _ body: () async throws -> Void) async throws {
        let words =
            switch keeper {
            case .apus:
                [
                    TestEnvironment.apus, "serve", "--data", directories.joined(separator: ","),
                    "--listen", "127.0.0.1:\(port)",
                ] + (snapshots + authorizer).flatMap { ["--set", $0] }
            case .kafka:
                [
                    (TestEnvironment.oracle ?? "") + "/kafka.sh", "exec", scratch.path, "\(port)",
                    "log.dirs=" + directories.joined(separator: ","),
                ] + quorum.settings + snapshots + authorizer
            }
        let log = scratch.path + "/broker.log"
        let broker = try RunningCommand(
            words, outputPath: log,
            environment: quorum.environment.merging(["KAFKA_HEAP_OPTS": "-Xmx384M -Xms128M"]) { $1 })
        do {
            try await waitUntilReady(broker)
            try await body()
        } catch {
            print("the log of \(keeper):\n\(broker.output.suffix(6000))")
            broker.signal(SIGKILL)
            throw error
        }
        broker.signal(SIGTERM)
        _ = try await broker.wait(seconds: 60)
        let isClean = directories.allSatisfy {
            FileManager.default.fileExists(atPath: $0 + "/.kafka_cleanshutdown")
        }
        #expect(isClean, "\(keeper) did not stop cleanly:\n\(broker.output.suffix(4000))")
        // A log without records has no index files here: thousands of them cost a stop too much time. Kafka
        // says so and makes them. It may also register its controller before that is active
        // (NotControllerException), and does so again. And it takes a partition that a topic gets later for a
        // missing one; what is missing of the other's the reader finds.
        let lines = broker.output.split(separator: "\n")
        let bad = zip(lines, lines.dropFirst() + [""]).filter { line, next in
            ["stray", "orrupt", " ERROR ", "level=error"].contains { line.contains($0) }
                && !line.contains("Could not find offset index file")
                && !line.contains("only supported for testing")
                && !line.contains("Expected partition h-grown-")
                && !(line.contains("apiKey=CONTROLLER_REGISTRATION")
                    && next.contains("NotControllerException"))
        }.map(\.0)
        #expect(bad.isEmpty, "\(keeper) complained:\n\(bad.prefix(10).joined(separator: "\n"))")
        try FileManager.default.removeItem(atPath: log)
    }

    private func waitUntilReady(_ broker: RunningCommand) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end, broker.isRunning {
            if let socket = try? WireConnection(port: port, seconds: 5), (try? socket.askForVersions()) != nil
            {
                return
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CommandError.notReady(output: broker.output)
    }

    @discardableResult
    func client(_ mode: String, _ word: String? = nil, _ rest: [String] = []) async throws -> String {
        let words = ["127.0.0.1:\(port)", mode] + (word.map { [$0] } ?? []) + rest
        return try await runClient("handover.py", words, seconds: 180)
    }

    func startLoad() throws -> RunningCommand {
        try RunningCommand(
            [
                TestEnvironment.python, TestEnvironment.clients + "/handover.py", "127.0.0.1:\(port)", "load",
                scratch.path + "/end",
            ], outputPath: scratch.path + "/load")
    }

    /// Ends the load and compares what it was told with what is there.
    func endLoad(_ load: RunningCommand?) async throws {
        let load = try #require(load)
        _ = FileManager.default.createFile(atPath: scratch.path + "/end", contents: nil)
        #expect(try await load.wait(seconds: 120) == 0, "\(load.output.suffix(2000))")
        try await client("check", scratch.path + "/load")
    }

    private var metadata: String { data + "/__cluster_metadata-0" }

    /// The name of the newest snapshot of the metadata log; their order is that of their names.
    func newestMetadataSnapshot() throws -> String {
        guard FileManager.default.fileExists(atPath: metadata) else { return "" }
        return try FileManager.default.contentsOfDirectory(atPath: metadata)
            .filter { $0.hasSuffix(".checkpoint") }.max() ?? ""
    }

    func waitForMetadataSnapshot(after first: String) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while try newestMetadataSnapshot() <= first {
            try #require(ContinuousClock.now < end, "no snapshot after \(first)")
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// What Kafka finds in the newest snapshot.
    func dumpOfMetadataSnapshot() async throws -> String {
        let file = metadata + "/" + (try newestMetadataSnapshot())
        return try await runJava(
            ["org.apache.kafka.tools.DumpLogSegments", "--cluster-metadata-decoder", "--files", file])
    }

    /// What a snapshot lacks of those that Kafka writes.
    func metadataComplaints(_ dump: String) throws -> [String] {
        let parts = [
            "SnapshotHeader", "KRaftVersion", "KRaftVoters", "FEATURE_LEVEL_RECORD", "TOPIC_RECORD",
            "PARTITION_RECORD", "SnapshotFooter",
        ]
        let faults = ["isvalid: false", "Exception", "Could not"].filter { dump.contains($0) }
        return parts.filter { !dump.contains($0) }.map { "no \($0)" } + faults
    }

    /// How many partitions each directory has.
    func partitionCounts() throws -> [Int] {
        try directories.map { path in
            try FileManager.default.contentsOfDirectory(atPath: path).count { $0.hasPrefix("h-") }
        }
    }

    /// Lines in which Kafka's DumpLogSegments finds fault with one of the files.
    func complaintsOfDump() async throws -> [String] {
        var files: [String] = []
        for directory in try FileManager.default.contentsOfDirectory(atPath: data)
        where directory.hasPrefix("h-") {
            for name in try FileManager.default.contentsOfDirectory(atPath: data + "/" + directory)
            where [".log", ".index", ".timeindex", ".txnindex", ".snapshot"].contains(where: name.hasSuffix) {
                files.append("\(data)/\(directory)/\(name)")
            }
        }
        let output = try await runJava(
            ["org.apache.kafka.tools.DumpLogSegments", "--files", files.joined(separator: ",")])
        return output.split(separator: "\n").map(String.init).filter { line in
            ["isvalid: false", "Mismatch", "mismatch", "corrupt", "Exception", "out of order", "not found"]
                .contains { line.contains($0) }
        }
    }
}
