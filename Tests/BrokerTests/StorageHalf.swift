// The half of a broker that lies on the disk, for tests of starts and stops.
import Base
import Protocol
import Records
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

/// The storage half of a broker on a simulated disk: log directories, metadata log and topics, with flushers
/// of their own.
struct StorageHalf {
    let storage: LogDirectories
    var directory: LogDirectory { storage.metadataDirectory }
    let metadata: MetadataLog
    let catalog: TopicCatalog
    let unwritten: UnwrittenStart
    let moves: PartitionMoves
    let lines = DirectoryRig.Lines()
    let clock = SimulatedClock()
    let settings: BrokerSettings
    let disk: SimulatedDisk
    private let requests = Requests()

    /// What stands for a request that is at work holds this lock.
    private final class Requests: Sendable {
        private let lock = Lock(())

        func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
            try lock.withLock { _ in try body() }
        }
    }

    /// Starts on `disk`, with a journal of the usual size or a smaller one; without `opensAll` logs are
    /// opened when the test asks for them.
    init(
        on disk: SimulatedDisk, _ settings: BrokerSettings = BrokerSettings(), opensAll: Bool = true,
        journalAreaBytes: Int? = nil
    ) throws {
        var settings = settings
        settings.logDirectory = "/data"
        self.settings = settings
        self.disk = disk
        if let journalAreaBytes {
            var options = LogDirectoryOptions("/data", settings, .current())
            options.journalAreaBytes = journalAreaBytes
            storage = try LogDirectories(
                [options], metadata: options, disk: disk, clock: clock, background: { $0() },
                logger: lines.logger)
        } else {
            storage = try LogDirectories(
                settings, disk: disk, clock: clock, background: { $0() }, logger: lines.logger)
        }
        metadata = try MetadataLog(storage: storage, settings, clock: clock)
        try metadata.beginEpoch(settings, listeners: [], storage: storage)
        let unfinished = try UnfinishedMoves(metadata.image, storage, lines.logger)
        try StrayPartitions.remove(metadata.image, storage, lines.logger)
        catalog = try TopicCatalog(
            metadata: metadata, storage: storage, settings: settings, worker: SerialWorker(),
            background: { $0() }, logger: lines.logger)
        try catalog.takeLeadership()
        unwritten = UnwrittenStart(catalog, storage, lines.logger)
        moves = PartitionMoves(
            storage, logger: lines.logger, quiesce: { [requests] in requests.withLock {} },
            finish: { [catalog] in catalog.finish($0, then: $1) })
        if opensAll { catalog.opening.openAll(catalog.topics) }
        moves.resume(unfinished, of: catalog.topics)
    }

    /// Creates a topic; why not, if it was refused.
    func create(_ name: Name, partitions: Int32) -> Refusal? {
        var topic = NewTopic(name: name)
        topic.partitionCount = partitions
        return create(topic)
    }

    func create(_ topic: NewTopic) -> Refusal? {
        let done = Signal()
        let refusal = Lock<Refusal?>(nil)
        catalog.create([topic], by: "test", validateOnly: false) { results in
            if case .failure(let reason) = results[0] { refusal.withLock { $0 = reason } }
            done.raise()
        }
        done.wait()
        return refusal.withLock { $0 }
    }

    /// Deletes a topic; why not, if it was refused.
    func delete(_ name: Name) -> Refusal? {
        let done = Signal()
        let refusal = Lock<Refusal?>(nil)
        catalog.delete([TopicReference(name: name, id: .zero)], by: "test") { results in
            if case .failure(let reason) = results[0] { refusal.withLock { $0 = reason } }
            done.raise()
        }
        done.wait()
        return refusal.withLock { $0 }
    }

    /// Has a partition move to the directory at `path`, and waits until it came there or cannot; why it was
    /// not begun.
    func move(_ name: Name, _ index: Int32 = 0, to path: String) throws -> StorageError? {
        let topic = try #require(catalog.topics[name])
        let partition = try partition(name, index)
        let target = try #require(storage.places.first { $0.path == path })
        let refusal = Lock<StorageError?>(nil)
        moves.run { [moves] in
            do throws(StorageError) { try moves.begin(partition, of: topic.id, to: target) } catch {
                refusal.withLock { $0 = error }
            }
        }
        awaitMoves()
        return refusal.withLock { $0 }
    }

    /// Waits until nothing is on its way.
    func awaitMoves() {
        repeat {
            let isIdle = Signal()
            moves.run { isIdle.raise() }
            isIdle.wait()
        } while !moves.all.isEmpty
    }

    func partition(_ name: Name, _ index: Int32 = 0) throws -> Partition {
        try #require(catalog.topics[name]?.partition(index))
    }

    func log(_ name: Name, _ index: Int32 = 0) throws -> PartitionLog {
        try #require(try partition(name, index).log)
    }

    /// How many lines of the log are about `event`.
    func lines(about event: String) -> Int { lines.all.count { $0.contains(" \(event) ") } }

    /// How many batches the metadata log has behind `offset`.
    func metadataBatches(after offset: Offset) throws -> Int {
        let id = TopicPartition(topic: TopicName.clusterMetadata, partition: PartitionIndex(0))
        let log = try #require(directory.log(of: id))
        var count = 0
        try log.store.walk(from: offset.next) { _ in
            count += 1
            return true
        }
        return count
    }

    /// What metadata and log agree on.
    func epoch(_ name: Name, _ index: Int32 = 0) throws -> Int32 {
        let topic = try #require(catalog.topics[name])
        let epoch = try log(name, index).bounds.leaderEpoch.value
        #expect(metadata.image.topics[topic.id]?.partitions[index]?.leaderEpoch == epoch)
        return epoch
    }

    /// As a request does it: where the log is being changed for another, it waits for that one.
    func append(_ name: Name, _ index: Int32 = 0, bytes: Int = 5) throws {
        let partition = try partition(name, index)
        let watch = DurabilityWatch()
        var appended: PartitionLog?
        while appended == nil {
            let isSettled = Signal()
            partition.whenSettled { isSettled.raise() }
            isSettled.wait()
            appended = try requests.withLock { () -> PartitionLog? in
                guard partition.isSettled else { return nil }
                let log = try self.log(name, index)
                log.setObserver(watch)
                try log.appendRecord(at: Timestamp(milliseconds: 1_700_000_000_000), bytes: bytes)
                return log
            }
        }
        let log = try #require(appended)
        #expect(watch.wait(for: log.bounds.logEnd, of: log) == nil)
    }
}
