// The part of a broker that lies on an engine, on one that has no files: whatever reached round the seam
// would find nothing.
import Base
import MemoryStorage
import Records
import Simulation
import Storage
import TestSupport
import Testing

@testable import Broker

/// Metadata and topics of a broker on an engine in memory.
private struct MemoryHalf {
    let engine: MemoryEngine
    let metadata: MetadataLog
    let catalog: TopicCatalog

    init(on engine: MemoryEngine) throws {
        let (settings, logger) = (BrokerSettings(), Logger(level: .error) { _ in })
        self.engine = engine
        metadata = try MetadataLog(storage: engine, settings, clock: SimulatedClock())
        try metadata.beginEpoch(settings, listeners: [], storage: engine)
        try StrayPartitions.remove(metadata.image, engine, logger)
        catalog = try TopicCatalog(
            metadata: metadata, storage: engine, settings: settings, worker: SerialWorker(),
            background: { $0() }, logger: logger)
        try catalog.takeLeadership()
        catalog.opening.openAll(catalog.topics)
    }

    static func engine(seed: UInt64) -> MemoryEngine {
        let random = Lock(SeededRandom(seed: seed))
        let behaviour = MemoryBehaviour { range in
            random.withLock { Int.random(in: range, using: &$0) }
        }
        return MemoryEngine(
            owner: StorageOwner(clusterID: "cluster", nodeID: BrokerSettings().nodeID),
            clock: SimulatedClock(), behaviour: behaviour, logger: Logger(level: .error) { _ in })
    }

    /// Creates a topic; true if it was.
    func create(_ name: Name, partitions: Int32) -> Bool {
        var topic = NewTopic(name: name)
        topic.partitionCount = partitions
        return waited { done in
            catalog.create([topic], by: "test", validateOnly: false) { results in
                if case .success = results[0] { done(true) } else { done(false) }
            }
        }
    }

    /// Deletes a topic; true if it was.
    func delete(_ name: Name) -> Bool {
        waited { done in
            catalog.delete([TopicReference(name: name, id: .zero)], by: "test") { results in
                if case .success = results[0] { done(true) } else { done(false) }
            }
        }
    }

    private func waited(_ begin: (@escaping @Sendable (Bool) -> Void) -> Void) -> Bool {
        let signal = Signal()
        let answer = Lock(false)
        begin { result in
            answer.withLock { $0 = result }
            signal.raise()
        }
        signal.wait()
        return answer.withLock { $0 }
    }

    func log(_ name: Name, _ index: Int32) throws -> PartitionLog {
        let partition = try #require(catalog.topics[name]?.partition(index))
        return try #require(partition.log)
    }

    /// Appends a record, and waits until no crash can take it back.
    func append(_ name: Name, _ index: Int32) throws {
        let log = try log(name, index)
        let watch = DurabilityWatch()
        log.setObserver(watch)
        try log.appendRecord(at: Timestamp(milliseconds: 1_700_000_000_000))
        #expect(watch.wait(for: log.bounds.logEnd, of: log) == nil)
    }
}

@Test(
    "topics live on an engine without files, over stops and crashes", .endsHangs,
    arguments: UInt64(0)..<4)
func topicsWithoutFiles(seed: UInt64) throws {
    var half = try MemoryHalf(on: MemoryHalf.engine(seed: seed))
    #expect(half.create("t", partitions: 3))
    #expect(half.create("gone", partitions: 1))
    #expect(half.delete("gone"))
    for index in 0..<3 { try half.append("t", Int32(index)) }
    try half.engine.stop(brokerEpoch: 1, by: .max)
    half = try MemoryHalf(on: half.engine.afterStop())
    #expect(!half.engine.isAfterCrash)
    #expect(half.catalog.topics["gone"] == nil)
    for index in 0..<3 {
        #expect(try half.log("t", Int32(index)).bounds.highWatermark == Offset(1))
        try half.append("t", Int32(index))
    }
    let epoch = try half.log("t", 2).bounds.leaderEpoch
    half = try MemoryHalf(on: half.engine.afterCrash())
    #expect(try half.log("t", 2).bounds.leaderEpoch > epoch)
    for index in 0..<3 {
        #expect(try half.log("t", Int32(index)).bounds.logEnd == Offset(2))
        try half.append("t", Int32(index))
    }
    #expect(half.delete("t"))
    #expect(half.engine.place.partitionCount == 1)
}
