// Starts after clean stops and after crashes: which epochs partitions are led in, and what a damaged one
// costs the others.
import Base
import Protocol
import Records
import Simulation
import Testing

@testable import Broker
@testable import Storage

/// The storage half of a broker on a simulated disk: log directory, metadata log and topics, with a flusher
/// of its own.
private struct Half {
    let directory: LogDirectory
    let metadata: MetadataLog
    let catalog: TopicCatalog
    let lines = DirectoryRig.Lines()

    init(on disk: SimulatedDisk) throws {
        var settings = BrokerSettings()
        settings.logDirectory = "/data"
        let clock = SimulatedClock()
        directory = try LogDirectory(
            LogDirectoryOptions(settings), disk: disk, clock: clock, background: { $0() },
            logger: lines.logger)
        metadata = try MetadataLog(storage: directory, clock: clock)
        try metadata.beginEpoch(settings, listeners: [], storage: directory, disk: disk)
        catalog = TopicCatalog(
            metadata: metadata, storage: directory, settings: settings, worker: SerialWorker(),
            logger: lines.logger)
        try catalog.takeLeadership()
    }

    func create(_ name: String, partitions: Int32) {
        var topic = NewTopic(name: name)
        topic.partitionCount = partitions
        let done = Signal()
        catalog.create([topic], by: "test", validateOnly: false) { _ in done.raise() }
        done.wait()
    }

    func partition(_ name: String, _ index: Int32 = 0) throws -> Partition {
        try #require(catalog.topics[name]?.partition(index))
    }

    func log(_ name: String, _ index: Int32 = 0) throws -> PartitionLog {
        try #require(try partition(name, index).log)
    }

    /// How many batches the metadata log has behind `offset`.
    func metadataBatches(after offset: Offset) throws -> Int {
        let id = TopicPartition(topic: TopicName.clusterMetadata, partition: PartitionIndex(0))
        let log = try #require(directory.log(of: id))
        var count = 0
        try log.store.walk(from: offset.next, bytesBack: 0) { _ in
            count += 1
            return true
        }
        return count
    }

    /// What metadata and log agree on.
    func epoch(_ name: String, _ index: Int32 = 0) throws -> Int32 {
        let topic = try #require(catalog.topics[name])
        let epoch = try log(name, index).bounds.leaderEpoch.value
        #expect(metadata.image.topics[topic.id]?.partitions[index]?.leaderEpoch == epoch)
        return epoch
    }

    func append(_ name: String, _ index: Int32 = 0) throws {
        let log = try log(name, index)
        let watch = DurabilityWatch()
        log.setObserver(watch)
        try log.appendRecord(at: Timestamp(milliseconds: 1_700_000_000_000))
        #expect(watch.wait(for: log.bounds.logEnd, of: log))
    }
}

@Suite("leader epochs across starts", .timeLimit(.minutes(1)))
struct LeadershipTests {
    @Test("a clean stop keeps the epochs, a crash raises each by one, and its records stay in theirs")
    func raised() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Half(on: disk)
        first.create("t", partitions: 3)
        try first.append("t", 1)
        #expect(try first.epoch("t", 1) == 0)
        try first.directory.stop(brokerEpoch: first.metadata.brokerEpoch)
        let second = try Half(on: disk)
        #expect(try (0..<3).map { try second.epoch("t", $0) } == [0, 0, 0])
        try second.append("t", 1)
        let third = try Half(on: disk.afterKill())
        #expect(try (0..<3).map { try third.epoch("t", $0) } == [1, 1, 1])
        let log = try third.log("t", 1)
        #expect(log.endOffset(forEpoch: .zero)?.offset == Offset(2))
        try third.append("t", 1)
        #expect(log.epoch(of: Offset(1)) == .zero)
        #expect(log.epoch(of: Offset(2)) == LeaderEpoch(1))
        #expect(third.lines.all.contains { $0.contains("leader_epochs.raised partitions=3") })
        second.directory.abandon()
        third.directory.abandon()
    }

    @Test("new epochs are durable before a log learns of them, wherever the power is cut", arguments: 1...60)
    func durableFirst(operation: Int) throws {
        let disk = SimulatedDisk(seed: UInt64(operation))
        let first = try Half(on: disk)
        first.create("t", partitions: 2)
        try first.append("t")
        first.directory.abandon()
        let crashing = disk.afterKill()
        crashing.crash(after: operation)
        let led = try? Half(on: crashing)
        let shown = led?.catalog.topics["t"]?.partition(0)?.log?.bounds.leaderEpoch.value ?? 0
        let last = try Half(on: crashing.afterPowerCut())
        #expect(try last.epoch("t") > shown)
        #expect(try last.log("t").bounds.logEnd == Offset(1))
        led?.directory.abandon()
        last.directory.abandon()
    }

    @Test("an epoch in the log that the metadata log does not know is exceeded, crash or not")
    func logAhead() throws {
        for isCrash in [true, false] {
            let disk = SimulatedDisk(seed: 3)
            let first = try Half(on: disk)
            first.create("t", partitions: 1)
            try first.append("t")
            try first.directory.stop(brokerEpoch: 1)
            let epochs = "0\n2\n0 0\n41 1\n"
            try disk.replace(
                "/data/t-0/leader-epoch-checkpoint", with: Array(epochs.utf8), isDurable: true)
            if isCrash { try disk.remove("/data/.kafka_cleanshutdown") }
            let second = try Half(on: disk)
            #expect(try second.epoch("t") == 42)
            let topic = try #require(second.catalog.topics["t"])
            #expect(second.metadata.image.topics[topic.id]?.partitions[0]?.partitionEpoch == 1)
            second.directory.abandon()
        }
    }

    @Test("a damaged partition is refused alone and loudly, and the others are led")
    func damagedAlone() throws {
        let disk = SimulatedDisk(seed: 4)
        let first = try Half(on: disk)
        first.create("t", partitions: 20)
        for index in 0..<20 { try first.append("t", Int32(index)) }
        try first.directory.writeCheckpoints()
        first.directory.abandon()
        let killed = disk.afterKill()
        let file = try killed.open("/data/t-7/00000000000000000000.log", .existing)
        try file.truncate(to: file.size() - 1)
        let second = try Half(on: killed)
        #expect(try second.partition("t", 7).log == nil)
        for index in Int32(0)..<20 where index != 7 { #expect(try second.epoch("t", index) == 1) }
        #expect(
            second.lines.all.contains {
                $0.contains("error partition.offline") && $0.contains("t-7/00000000000000000000.log")
            })
        try second.directory.stop()
        #expect(try killed.entry(at: "/data/.kafka_cleanshutdown") == nil)
    }

    @Test("the new epochs of all partitions are one batch of the metadata log")
    func many() throws {
        let disk = SimulatedDisk(seed: 5)
        let first = try Half(on: disk)
        for number in 0..<2 { first.create("t\(number)", partitions: 60) }
        let before = first.metadata.lastOffset
        first.directory.abandon()
        let second = try Half(on: disk.afterKill())
        // LeaderChange, registration, and one record a partition.
        #expect(second.metadata.lastOffset - before == 122)
        #expect(try second.metadataBatches(after: before) == 3)
        #expect(try second.epoch("t1", 59) == 1)
        second.directory.abandon()
    }
}
