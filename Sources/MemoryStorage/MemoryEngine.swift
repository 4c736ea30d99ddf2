// Seam 3 in memory: an engine with one place, and a thread that stores what was appended. A broker that runs
// on it needs nothing of any other engine.
import Base
import Storage

/// The logs of one broker, in memory.
package final class MemoryEngine: StorageEngine {
    package let owner: StorageOwner
    package let isAfterCrash: Bool
    /// The one place.
    package let place: MemoryPlace
    private let services: LogServices
    private let memory: MemoryServices
    private let logger: Logger
    private let mustRecover = Lock(false)

    /// An engine that keeps nothing yet; `behaviour` decides in which order things become durable.
    package convenience init(
        owner: StorageOwner, clock: any BrokerClock, behaviour: MemoryBehaviour, logger: Logger
    ) {
        self.init(owner, clock, behaviour, logger, MemoryPlace.State(), isAfterCrash: false)
    }

    private init(
        _ owner: StorageOwner, _ clock: any BrokerClock, _ behaviour: MemoryBehaviour, _ logger: Logger,
        _ kept: MemoryPlace.State, isAfterCrash: Bool
    ) {
        self.owner = owner
        self.isAfterCrash = isAfterCrash
        self.logger = logger
        let worker = SerialWorker()
        let place = Lock<(@Sendable () -> Void)?>(nil)
        var memory = MemoryServices(clock: clock, background: { worker.run($0) }, behaviour: behaviour)
        memory.wrote = { store in
            worker.run {
                store.flush()
                place.withLock { $0 }?()
            }
        }
        self.memory = memory
        services = LogServices(
            clock: clock, logger: logger, background: { worker.run($0) }, refusesRecords: { false })
        let (id, path) = (UUID(high: 1, low: 99), "memory")
        let made = MemoryPlace(path, id: id, services, memory, kept)
        self.place = made
        place.withLock { $0 = { [weak made] in made?.wroteSome() } }
    }

    package var places: [any StoragePlace] { [place] }
    package let missingPlaces: [String] = []
    package var metadata: any StoragePlace { place }

    package func start() throws(StorageError) {}

    package func stop(brokerEpoch: Int64, by deadline: Int64) throws(StorageError) {
        services.stop()
        for kept in place.state.withLock({ Array($0.kept.values) }) {
            guard let log = kept.log else { continue }
            try kept.store.stop()
            let failure = NoteWriting.write([log], isFinal: true, threads: 1)[0]
            log.close()
            if let failure { throw failure }
        }
    }

    /// The engine as it is found again after it was stopped.
    package func afterStop() -> MemoryEngine {
        reopened(isAfterCrash: mustRecover.withLock { $0 }) { ($0.store.afterStop($1), $0.notes.afterStop()) }
    }

    /// The engine as it is found again after a crash.
    package func afterCrash() -> MemoryEngine {
        let next = reopened(isAfterCrash: true) { ($0.store.afterCrash($1), $0.notes.afterCrash()) }
        services.stop()
        for kept in place.state.withLock({ Array($0.kept.values) }) { kept.log?.close() }
        return next
    }

    private func reopened(
        isAfterCrash: Bool,
        _ find: (MemoryPlace.Kept, MemoryServices) -> (store: MemoryStore, notes: MemoryNotes)
    ) -> MemoryEngine {
        let next = MemoryEngine(
            owner, memory.clock, memory.behaviour, logger, MemoryPlace.State(), isAfterCrash: isAfterCrash)
        var state = place.state.withLock { $0 }
        state.afterWrites = []
        state.starts = [:]
        for (partition, kept) in state.kept {
            let found = find(kept, next.memory)
            state.kept[partition] = MemoryPlace.Kept(
                topicID: kept.topicID, store: found.store, notes: found.notes, files: kept.files)
        }
        next.place.state.withLock { [state] in $0 = state }
        return next
    }

    package func place(of partition: TopicPartition) -> (any StoragePlace)? {
        place.log(of: partition) == nil ? nil : place
    }

    package func deletePartitions(
        _ partitions: [TopicPartition], of topicID: TopicID
    ) -> [StorageError?] {
        partitions.map { partition in
            do throws(StorageError) {
                try place.deletePartition(partition)
                return nil
            } catch { return error }
        }
    }

    /// There is one place, so that nothing moves.
    package func beginMove(
        of partition: TopicPartition, to target: any StoragePlace
    ) throws(StorageError) -> any PartitionMove {
        throw .partitionExists(path: "\(place.path)/\(partition)")
    }

    package func requireAlone(_ partition: TopicPartition) throws(StorageError) {}

    package func finishOpening() {}

    package func hold(_ isHeld: Bool) {}

    package func identify() throws(StorageError) {}

    package func isVouchedFor(_ partition: TopicPartition) -> Bool { !isAfterCrash }

    package func leaveToRecovery() { mustRecover.withLock { $0 = true } }

    package func saveStarts() throws(StorageError) {
        for kept in place.state.withLock({ Array($0.kept.values) }) { kept.store.saveStart() }
    }

    package let isOverBudget = false

    package func whenBelowBudget(_ body: @escaping @Sendable () -> Void) { body() }

    package func beginAppends() {}

    package func endAppends() {}

    package let isFull = false

    package func beginUpkeep(
        _ settings: UpkeepSettings, on upkeep: UpkeepScheduler, compaction: UpkeepScheduler
    ) {}

    package func update(_ compaction: CompactionSettings) {}

    package func resumeUpkeep() {}

    package func requestRetention() {}
}

extension MemoryPlace {
    /// Something was written, and stored.
    fileprivate func wroteSome() { for body in state.withLock({ $0.afterWrites }) { body() } }
}
