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
    private let wish = Lock<MemoryWish?>(nil)
    private let isOver = Atomic(false)

    /// The conversion of `fetched`; `done` gets the result on any thread, with the lease of its reply; no
    /// records, where the broker stops.
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
        wish.withLock { $0 }?.cancel()
    }

    private func note(_ wish: MemoryWish?) {
        self.wish.withLock { $0 = wish }
        // The end may have come just before the line above.
        if isOver.load(ordering: .acquiring) { wish?.cancel() }
    }

    private func work(on reply: MemoryLease, _ workBytes: Int) {
        note(
            context.memory.whenLeasedForWork(workBytes, for: context.holder) { [self] work in
                context.broker.sockets.pool.run { [self] in convert(reply, work) }
            })
    }

    private func convert(_ reply: MemoryLease, _ work: MemoryLease) {
        guard !isOver.load(ordering: .acquiring) else { return }
        guard !context.memory.isStopping else { return done(fetched.withoutRecords(.none), nil) }
        var converted = fetched
        do throws(OldFormat.TooLarge) {
            try OldFormat(version: context.version, workBytes: work.bytes).convert(&converted)
            done(converted, reply)
        } catch {
            let mostBytes = context.memory.shares.workBytes
            // There is no more to be had; its consumer cannot pass over it either way.
            guard work.bytes < mostBytes else { return done(fetched.withoutRecords(.corruptMessage), reply) }
            self.work(on: reply, mostBytes)
        }
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
