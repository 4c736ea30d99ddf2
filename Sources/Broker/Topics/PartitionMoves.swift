// Partitions that are moved to other directories while they are served (KIP-113). All of it happens on one
// thread that yields to clients, in turns, so that a small partition need not wait for a large one; the last
// step is a change like any other of the catalog.
internal import Base
internal import Storage

/// The partitions that are on their way to another place.
final class PartitionMoves: Sendable {
    /// One of them.
    struct Moving: Sendable {
        let partition: Partition
        let topicID: TopicID
        let work: any PartitionMove
        /// Waits until no request is at work that found the log before.
        let quiesce: @Sendable () -> Void
    }

    private struct State {
        /// In the order of their turns.
        var moving: [Moving] = []
        var isStopping = false
    }
    private let state = Lock(State())
    private let worker: SerialWorker
    private let storage: any StorageEngine
    private let logger: Logger
    private let quiesce: @Sendable () -> Void
    /// Has a partition come to the end of its way; calls the closure when that is done.
    private let finish: @Sendable (Moving, @escaping @Sendable () -> Void) -> Void

    /// So much of a partition is copied before it is another one's turn.
    private static let turnBytes: Int64 = 64 << 20
    /// So little of a partition may be left that its log is closed for the rest: a tenth of a second.
    private static let restBytesMax: Int64 = 8 << 20
    /// Clients come first.
    private static let niceness: Int32 = 10

    /// No moves yet, in `storage`; `quiesce` returns when no request is at work any more that was when it was
    /// called.
    init(
        _ storage: any StorageEngine, logger: Logger, quiesce: @escaping @Sendable () -> Void,
        finish: @escaping @Sendable (Moving, @escaping @Sendable () -> Void) -> Void
    ) {
        self.storage = storage
        self.logger = logger
        self.quiesce = quiesce
        self.finish = finish
        worker = SerialWorker(named: "apus-moves", niceness: Self.niceness)
    }

    /// What is under way, in no order.
    var all: [Moving] { state.withLock { $0.moving } }

    /// Does `body` on the thread of moves, where nothing else changes them.
    func run(_ body: @escaping @Sendable () -> Void) { worker.run(body) }

    /// Begins to move an open partition to `target`, or goes on with that.
    ///
    /// A move to elsewhere ends. On the thread of moves.
    func begin(
        _ partition: Partition, of topicID: TopicID, to target: any StoragePlace
    ) throws(StorageError) {
        if let known = all.first(where: { $0.partition === partition }) {
            if known.work.target === target { return }
            drop(known)
            known.work.abandon()
        }
        if storage.place(of: partition.id) === target { return }
        let work = try storage.beginMove(of: partition.id, to: target)
        let isTaken = state.withLock { state in
            if !state.isStopping {
                state.moving.append(
                    Moving(partition: partition, topicID: topicID, work: work, quiesce: quiesce))
            }
            return !state.isStopping
        }
        guard isTaken else { return work.abandon() }
        logger.logLimited(
            .info, "partition_move.started", ["partition": "\(partition.id)", "to": target.path])
        worker.run { self.takeTurn() }
    }

    /// Begins those anew that an earlier run left in their middle.
    func resume(_ unfinished: UnfinishedMoves, of topics: TopicDirectory) {
        for (id, topicID, target) in unfinished.again {
            guard let partition = topics[topicID]?.partition(id.partition.value) else { continue }
            worker.run { [self] in
                do throws(StorageError) { try begin(partition, of: topicID, to: target) } catch {
                    logger.logLimited(
                        .error, "partition_move.failed",
                        ["partition": "\(id)", "to": target.path, "reason": error.description])
                }
            }
        }
    }

    /// Begins no further turn, and waits for the one that is under way; the next start begins anew with what
    /// was not moved by then.
    func stop() {
        state.withLock { $0.isStopping = true }
        let isIdle = Signal()
        worker.run { isIdle.raise() }
        isIdle.wait()
    }

    /// Copies something of one partition; each that is under way has a turn waiting.
    private func takeTurn() {
        let next = state.withLock { state -> Moving? in
            guard !state.isStopping, !state.moving.isEmpty else { return nil }
            let next = state.moving.removeFirst()
            state.moving.append(next)
            return next
        }
        guard let next else { return }
        do throws(StorageError) {
            guard try next.work.copy(atMost: Self.turnBytes) <= Self.restBytesMax else {
                return worker.run { self.takeTurn() }
            }
        } catch {
            return end(next, error)
        }
        let isDone = Signal()
        finish(next) { isDone.raise() }
        isDone.wait()
        drop(next)
    }

    private func drop(_ moving: Moving) {
        state.withLock { $0.moving.removeAll { $0.work === moving.work } }
    }

    /// Gives a move up; the partition stays where it is.
    func end(_ moving: Moving, _ error: StorageError) {
        drop(moving)
        moving.work.abandon()
        // Its topic may have been deleted meanwhile.
        guard !error.isClosed else { return }
        logger.logLimited(
            .error, "partition_move.failed",
            [
                "partition": "\(moving.partition.id)", "to": moving.work.target.path,
                "reason": error.description,
            ])
    }
}
