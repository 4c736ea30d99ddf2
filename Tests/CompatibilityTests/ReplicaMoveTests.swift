// Partitions that move between data directories while clients write to them, and what Kafka's own tool makes
// of it.
import Base
import Foundation
import Protocol
import Testing

extension Compatibility {
    @Suite("moves between data directories")
    struct ReplicaMoves {
        private static let topic: Name = "moving"
        private static let partitions: Int32 = 3

        /// Settings with two directories below `scratch`.
        private static func directories(_ scratch: Scratch) -> [String] {
            ["one", "two"].map { scratch.path + "/" + $0 }
        }

        @Test(
            "no client notices, whatever moves beneath it, and records come once and in order",
            .enabled(if: !TestEnvironment.isKafka && TestEnvironment.hasPython, TestEnvironment.needsPython))
        func beneathClients() async throws {
            let scratch = Scratch()
            let paths = Self.directories(scratch)
            let settings = [
                ("log.dirs", paths.joined(separator: ",")), ("offsets.topic.num.partitions", "2"),
            ]
            try await withBroker(settings) { broker in
                let client = try MessageClient(port: broker.port, seconds: 60)
                // Small segments, so that some are closed and some grow.
                try client.create(Self.topic, partitions: Self.partitions, ["segment.bytes": "1048576"])
                let stop = scratch.path + "/stop"
                let bootstrap = broker.bootstrap
                async let written = runClient(
                    "moves.py",
                    [
                        "--bootstrap", bootstrap, "--topic", Self.topic.text, "--partitions",
                        "\(Self.partitions)", "--stop", stop,
                    ])
                try await Task.sleep(for: .seconds(1))
                let rounds = TestEnvironment.isLong ? 40 : 8
                for round in 0..<rounds {
                    let path = paths[round % 2]
                    var moves = (0..<Self.partitions).map { (Self.topic, $0) }
                    moves += (0..<Int32(2)).map { ("__consumer_offsets", $0) }
                    let codes = try client.move(moves, to: path)
                    #expect(codes.allSatisfy { $0 == 0 }, "\(codes)")
                    try await awaitDirectories(moves, in: path)
                }
                _ = FileManager.default.createFile(atPath: stop, contents: nil)
                print(try await written)
                #expect(!broker.log.contains("partition_move.failed"))
            }
        }

        /// Waits until all lie in the directory at `path`, and nothing is on its way.
        private func awaitDirectories(_ moves: [(Name, Int32)], in path: String) async throws {
            let end = ContinuousClock.now + .seconds(30)
            while true {
                let names = Set(try FileManager.default.contentsOfDirectory(atPath: path))
                let areThere = moves.allSatisfy { names.contains("\($0.0)-\($0.1)") }
                if areThere, !names.contains(where: { $0.hasSuffix("-future") }) { return }
                guard ContinuousClock.now < end else { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            Issue.record("not all of \(moves) came to \(path)")
        }

        @Test("directories, topics and partitions that there are not are refused as Kafka refuses them")
        func refusals() async throws {
            let scratch = Scratch()
            let paths = Self.directories(scratch)
            let long = Name(String(repeating: "x", count: 215))
            try await withBroker([("log.dirs", paths.joined(separator: ","))]) { broker in
                let client = try MessageClient(port: broker.port)
                try client.create(Self.topic, partitions: 2)
                try client.create(long)
                let asked: [(Name, Int32, String, ErrorCode)] = [
                    (Self.topic, 0, paths[0], .none), (Self.topic, 0, paths[1], .none),
                    (Self.topic, 9, paths[1], .unknownTopicOrPartition),
                    (Self.topic, -1, paths[1], .unknownTopicOrPartition),
                    ("nothing", 0, paths[1], .unknownTopicOrPartition),
                    ("", 0, paths[1], .unknownTopicOrPartition),
                    ("not/allowed", 0, paths[1], .unknownTopicOrPartition),
                    (Self.topic, 1, "/nowhere", .logDirNotFound), (Self.topic, 1, "one", .logDirNotFound),
                    (Self.topic, 1, "", .logDirNotFound), ("nothing", 0, "/nowhere", .logDirNotFound),
                    (long, 0, paths[1], .invalidTopicException),
                    (long, 0, "/nowhere", .invalidTopicException),
                ]
                for version in Int16(1)...2 {
                    for (topic, index, path, code) in asked {
                        let codes = try client.move([(topic, index)], to: path, version)
                        #expect(codes == [code.rawValue], "\(topic)-\(index) to \(path)")
                    }
                }
            }
        }
    }
}

extension MessageClient {
    /// Has partitions move to the directory at `path`; the codes of the answer, in the order of its
    /// partitions.
    fileprivate func move(
        _ partitions: [(Name, Int32)], to path: String, _ version: Int16 = 2
    ) throws -> [Int16] {
        var directory = AlterReplicaLogDirsRequest.AlterReplicaLogDir()
        directory.path = Name(path)
        directory.topics = partitions.map { name, index in
            var topic = AlterReplicaLogDirsRequest.AlterReplicaLogDirTopic()
            topic.name = name
            topic.partitions = [index]
            return topic
        }
        var request = AlterReplicaLogDirsRequest()
        request.dirs = [directory]
        return try ask(request, version).results.flatMap(\.partitions).map(\.errorCode)
    }
}
