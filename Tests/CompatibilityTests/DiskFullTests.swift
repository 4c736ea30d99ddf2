// A file system that fills up under load: what is refused, what goes on, and that every start succeeds.
import Foundation
import Glibc
import Testing

extension Compatibility {
    @Suite(
        "a full disk",
        .enabled(if: SmallFileSystem.isPossible, "skipped: this user may not mount a small file system"),
        .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython),
        .enabled(if: !TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct DiskFull {
        private static let settings = [("num.partitions", "4"), ("log.segment.bytes", "4194304")]

        /// Without a reserve every single write may be the one that the disk has no place for.
        @Test(
            "producers are told, readers are served, the broker starts again, and space makes all well",
            arguments: [8 << 20, 0])
        func fillsUp(reserve: Int) async throws {
            let disk = try SmallFileSystem(megabytes: 160)
            let state = disk.scratch.path + "/acknowledged"
            let settings = Self.settings + [("apus.disk.reserve.bytes", "\(reserve)")]
            try disk.addBallast(megabytes: 60)
            try await withBroker(settings, at: disk.path + "/data") { broker in
                try await runClient("diskfull.py", [broker.bootstrap, state, "fill"])
                try await runClient("diskfull.py", [broker.bootstrap, state, "check"])
                if reserve > 0 {
                    // What is kept free is for this.
                    #expect(try await broker.stop() == 0)
                    try await broker.restart()
                    try await runClient("diskfull.py", [broker.bootstrap, state, "check"])
                    try await broker.crash()
                    try await broker.restart()
                    try await runClient("diskfull.py", [broker.bootstrap, state, "check"])
                }
                try disk.removeBallast()
                // The reserve is looked at every second.
                try await Task.sleep(for: .seconds(1.5))
                try await runClient("diskfull.py", [broker.bootstrap, state, "produce", "200"])
                try await runClient("diskfull.py", [broker.bootstrap, state, "check"])
                try await broker.crash()
                try await broker.restart()
                try await runClient("diskfull.py", [broker.bootstrap, state, "produce", "10"])
                try await runClient("diskfull.py", [broker.bootstrap, state, "check"])
            }
        }
    }
}

/// A file system in memory with few bytes, for one test.
private final class SmallFileSystem {
    let scratch = Scratch()
    var path: String { scratch.path + "/disk" }
    private var ballast: String { path + "/ballast" }

    static var isPossible: Bool { (try? SmallFileSystem(megabytes: 1)) != nil }

    init(megabytes: Int) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("none", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            throw WireConnectionError.failed("mount", errno)
        }
    }

    func addBallast(megabytes: Int) throws {
        let zeros = Data(count: 1 << 20)
        _ = FileManager.default.createFile(atPath: ballast, contents: nil)
        let file = try FileHandle(forWritingTo: URL(filePath: ballast))
        for _ in 0..<megabytes { try file.write(contentsOf: zeros) }
        try file.close()
    }

    func removeBallast() throws { try FileManager.default.removeItem(atPath: ballast) }

    // A broker that was just killed may hold it for a moment.
    deinit { umount2(path, Int32(MNT_DETACH)) }
}
