// Each machine of the engine finds a fault that is planted in its state.
import Base
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

@Suite("invariants")
struct InvariantTests {
    /// What is changed where nobody may change it.
    enum Fault: CaseIterable {
        case budget, filedEnd, segmentOrder, unsealed, logEnd, highWatermark, lastStable, journalEnd
        case journalIncarnation, queuedTwice, holds
        case marker, tableName, failedDirectory, oldWatermark, abandonedRecovery, unexpected, strayDoubt
    }

    @Test("a fault that is planted in a machine is found", arguments: Fault.allCases)
    func planted(_ fault: Fault) throws {
        var config = LogConfig.tiny
        config.segmentBytes = 500
        let rig = try Rig(config: config)
        let log = try rig.create()
        for tag in 0..<20 { try log.append(BatchSpec(count: 1, bytes: 90, tag: tag)) }
        rig.flush()
        try log.append(BatchSpec(count: 1, bytes: 90, tag: 20))
        try rig.directory.checkInvariants()
        let store = try rig.open(log).store
        switch fault {
        case .budget: rig.directory.flusher.forget(1)
        case .filedEnd: store.state.withLock { $0.ends.filed(to: Offset(99), hasNewestName: false) }
        case .segmentOrder: store.state.withLock { $0.segments.swapAt(0, 1) }
        case .unsealed: store.state.withLock { $0.ends.sealed() }
        case .logEnd: log.state.withLock { $0.bounds.logEnd = Offset(20) }
        case .highWatermark: log.state.withLock { $0.bounds.highWatermark = $0.bounds.logEnd }
        case .lastStable: log.state.withLock { $0.bounds.lastStable = Offset(999) }
        case .queuedTwice: rig.directory.flusher.enqueue(store)
        case .holds: rig.directory.flusher.endAppends()
        case .journalEnd: try journal(rig).state.withLock { $0.areas[0].end = 1 }
        case .journalIncarnation:
            try journal(rig).state.withLock { state in
                let key = JournalKey(LogIdentity(partition: log.partition, topicID: log.topicID))
                let member = Journal.Member(target: nil, incarnation: .max, lowestBase: .zero)
                state.areas[0].members[key] = member
            }
        case .marker:
            let marker = rig.directory.identity.marker
            try rig.disk.replace(marker, with: [], isDurable: false)
        case .tableName:
            rig.directory.table.state.withLock { state in
                state.logs[partition("another")] = state.logs.removeValue(forKey: log.partition)
            }
        case .failedDirectory: rig.directory.table.state.withLock { $0.failure = .closed(path: "/data") }
        case .oldWatermark:
            rig.directory.checkpoints.state.withLock { $0.highWatermarks.offsets[log.partition] = .zero }
        case .abandonedRecovery: rig.directory.opening.state.withLock { $0.recovered.append(store) }
        case .unexpected: rig.directory.met()
        case .strayDoubt:
            rig.directory.opening.state.withLock { _ = $0.doubtful.insert(log.partition) }
        }
        #expect(throws: InvariantViolation.self) { try rig.directory.checkInvariants() }
    }

    private func journal(_ rig: Rig) throws -> Journal { try #require(rig.directory.services.journal) }
}
