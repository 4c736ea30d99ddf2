// A file system that fills up under load: what is refused, what goes on, and that every start succeeds.
import Base
import Foundation
import Glibc
import Protocol
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

        @Test(
            "a start on a disk without a free byte serves what there is, and takes records once it has space")
        func fullBeforeStart() async throws {
            let disk = try SmallFileSystem(megabytes: 40)
            let state = disk.scratch.path + "/acknowledged"
            let data = disk.path + "/data"
            let settings = Self.settings + [("apus.disk.reserve.bytes", "0")]
            func check(_ broker: BrokerProcess) async throws {
                try await runClient("diskfull.py", [broker.bootstrap, state, "check"])
                let client = try MessageClient(port: broker.port)
                #expect(
                    try client.ask(OffsetFetchRequest(group: "g"), 7).topics.first?.partitions.first?
                        .committedOffset == 3)
                #expect(
                    try client.ask(ListOffsetsRequest(latestOf: "full"), 4).topics[0].partitions[0]
                        .errorCode == 0)
            }
            func isClean() -> Bool { FileManager.default.fileExists(atPath: data + "/.kafka_cleanshutdown") }
            try await withBroker(settings, at: data) { broker in
                try await runClient("diskfull.py", [broker.bootstrap, state, "produce", "40"])
                _ = try MessageClient(port: broker.port).ask(FindCoordinatorRequest(group: "g"), 2)
                let committed = try MessageClient(port: broker.port)
                    .ask(OffsetCommitRequest(group: "g", "full", 3), 7)
                #expect(committed.topics.first?.partitions.first?.errorCode == 0)
                for crashes in [false, true] {
                    if crashes { try await broker.crash() } else { #expect(try await broker.stop() == 0) }
                    if !crashes { #expect(isClean()) }
                    try disk.fill()
                    let (begun, turns) = (ContinuousClock.now, count("disk.freed", broker))
                    let openings = count("partitions.opened", broker)
                    try await broker.restart()
                    #expect(ContinuousClock.now - begun < .seconds(5))
                    try await until { count("partitions.opened", broker) > openings }
                    // What recovery cuts off is free then.
                    if crashes { try disk.fill() }
                    try await check(broker)
                    try await runClient("diskfull.py", [broker.bootstrap, state, "refused"])
                    #expect(broker.log.contains("disk.filled_up"))
                    // A stop without space leaves the directory clean.
                    if !crashes {
                        #expect(try await broker.stop() == 0)
                        #expect(isClean())
                        try await broker.restart()
                    }
                    try disk.removeBallast()
                    try await until { count("disk.freed", broker) > turns }
                    try await runClient("diskfull.py", [broker.bootstrap, state, "produce", "8"])
                    try await check(broker)
                }
                #expect(try await broker.stop() == 0)
                #expect(isClean())
                guard TestEnvironment.isLong, TestEnvironment.hasJava else { return }
                try await kafkaTakesOver(disk, port: broker.port) {
                    try await check(broker)
                    try await runClient("diskfull.py", [broker.bootstrap, state, "produce", "8"])
                }
                try await broker.restart()
                try await check(broker)
            }
        }

        private func count(_ event: String, _ broker: BrokerProcess) -> Int {
            broker.log.split(separator: "\n").count { $0.contains(" \(event) ") }
        }

        private func until(_ isSo: () -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(5)
            while !isSo() {
                try #require(ContinuousClock.now < end)
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        private func kafkaTakesOver(
            _ disk: SmallFileSystem, port: Int, _ body: () async throws -> Void
        ) async throws {
            let kafka = try RunningCommand(
                [(TestEnvironment.oracle ?? "") + "/kafka.sh", "exec", disk.path, "\(port)"],
                outputPath: disk.scratch.path + "/kafka.log",
                environment: ["KAFKA_HEAP_OPTS": "-Xmx384M -Xms128M"])
            defer { kafka.signal(SIGKILL) }
            let end = ContinuousClock.now + .seconds(60)
            while (try? MessageClient(port: port).ask(MetadataRequest(), 4)) == nil {
                try #require(kafka.isRunning && ContinuousClock.now < end, "\(kafka.output.suffix(4000))")
                try await Task.sleep(for: .milliseconds(100))
            }
            try await body()
            kafka.signal(SIGTERM)
            _ = try await kafka.wait(seconds: 60)
        }
    }
}

extension OffsetFetchRequest {
    /// All offsets of a group.
    fileprivate init(group: Name) {
        self.init()
        groupID = group
        topics = nil
    }
}

extension FindCoordinatorRequest {
    fileprivate init(group: Name) {
        self.init()
        key = group
    }
}

extension OffsetCommitRequest {
    /// An offset of the first partition of a topic, from somebody who is no member.
    fileprivate init(group: Name, _ topic: Name, _ offset: Int64) {
        self.init()
        groupID = group
        var partition = OffsetCommitRequestPartition()
        partition.committedOffset = offset
        var wanted = OffsetCommitRequestTopic()
        wanted.name = topic
        wanted.partitions = [partition]
        topics = [wanted]
    }
}

extension ListOffsetsRequest {
    /// The end of the first partition of a topic.
    fileprivate init(latestOf topic: Name) {
        self.init()
        var partition = ListOffsetsPartition()
        partition.timestamp = -1
        var wanted = ListOffsetsTopic()
        wanted.name = topic
        wanted.partitions = [partition]
        topics = [wanted]
    }
}
