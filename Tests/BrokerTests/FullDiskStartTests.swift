// Starts on a disk without space: what was there is served, nothing is taken, and when there is space the
// broker goes on as after any start.
import Base
import Glibc
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("a start on a full disk", .endsHangs)
struct FullDiskStartTests {
    /// A disk that a broker left, with two records in one of two topics; and its last quorum epoch.
    private func left(cleanly: Bool) throws -> (disk: SimulatedDisk, epoch: Int32) {
        let disk = SimulatedDisk(seed: 1)
        let first = try start(disk)
        #expect(first.create("kept", partitions: 1) == nil)
        #expect(first.create("deleted", partitions: 1) == nil)
        for _ in 0..<2 { try first.append("kept") }
        let epoch = first.metadata.lastEpoch.value
        guard cleanly else {
            first.directory.abandon()
            return (disk.afterKill(), epoch)
        }
        try first.directory.stop(brokerEpoch: first.metadata.brokerEpoch)
        return (disk, epoch)
    }

    /// A start without a reserve: whatever is refused is so because the disk is full.
    private func start(_ disk: SimulatedDisk, opensAll: Bool = true) throws -> StorageHalf {
        var settings = BrokerSettings()
        settings.diskReserveBytes = 0
        return try StorageHalf(on: disk, settings, opensAll: opensAll)
    }

    private func fill(_ disk: SimulatedDisk, but room: Int = 0) { disk.setCapacity(disk.usedBytes + room) }

    private func storedEpoch(_ half: StorageHalf) throws -> Int32? {
        try QuorumState.find(of: MetadataLog.partition, in: half.directory)?.epoch.value
    }

