// A second engine, in memory: what the seam of a log's bytes asks for, and no more. It stands in for engines
// that keep batches elsewhere: what was appended is stored later and in any order, what is looked up may come
// later, another owner may take over, and what was not stored is gone after a crash. Nothing here knows the
// engine over files; a test drives it step by step.
import Base
import Records
import Storage

/// The bytes of one partition, in memory.
package final class MemoryStore: LogStore {
    struct State: Sendable {
        var shared: SharedLogConfig
        var config: LogConfig { shared.value }
        var batches: [MemoryBatch] = []
        /// Ascending, and never empty.
        var pieces: [MemoryPiece]
        var start: Offset
        /// What a crash leaves of it.
        var savedStart: Offset
        var end: Offset
        /// The latest epoch that anything was appended in, here or by another owner.
        var epoch = LeaderEpoch(-1)
        var failure: StorageError?
        var isClosed = false
        /// What the next append, or the next storing of a batch, fails with.
        var refusal: StorageError?
        var loss: StorageError?
        /// The durable end that the log above has heard of, and whether it has heard of the failure.
        var told: Offset
        var hasToldFailure = false
        weak var events: (any LogStoreEvents)?

        /// Up to the first batch that is not stored.
        var syncedEnd: Offset { batches.first { !$0.isStored }?.header.baseOffset ?? end }
        var durableEnd: Offset { config.durability == .os ? end : syncedEnd }
        var bounds: StoreBounds {
            StoreBounds(
                start: start, end: end, durableEnd: durableEnd, syncedEnd: syncedEnd, oldest: pieces[0].base)
        }
    }

    let place: String
    let clock: any BrokerClock
    let background: BackgroundRunner
    let behaviour: MemoryBehaviour
    private let wrote: @Sendable (MemoryStore) -> Void
    let state: Lock<State>

    init(_ place: String, _ memory: MemoryServices, _ state: State) {
        self.place = place
        clock = memory.clock
        background = memory.background
        behaviour = memory.behaviour
        wrote = memory.wrote
        self.state = Lock(state)
    }

    /// An empty store whose first record gets the offset `start`.
    package convenience init(
        _ place: String, startingAt start: Offset = .zero, config: SharedLogConfig, _ memory: MemoryServices
    ) {
        let piece = MemoryPiece(base: start, openedAt: memory.clock.wallTime())
        self.init(
            place, memory,
            State(
                shared: config, pieces: [piece], start: start, savedStart: start, end: start, told: start))
    }

    package func attach(_ events: any LogStoreEvents) {
        state.withLock { state in
            state.events = events
            state.hasToldFailure = false
        }
    }

    package var bounds: StoreBounds { state.withLock { $0.bounds } }

    package var sizeBytes: Int64 {
        state.withLock { state in
            let oldest = state.pieces[0].base
            return state.batches.reduce(0) { $1.header.baseOffset < oldest ? $0 : $0 + Int64($1.bytes.count) }
        }
    }

    package func update(_ shared: SharedLogConfig) { state.withLock { $0.shared = shared } }

    package func append(
        _ batch: RawSpan, _ header: BatchHeader, isAwaited: Bool
    ) throws(StorageError) -> StoreAppend {
        let now = clock.wallTime()
        let appended = try state.withLock { (state) throws(StorageError) in
            try state.requireWritable(place)
            precondition(header.baseOffset == state.end, "PartitionLog assigns offsets in order")
            guard header.leaderEpoch >= state.epoch else {
                throw .staleLeaderEpoch(current: state.epoch, found: header.leaderEpoch)
            }
            guard batch.byteCount <= state.config.segmentBytes else {
                throw .batchTooLarge(bytes: batch.byteCount, limit: state.config.segmentBytes)
            }
            if let refusal = state.refusal.take() { throw refusal }
            let opens = state.mustOpenPiece(before: header)
            if opens { state.openPiece(now) }
            let bytes = batch.withUnsafeBytes { Array($0) }
            state.batches.append(MemoryBatch(header: header, bytes: bytes))
            state.end = header.nextOffset
            state.epoch = header.leaderEpoch
            return StoreAppend(
                sealed: opens ? header.baseOffset : nil, visibleEnd: state.durableEnd)
        }
        wrote(self)
        return appended
    }

    package func trim(to offset: Offset) {
        state.withLock { $0.start = max($0.start, min(offset, $0.end)) }
    }

    package func close() { state.withLock { $0.isClosed = true } }
}

/// What stores in memory share.
package struct MemoryServices: Sendable {
    let clock: any BrokerClock
    let background: BackgroundRunner
    let behaviour: MemoryBehaviour
    /// Called after each append.
    var wrote: @Sendable (MemoryStore) -> Void = { _ in }

    /// Late answers are found by `background`; `behaviour` decides what is late.
    package init(clock: any BrokerClock, background: @escaping BackgroundRunner, behaviour: MemoryBehaviour) {
        self.clock = clock
        self.background = background
        self.behaviour = behaviour
    }
}

extension MemoryStore.State {
    func requireWritable(_ place: String) throws(StorageError) {
        if isClosed { throw .closed(path: place) }
        if let failure { throw .offline(path: place, reason: failure.description) }
    }

    /// The batches of a piece, by their places in the row of all.
    func batches(of number: Int) -> ArraySlice<MemoryBatch> {
        let end = number + 1 < pieces.count ? pieces[number + 1].base : Offset(.max)
        let first = batches.firstIndex { $0.header.baseOffset >= pieces[number].base } ?? batches.endIndex
        let behind = batches.firstIndex { $0.header.baseOffset >= end } ?? batches.endIndex
        return batches[first..<max(first, behind)]
    }

    func bytes(of number: Int) -> Int { batches(of: number).reduce(0) { $0 + $1.bytes.count } }

    mutating func openPiece(_ now: Timestamp) { pieces.append(MemoryPiece(base: end, openedAt: now)) }

    fileprivate func mustOpenPiece(before header: BatchHeader) -> Bool {
        let piece = batches(of: pieces.count - 1)
        guard let first = piece.first?.header.maxTimestamp else { return false }
        let bytes = piece.reduce(header.sizeInBytes) { $0 + $1.bytes.count }
        let span = header.maxTimestamp.milliseconds.subtractingReportingOverflow(first.milliseconds)
        let isAged = !span.overflow && span.partialValue > config.segmentAgeMax.wholeMilliseconds
        return bytes > config.segmentBytes || isAged
    }
}
