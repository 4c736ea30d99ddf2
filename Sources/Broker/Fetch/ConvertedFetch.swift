// A fetch whose records have to be converted: it waits for memory for its reply and for the work, and is done
// on the pool.
internal import Base
internal import Network
internal import Protocol
internal import Synchronization

/// The conversion of what one fetch found.
final class ConvertedFetch: Sendable {
    /// What the records of one compressed batch get at first; only a batch that needs more waits for more.
    private static let workBytes = 4 << 20

    private let fetched: FetchedPartitions
    private let context: RequestContext
    private let done: @Sendable (FetchedPartitions, MemoryLease?) -> Void
    /// What it waits for, or did.
    private let awaited = Lock<[any AwaitedReply]>([])
    private let isOver = Atomic(false)

    /// The conversion of `fetched`; `done` gets the result on any thread, with the lease of its reply; no
    /// records, where the broker stops or the disk stands still.
    init(
        _ fetched: FetchedPartitions, _ context: RequestContext,
        then done: @escaping @Sendable (FetchedPartitions, MemoryLease?) -> Void
    ) {
        self.fetched = fetched
        self.context = context
        self.done = done
    }

    /// Begins to wait for memory.
    func begin() {
        // The reply may not be small even if it turns out to be: it is made before that is known.
        let expected = max(MemoryShares.smallMaxBytes + 1, min(fetched.byteCount, 2 * OldFormat.replyBytes))
        note(
            context.memory.whenLeased(expected, as: .reply, for: context.holder) { [self] lease in
                guard let lease else { return done(fetched.withoutRecords(.none), nil) }
                work(on: lease, Self.workBytes)
            })
    }

    /// Nobody wants the result any more.
    func cancel() {
        isOver.store(true, ordering: .releasing)
        for awaited in awaited.withLock({ $0 }) { awaited.abandon() }
    }

    private func note(_ awaited: (any AwaitedReply)?) {
        guard let awaited else { return }
        self.awaited.withLock { $0.append(awaited) }
        // The end may have come just before the line above.
        if isOver.load(ordering: .acquiring) { awaited.abandon() }
    }

    private func work(on reply: MemoryLease, _ workBytes: Int) {
        note(
            context.memory.whenLeasedForWork(workBytes, for: context.holder) { [self] work in
                convert(reply, work)
            })
    }

    private enum Conversion: Sendable {
        case made(FetchedPartitions)
        /// A batch needs more memory.
        case tooLarge
    }

    private func convert(_ reply: MemoryLease, _ work: MemoryLease) {
        let conversion = Deferred<Conversion>()
        context.broker.sockets.pool.run { [self] in
            withExtendedLifetime(reply) { _ = conversion.complete(converted(within: work)) }
        }
        // The records are read from the disk.
        let limited = DiskWait.limited(conversion, on: context.loop) { [self] in
            .made(fetched.withoutRecords(.kafkaStorageError))
        }
        note(limited)
        let workBytes = work.bytes
        limited.whenCompleted(on: context.loop) { [self] conversion in
            if case .made(let converted) = conversion { return done(converted, reply) }
            let mostBytes = context.memory.shares.workBytes
            // There is no more to be had; its consumer cannot pass over it either way.
            guard workBytes < mostBytes else { return done(fetched.withoutRecords(.corruptMessage), reply) }
            self.work(on: reply, mostBytes)
        }
    }

    private func converted(within work: MemoryLease) -> Conversion {
        guard !isOver.load(ordering: .acquiring), !context.memory.isStopping else {
            return .made(fetched.withoutRecords(.none))
        }
        var converted = fetched
        do throws(OldFormat.TooLarge) {
            try OldFormat(version: context.version, workBytes: work.bytes).convert(&converted)
            return .made(converted)
        } catch { return .tooLarge }
    }
}

extension FetchedPartitions {
    /// The same with a code instead of records.
    fileprivate func withoutRecords(_ code: ErrorCode) -> FetchedPartitions {
        var refused = self
        for place in refused.partitions.indices where refused.partitions[place].byteCount > 0 {
            refused.partitions[place].converted = []
            refused.partitions[place].error = code
        }
        return refused
    }
}