    /// Every file with its bytes, but for the lock.
    private func files(_ disk: SimulatedDisk, _ path: String = "/data") throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for entry in try disk.list(path) {
            let name = path + "/" + entry.name
            if entry.isDirectory {
                found.merge(try files(disk, name)) { $1 }
            } else if entry.name != ".lock" {
                found[name] = try disk.contents(name)
            }
        }
        return found
    }

    @Test(
        "reads are served, records refused, and with space all goes on, wherever the space ran out",
        arguments: [0, 1, 80, 100, 180, 200, 230, 260, 300, 400, 600, 1000], [true, false])
    func goesOn(room: Int, cleanly: Bool) throws {
        let (disk, epoch) = try left(cleanly: cleanly)
        fill(disk, but: room)
        let half = try start(disk)
        // After a crash what was found is synced first.
        let watch = DurabilityWatch()
        try half.log("kept").setObserver(watch)
        #expect(watch.wait(for: Offset(2), of: try half.log("kept")) == nil)
        #expect(try half.log("kept").read(from: .zero, maxBytes: 1 << 16).length > 0)
        if half.unwritten.isLeft {
            let full = StorageError.outOfSpace(operation: .write, path: "kept-0")
            #expect(throws: full) { try half.append("kept") }
            #expect(ErrorCode(full) == .kafkaStorageError)
            #expect(half.create("new", partitions: 1)?.code == .kafkaStorageError)
            #expect(half.lines(about: "disk.filled_up") == 1)
        } else {
            #expect(room > 200)
        }
        // However often it fails, each step is taken once.
        let wasLeft = half.unwritten.isLeft
        for _ in 0..<3 where wasLeft { #expect(!half.unwritten.goOn()) }
        disk.setCapacity(.max)
        #expect(half.unwritten.goOn())
        #expect(half.lines(about: "disk.freed") == 1)
        #expect(half.metadata.lastEpoch.value == epoch + 1)
        #expect(try storedEpoch(half) == epoch + 1)
        #expect(try half.epoch("kept") == (cleanly ? 0 : 1))
        #expect(half.metadata.brokerEpoch > 0)
        try half.append("kept")
        #expect(half.create("new", partitions: 1) == nil)
        #expect(try half.log("kept").bounds.highWatermark == Offset(3))
        try half.directory.stop(brokerEpoch: half.metadata.brokerEpoch)
        let next = try start(disk)
        #expect(!next.storage.isAfterCrash)
        #expect(next.metadata.lastEpoch.value == epoch + 2)
        #expect(try next.epoch("kept") == (cleanly ? 0 : 1))
        next.directory.abandon()
    }

    @Test(
        "so it goes on where the space runs out only at a sync of the metadata log, until the next start",
        // A clean start syncs two records, a start after a crash one more.
        arguments: [(0, true), (1, true), (0, false), (1, false), (2, false)])
    func sync(after skipped: Int, cleanly: Bool) throws {
        let (disk, epoch) = try left(cleanly: cleanly)
        // After a crash the recovery syncs what it finds.
        let recovery = cleanly ? 0 : try syncs(whenOpening: disk.afterKill())
        disk.fail(.sync, suffix: Self.metadataLog, errno: ENOSPC, skip: recovery + skipped)
        let half = try start(disk)
        #expect(half.unwritten.isLeft && half.metadata.hasFailed)
        let watch = DurabilityWatch()
        try half.log("kept").setObserver(watch)
        #expect(watch.wait(for: Offset(2), of: try half.log("kept")) == nil)
        #expect(try half.log("kept").read(from: .zero, maxBytes: 1 << 16).length > 0)
        let full = StorageError.outOfSpace(operation: .write, path: "kept-0")
        #expect(throws: full) { try half.append("kept") }
        #expect(half.create("new", partitions: 1)?.code == .kafkaStorageError)
        // The next sync would succeed, and mean nothing.
        #expect(!half.unwritten.goOn())
        #expect(half.lines.all.contains { $0.contains("disk.filled_up") && $0.contains("restart") })
        #expect(throws: (any Error).self) { try half.directory.stop(brokerEpoch: half.metadata.brokerEpoch) }
        let next = try start(disk)
        #expect(next.storage.isAfterCrash && !next.unwritten.isLeft)
        #expect(next.metadata.lastEpoch.value > epoch)
        #expect(try storedEpoch(next) == next.metadata.lastEpoch.value)
        #expect(try next.epoch("kept") >= 1)
        try next.append("kept")
        #expect(next.create("new", partitions: 1) == nil)
        next.directory.abandon()
    }

    private static let metadataLog = "/__cluster_metadata-0/00000000000000000000.log"

    /// How often opening the metadata log on `disk` syncs it.
    private func syncs(whenOpening disk: SimulatedDisk) throws -> Int {
        for count in 0... {
            let copy = disk.afterKill()
            copy.fail(.sync, suffix: Self.metadataLog, errno: EIO, skip: count)
            var settings = BrokerSettings()
            settings.logDirectory = "/data"
            let storage = try LogDirectories(
                settings, disk: copy, clock: SimulatedClock(), background: { $0() },
                logger: DirectoryRig.Lines().logger)
            defer { storage.abandon() }
            if (try? MetadataLog(storage: storage, settings, clock: SimulatedClock())) != nil { return count }
        }
        return 0
    }

    @Test("what waits is written once, in Kafka's order: one LeaderChange, one registration")
    func once() throws {
        let (disk, _) = try left(cleanly: true)
        fill(disk)
        let half = try start(disk)
        let last = half.metadata.lastOffset
        for room in [40, 80, 120, 160, 200, 240] {
            fill(disk, but: room)
            _ = half.unwritten.goOn()
        }
        disk.setCapacity(.max)
        #expect(half.unwritten.goOn())
        #expect(try half.metadataBatches(after: last) == 2)
        half.directory.abandon()
    }

    @Test("a start and stop without any space changes nothing, and the next start is clean")
    func changesNothing() throws {
        let (disk, epoch) = try left(cleanly: true)
        let before = try files(disk)
        fill(disk)
        for _ in 0..<2 {
            let half = try start(disk)
            #expect(half.unwritten.isLeft)
            #expect(try half.log("kept").read(from: .zero, maxBytes: 1 << 16).length > 0)
            try half.directory.stop(brokerEpoch: half.metadata.brokerEpoch)
            #expect(try files(disk) == before)
        }
        disk.setCapacity(.max)
        let next = try start(disk)
        #expect(!next.storage.isAfterCrash && !next.unwritten.isLeft)
        #expect(next.metadata.lastEpoch.value == epoch + 1)
        next.directory.abandon()
    }

    @Test("new leader epochs that a crash asks for are not forgotten by a stop before there was space")
    func owed() throws {
        let (disk, _) = try left(cleanly: false)
        fill(disk)
        let half = try start(disk)
        #expect(half.catalog.owesEpochs)
        disk.setCapacity(.max)
        half.storage.leaveToRecovery()
        try half.directory.stop()
        let next = try start(disk)
        #expect(try next.epoch("kept") == 1)
        #expect(!next.catalog.owesEpochs)
        next.directory.abandon()
    }

    @Test("the marker of a clean stop needs no space, whatever the run before it wrote")
    func marker() throws {
        let (disk, _) = try left(cleanly: true)
        let half = try start(disk)
        fill(disk)
        #expect(throws: Never.self) { try half.directory.identity.putMarker(brokerEpoch: 7) }
        #expect(try DirectoryIdentity.readCleanStop("/data", disk)?.brokerEpoch == 7)
        half.directory.abandon()
    }

    @Test("DeleteRecords and retention free space, and the broker goes on by itself")
    func freesSpace() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try start(disk)
        var topic = NewTopic(name: "t")
        topic.partitionCount = 1
        topic.configs = ["segment.bytes": "1048576", "file.delete.delay.ms": "0"]
        #expect(first.create(topic) == nil)
        try first.append("t", bytes: 600 << 10)
        try first.append("t", bytes: 600 << 10)
        try first.directory.stop()
        fill(disk)
        let half = try start(disk)
        #expect(!half.unwritten.goOn())
        try half.log("t").trim(to: Offset(1))
        _ = half.directory.expireSegments(at: half.clock.wallTime())
        _ = half.directory.removeDeletedSegments(at: half.clock.monotonicNanoseconds() + 1)
        #expect(half.unwritten.goOn())
        try half.append("t", bytes: 100 << 10)
        try half.directory.stop()
    }

    @Test("topics can be deleted as soon as there is space for the records that say so")
    func deletesTopics() throws {
        let (disk, _) = try left(cleanly: true)
        fill(disk)
        let half = try start(disk)
        #expect(half.delete("deleted")?.code == .kafkaStorageError)
        #expect(half.catalog.topics["deleted"] != nil)
        fill(disk, but: 1000)
        #expect(half.delete("deleted") == nil)
        #expect(half.catalog.topics["deleted"] == nil)
        #expect(half.unwritten.goOn())
        try half.directory.stop()
    }

    @Test("a crash at any moment of what was put off leaves a directory that starts", arguments: 0..<14)
    func crash(after operations: Int) throws {
        let (disk, epoch) = try left(cleanly: false)
        fill(disk)
        let half = try start(disk)
        disk.setCapacity(.max)
        disk.crash(after: operations)
        _ = half.unwritten.goOn()
        half.directory.abandon()
        let next = try start(disk.afterPowerCut())
        #expect(next.metadata.lastEpoch.value > epoch)
        #expect(try storedEpoch(next) == next.metadata.lastEpoch.value)
        #expect(try next.epoch("kept") >= 1)
        #expect(try next.log("kept").bounds.logEnd == Offset(2))
        try next.append("kept")
        next.directory.abandon()
    }

    @Test("a partition that is being opened while its epoch is raised is led in the new one")
    func opening() throws {
        let (disk, _) = try left(cleanly: false)
        fill(disk)
        let half = try start(disk, opensAll: false)
        let partition = try half.partition("kept")
        let unopened = try #require(partition.beginOpening())
        let old = partition.leaderEpoch
        disk.setCapacity(.max)
        let isDone = Signal()
        startDetachedThread { [unwritten = half.unwritten] in
            #expect(unwritten.goOn())
            isDone.raise()
        }
        // The other thread waits for this one, and takes no records before.
        #expect(!isDone.wait(nanoseconds: 50_000_000))
        #expect(half.directory.reserve.isHeld)
        partition.settle(half.catalog.opening.open(unopened, leadingIn: old))
        isDone.wait()
        #expect(!half.directory.reserve.isHeld)
        #expect(try half.epoch("kept") == 1)
        half.directory.abandon()
    }

    @Test(
        "the lock's file keeps its number until there is another, and names no other process on a full disk")
    func lockFile() throws {
        let (disk, _) = try left(cleanly: true)
        let file = try disk.open("/data/.lock", .existing)
        try file.truncate(to: 0)
        try file.write(Array("123456789012\n".utf8).rawSpan, at: 0)
        for (fails, expected) in [(false, "\(getpid())\n"), (true, "")] {
            if fails { disk.fail(.write, suffix: "/.lock", errno: 28) }
            let lock = try DirectoryIdentity.lock("/data", disk)
            #expect(
                String(decoding: try #require(try disk.contents("/data/.lock")), as: UTF8.self) == expected)
            lock.release()
        }
    }

    @Test("a torn end that cannot be kept aside for lack of space keeps its partition offline, by name")
    func tornEnd() throws {
        let (disk, _) = try left(cleanly: false)
        let path = "/data/kept-0/00000000000000000000.log"
        let file = try disk.open(path, .existing)
        let size = try file.size()
        try file.write([UInt8](repeating: 7, count: 100).rawSpan, at: size)
        try file.sync()
        fill(disk)
        let half = try start(disk)
        #expect(try half.partition("kept").isOffline)
        #expect(half.lines.all.contains { $0.contains("partition.taken_offline") && $0.contains("full") })
        #expect(try disk.entry(at: path)?.sizeBytes == size + 100)
        #expect(try disk.list("/data/kept-0").allSatisfy { !$0.name.contains("quarantine") })
        half.directory.abandon()
        disk.setCapacity(.max)
        let next = try start(disk.afterKill())
        #expect(try next.log("kept").bounds.logEnd == Offset(2))
        next.directory.abandon()
    }
}

