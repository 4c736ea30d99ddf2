// The notes of a log, in memory. They are kept as one stretch, as there is nothing to spread them over.
import Base
import Storage

/// Keeps the notes of one log, in memory.
package final class MemoryNotes: LogNotes {
    struct Kept: Sendable {
        var snapshots: [Offset: [UInt8]] = [:]
        var epochs: LeaderEpochs?
        /// Nil until anything was noted.
        var transactions: [AbortedTransaction]?
    }

    private struct State {
        var current = Kept()
        /// What a crash cannot take back.
        var durable = Kept()
        var isClosed = false
    }

    private let place: String
    private let behaviour: MemoryBehaviour
    private let state: Lock<State>

    private init(_ place: String, _ behaviour: MemoryBehaviour, _ kept: Kept) {
        self.place = place
        self.behaviour = behaviour
        state = Lock(State(current: kept, durable: kept))
    }

    /// No notes yet.
    package convenience init(_ place: String, behaviour: MemoryBehaviour) {
        self.init(place, behaviour, Kept())
    }

    /// The notes as they are found again after a stop.
    package func afterStop() -> MemoryNotes { MemoryNotes(place, behaviour, state.withLock { $0.current }) }

    /// The notes as they are found again after a crash: of what was not durable chance keeps something.
    package func afterCrash() -> MemoryNotes {
        let (current, durable) = state.withLock { ($0.current, $0.durable) }
        var kept = durable
        if behaviour.chance(50) { kept.snapshots = current.snapshots }
        if behaviour.chance(50) { kept.epochs = current.epochs }
        return MemoryNotes(place, behaviour, kept)
    }

    package func snapshotOffsets() throws(StorageError) -> [Offset] {
        state.withLock { $0.current.snapshots.keys.sorted() }
    }

    package func snapshot(at offset: Offset) throws(StorageError) -> [UInt8]? {
        state.withLock { $0.current.snapshots[offset] }
    }

    package func draftSnapshot(_ bytes: [UInt8], at offset: Offset) throws(StorageError) -> any NoteDraft {
        try draft { $0.snapshots[offset] = bytes }
    }

    package func removeSnapshot(at offset: Offset) throws(StorageError) {
        try change { $0.snapshots[offset] = nil }
    }

    package func leaderEpochs() throws(StorageError) -> LeaderEpochs? { state.withLock { $0.current.epochs } }

    package func draft(_ epochs: LeaderEpochs) throws(StorageError) -> any NoteDraft {
        try draft { $0.epochs = epochs }
    }

    package func transactionNotes() throws(StorageError) -> [TransactionNotes] {
        [TransactionNotes(base: .zero, entries: state.withLock { $0.current.transactions })]
    }

    package func replaceTransactions(
        _ entries: [AbortedTransaction], base: Offset
    ) throws(StorageError) {
        try change { $0.transactions = entries }
    }

    package func append(_ entries: [AbortedTransaction]) throws(StorageError) {
        try change { $0.transactions = ($0.transactions ?? []) + entries }
    }

    package func close() { state.withLock { $0.isClosed = true } }

    private func draft(_ change: @escaping @Sendable (inout Kept) -> Void) throws(StorageError)
        -> any NoteDraft
    {
        if state.withLock({ $0.isClosed }) { throw .closed(path: place) }
        return MemoryDraft(notes: self, change: change)
    }

    /// Changes what is kept, for good.
    private func change(_ body: (inout Kept) -> Void) throws(StorageError) {
        try put { state in
            body(&state.current)
            body(&state.durable)
        }
    }

    fileprivate func install(_ body: (inout Kept) -> Void) throws(StorageError) {
        try put { body(&$0.current) }
    }

    fileprivate func makeDurable(_ body: (inout Kept) -> Void) throws(StorageError) {
        try put { body(&$0.durable) }
    }

    private func put(_ body: (inout State) -> Void) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            if state.isClosed { throw .closed(path: place) }
            body(&state)
        }
    }
}

/// Notes that are written; bytes in memory need no sync of their own.
private struct MemoryDraft: NoteDraft {
    let notes: MemoryNotes
    let change: @Sendable (inout MemoryNotes.Kept) -> Void

    func sync() throws(StorageError) {}
    func install() throws(StorageError) { try notes.install(change) }
    func syncName() throws(StorageError) { try notes.makeDurable(change) }
}
