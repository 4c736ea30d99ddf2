// A place for partitions, in memory.
import Base
import Records
import Storage

/// Where an engine in memory keeps partitions.
package final class MemoryPlace: StoragePlace {
    /// A partition, open or not.
    struct Kept: Sendable {
        let topicID: TopicID
        var store: MemoryStore
        var notes: MemoryNotes
        var files: [Name: [UInt8]] = [:]
        /// The log, if it is open.
        var log: PartitionLog?
    }

    struct State: Sendable {
        var kept: [TopicPartition: Kept] = [:]
        var starts: [TopicPartition: Offset] = [:]
        var files: [Name: [UInt8]] = [:]
        var afterWrites: [@Sendable () -> Void] = []
    }

    package let directoryID: UUID
    package let path: String
    package let hasFailed = false
    package let isFull = false
    package let space: PlaceSpace? = nil
    let state: Lock<State>
    private let services: LogServices
    private let memory: MemoryServices

    init(_ path: String, id: UUID, _ services: LogServices, _ memory: MemoryServices, _ state: State) {
        self.path = path
        directoryID = id
        self.services = services
        self.memory = memory
        self.state = Lock(state)
    }

    package var partitionCount: Int { state.withLock { $0.kept.count } }

    package func afterWrites(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.afterWrites.append(body) }
    }

    package func partitionNames() throws(StorageError) -> [TopicPartition] {
        state.withLock { Array($0.kept.keys) }
    }

    package func look(at partition: TopicPartition) throws(StorageError) -> FoundPartition {
        let id = state.withLock { $0.kept[partition]?.topicID }
        return FoundPartition(partition: partition, topicID: id, path: place(of: partition))
    }

    /// Nothing is kept of what was deleted.
    package func forget(_ partitions: [TopicPartition]) throws(StorageError) {}

    package func isUnknown(_ partition: TopicPartition) throws(StorageError) -> Bool {
        state.withLock { $0.kept[partition] == nil }
    }

    package func log(of partition: TopicPartition) -> PartitionLog? {
        state.withLock { $0.kept[partition]?.log }
    }

    package func expect(_ partitions: Int) {}

    package func met() {}

    package func begin(_ partition: TopicPartition, at offset: Offset) {
        state.withLock { $0.starts[partition] = offset }
    }

    package func openPartition(
        _ partition: TopicPartition, id: TopicID, config: LogConfig, kind: LogKind
    ) throws(StorageError) -> PartitionLog {
        let place = place(of: partition)
        let kept = state.withLock { state in
            if let kept = state.kept[partition] { return kept }
            let start = state.starts[partition] ?? .zero
            let fresh = Kept(
                topicID: id,
                store: MemoryStore(place, startingAt: start, config: SharedLogConfig(config), memory),
                notes: MemoryNotes(place, behaviour: memory.behaviour))
            state.kept[partition] = fresh
            return fresh
        }
        guard kept.topicID == id else {
            throw .topicIDMismatch(path: place, expected: id, found: kept.topicID)
        }
        if let log = kept.log { return log }
        let shared = SharedLogConfig(config)
        kept.store.update(shared)
        let log = try PartitionLog.open(
            LogIdentity(partition: partition, topicID: id, kind: kind), store: kept.store,
            notes: kept.notes, services: services, config: shared)
        state.withLock { $0.kept[partition]?.log = log }
        return log
    }

    package func createPartitions(
        _ wanted: [NewPartition], kind: LogKind
    ) -> [Result<PartitionLog, StorageError>] {
        wanted.map { new in
            if state.withLock({ $0.kept[new.partition] != nil }) {
                return .failure(.partitionExists(path: place(of: new.partition)))
            }
            begin(new.partition, at: new.start)
            do throws(StorageError) {
                return .success(
                    try openPartition(new.partition, id: new.topicID, config: new.config, kind: kind))
            } catch { return .failure(error) }
        }
    }

    package func deletePartition(_ partition: TopicPartition) throws(StorageError) {
        let kept = state.withLock { $0.kept.removeValue(forKey: partition) }
        guard let kept else { throw .partitionMissing(path: place(of: partition)) }
        kept.log?.close()
    }

    package func unfinishedDeletions() throws(StorageError) -> [UnfinishedDeletion] { [] }

    package func finish(_ deletion: UnfinishedDeletion) {}

    package func unfinishedMoves() throws(StorageError) -> [UnfinishedMove] { [] }

    package func complete(_ move: UnfinishedMove) throws(StorageError) {
        throw .partitionMissing(path: move.path)
    }

    package func discard(_ move: UnfinishedMove) {}

    package func peek(
        at partition: TopicPartition, _ visit: (RecordBatch) throws(StorageError) -> Void
    ) throws(StorageError) {
        let store = state.withLock { $0.kept[partition]?.store }
        for batch in store?.state.withLock({ $0.batches }) ?? [] {
            guard let read = try? RecordBatch(reading: batch.bytes.rawSpan) else { return }
            try visit(read)
        }
    }

    package func files(of partition: TopicPartition) throws(StorageError) -> [StoredFile] {
        let files = state.withLock { $0.kept[partition]?.files ?? [:] }
        return files.map { name, bytes in
            StoredFile(name: "\(name)", sizeBytes: Int64(bytes.count), modified: nil)
        }
    }

    package func contents(
        of name: String, in partition: TopicPartition?, limit: Int
    ) throws(StorageError) -> [UInt8]? {
        state.withLock { state in
            guard let partition else { return state.files[Name(name)] }
            return state.kept[partition]?.files[Name(name)]
        }
    }

    package func replace(
        _ name: String, in partition: TopicPartition, with bytes: [UInt8]
    ) throws(StorageError) {
        state.withLock { $0.kept[partition]?.files[Name(name)] = bytes }
    }

    package func remove(_ name: String, of partition: TopicPartition) throws(StorageError) {
        state.withLock { $0.kept[partition]?.files[Name(name)] = nil }
    }

    private func place(of partition: TopicPartition) -> String { "\(path)/\(partition)" }
}