@Suite("a partition that was refused", .endsHangs)
struct RefusedPartitionTests {
    @Test("only that one is looked at again, and led in a new epoch; the stop is clean for all others")
    func marker() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try StorageHalf(on: disk)
        for name: Name in ["bad", "good"] {
            #expect(first.create(name, partitions: 1) == nil)
            try first.append(name)
        }
        try first.directory.stop()
        let path = "/data/bad-0/00000000000000000000.log"
        let bytes = try #require(try disk.contents(path))
        try disk.open(path, .existing).truncate(to: 0)
        for round in Int32(1)...2 {
            let half = try StorageHalf(on: disk)
            #expect(half.storage.isAfterCrash == false)
            #expect(try half.partition("bad").isOffline)
            #expect(try half.epoch("good") == 0)
            try half.append("good")
            try half.directory.stop()
            #expect(try disk.entry(at: "/data/.kafka_cleanshutdown") != nil, "round \(round)")
        }
        try disk.open(path, .existing).write(bytes.rawSpan, at: 0)
        let mended = try StorageHalf(on: disk, opensAll: false)
        #expect(!mended.directory.isVouchedFor(TopicPartition(topic: "bad", partition: PartitionIndex(0))))
        mended.catalog.opening.openAll(mended.catalog.topics)
        #expect(try mended.epoch("bad") == 2)
        #expect(try mended.epoch("good") == 0)
        try mended.append("bad")
        try mended.directory.stop()
        let last = try StorageHalf(on: disk)
        #expect(last.directory.isVouchedFor(TopicPartition(topic: "bad", partition: PartitionIndex(0))))
        #expect(try last.epoch("bad") == 2)
        last.directory.abandon()
    }

    @Test("after a crash there is no marker while one is refused: others may have to look at its end")
    func crash() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try StorageHalf(on: disk)
        #expect(first.create("bad", partitions: 1) == nil)
        try first.append("bad")
        try first.directory.stop()
        let second = try StorageHalf(on: disk)
        second.directory.abandon()
        let killed = disk.afterKill()
        try killed.open("/data/bad-0/00000000000000000000.log", .existing).truncate(to: 0)
        let half = try StorageHalf(on: killed)
        #expect(try half.partition("bad").isOffline)
        try half.directory.stop()
        #expect(try killed.entry(at: "/data/.kafka_cleanshutdown") == nil)
    }
}
