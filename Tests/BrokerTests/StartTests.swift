// What a start refuses untouched, what it clears away, and how long a stop may take.
import Base
import Protocol
import Records
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

/// A clock that moves by a second whenever it is read.
private final class HastyClock: BrokerClock {
    private let seconds = Lock<Int64>(0)
    func monotonicNanoseconds() -> Int64 {
        seconds.withLock { seconds in
            seconds += 1
            return seconds * 1_000_000_000
        }
    }
    func wallTime() -> Timestamp { Timestamp(milliseconds: 1_700_000_000_000) }
}

@Suite("starts and stops", .endsHangs)
struct StartTests {
    /// Every file but the lock, with its bytes.
    private func contents(of disk: SimulatedDisk, _ path: String = "/data") throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for entry in try disk.list(path) where entry.name != ".lock" {
            let child = path + "/" + entry.name
            if entry.isDirectory {
                found.merge(try contents(of: disk, child)) { first, _ in first }
            } else {
                found[child] = try disk.contents(child)
            }
        }
        return found
    }

    /// A directory with one topic whose metadata log ends with `records`.
    private func directory(with records: [MetadataRecord], isClean: Bool) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        let half = try StorageHalf(on: disk)
        _ = half.create("t", partitions: 1)
        try half.metadata.append(records)
        if isClean { try half.directory.stop() } else { half.directory.abandon() }
        return disk.afterKill()
    }

    private func refusal(_ disk: SimulatedDisk) throws -> String? {
        let before = try contents(of: disk)
        do throws(StartError) {
            _ = try startError(disk)
            return nil
        } catch {
            #expect(try contents(of: disk) == before)
            #expect(!error.description.contains("\n"))
            return error.description
        }
    }

    private func startError(_ disk: SimulatedDisk) throws(StartError) {
        do {
            try StorageHalf(on: disk).directory.abandon()
        } catch let error as StartError {
            throw error
        } catch {
            Issue.record(error)
        }
    }

    @Test("a directory that registers other brokers is refused untouched", arguments: [true, false])
    func otherBrokers(isClean: Bool) throws {
        var other = RegisterBrokerRecord()
        other.brokerID = 3
        let disk = try directory(with: [.registerBroker(other)], isClean: isClean)
        let sentence = try #require(try refusal(disk))
        #expect(sentence.contains("/data was left untouched") && sentence.contains("brokers (3)"))
        var gone = UnregisterBrokerRecord()
        gone.brokerID = 3
        let left = try directory(
            with: [.registerBroker(other), .unregisterBroker(gone)], isClean: isClean)
        #expect(try refusal(left) == nil)
    }

    @Test("a newer metadata.version or kraft.version is refused untouched", arguments: [true, false])
    func newerFeatures(isClean: Bool) throws {
        for (name, level) in [
            ("metadata.version" as Name, Features.metadataVersion + 1), ("kraft.version", 2),
        ] {
            var record = FeatureLevelRecord()
            record.name = name
            record.featureLevel = level
            let disk = try directory(with: [.featureLevel(record)], isClean: isClean)
            let sentence = try #require(try refusal(disk))
            #expect(sentence.contains("\(name) is \(level)"))
        }
    }

    @Test("a torn end of the metadata log is no obstacle")
    func tornMetadata() throws {
        let disk = try directory(with: [], isClean: false)
        let path = "/data/__cluster_metadata-0/00000000000000000000.log"
        let file = try disk.open(path, .existing)
        try file.truncate(to: file.size() - 1)
        #expect(try refusal(disk) == nil)
    }

    @Test("deletions that were interrupted are finished at the next start")
    func interruptedDeletions() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try StorageHalf(on: disk)
        for name: Name in ["renamed", "t"] {
            _ = first.create(name, partitions: 1)
            try first.append(name)
            var removal = RemoveTopicRecord()
            removal.topicID = try #require(first.catalog.topics[name]?.id)
            try first.metadata.append([.removeTopic(removal)])
        }
        first.directory.abandon()
        let killed = disk.afterKill()
        try killed.rename("/data/renamed-0", to: "/data/renamed-0.0123456789abcdef0123456789abcdef-delete")
        let second = try StorageHalf(on: killed)
        let left = try killed.list("/data").filter(\.isDirectory).map(\.name)
        #expect(left == ["__cluster_metadata-0"])
        // The name is free, and what was there before does not come back.
        #expect(second.create("t", partitions: 1) == nil)
        #expect(try second.log("t").bounds.logEnd == .zero)
        second.directory.abandon()
    }

    @Test("directories that the metadata know nothing about stay, and are named")
    func unknownDirectories() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try StorageHalf(on: disk)
        _ = try first.directory.createPartition(
            TopicPartition(topic: "x", partition: PartitionIndex(0)), id: UUID(high: 8, low: 9),
            config: LogConfig())
        first.directory.abandon()
        let killed = disk.afterKill()
        let second = try StorageHalf(on: killed)
        #expect(
            second.lines.all.contains { $0.contains("stray_partition.found") && $0.contains("/data/x-0") })
        #expect(try killed.entry(at: "/data/x-0") != nil)
        second.directory.abandon()
    }

    @Test("beyond its deadline a stop ends without the marker, and nothing acknowledged is lost")
    func lateStop() throws {
        for (seconds, isClean) in [(Int64(2), false), (1000, true)] {
            let clock = HastyClock()
            let id = UUID(high: 8, low: 9)
            func partition(_ index: Int) -> TopicPartition {
                TopicPartition(topic: "t", partition: PartitionIndex(Int32(index)))
            }
            func open(_ disk: SimulatedDisk) throws -> LogDirectory {
                try LogDirectory(
                    LogDirectoryOptions(
                        path: "/data", clusterID: "c", nodeID: 1, directoryID: UUID(high: 1, low: 2),
                        version: "test"),
                    disk: disk, clock: clock, background: { $0() }, logger: Logger(level: .error) { _ in })
            }
            let disk = SimulatedDisk(seed: 1)
            let directory = try open(disk)
            try directory.start(startsThread: false)
            for index in 0..<30 {
                let log = try directory.createPartition(partition(index), id: id, config: LogConfig())
                try log.appendRecord(at: Timestamp(milliseconds: 1))
            }
            while directory.flusher.flushOnce() {}
            do throws(StorageError) {
                try directory.stop(by: clock.monotonicNanoseconds() + seconds * 1_000_000_000)
                #expect(isClean)
            } catch {
                #expect(error == .stopTooSlow(path: "/data"))
                #expect(!isClean)
            }
            let next = disk.afterPowerCut()
            #expect(try (next.entry(at: "/data/.kafka_cleanshutdown") != nil) == isClean)
            let again = try open(next)
            try again.start(startsThread: false)
            for index in 0..<30 {
                let log = try again.openPartition(partition(index), id: id, config: LogConfig())
                #expect(log.bounds.logEnd == Offset(1))
            }
            again.abandon()
        }
    }

    @Test("work that hangs is given up after its time, and other work is waited for")
    func bounded() {
        let release = Signal()
        let hung = runBounded(within: .milliseconds(1)) {
            release.wait()
            return 1
        }
        #expect(hung == nil)
        release.raise()
        #expect(runBounded(within: .seconds(60)) { 2 } == 2)
    }
}
