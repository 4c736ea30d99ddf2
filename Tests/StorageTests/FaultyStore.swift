// Stores with one fault each, around a store of any engine: a suite that does not find it is of no use.
import Base
import Records
import Storage

/// What is wrong with a store.
enum StoreFault: CaseIterable, Sendable {
    case showsWhatIsNotDurable, tellsWhatIsNotDurable, tellsTwice, tellsOutOfOrder, tellsWithinAnAppend,
        keepsFailuresToItself, tellsFailuresTwice, settlesTooFar
    case losesHeaders, ignoresBytesBack, overfillsPieces, startsWalksLate
    case ignoresEpochs, acceptsAfterFailure, acceptsAfterClose, keepsWhatItRefused
    case readsBeyondLimit, cutsFirstBatches, readsNextBatch, hidesCuts, readsWhatWasDeleted, readsAfterClose
    case findsNextRecord, findsBeyondLimit, findsBeforeStart
    case movesStartBack, trimsBeyondEnd, deletesBeyondLimit, forgetsTrims, deletesNothing, sealsTooEarly,
        sealsAfterClose, comesBackLate
    case sealsElsewhere, ignoresSettings
    case countsWhatWasDeleted
}

/// A store with a fault.
final class FaultyStore: LogStore, LogStoreEvents {
    private struct State {
        weak var events: (any LogStoreEvents)?
        var held: StoreBounds?
        var shownStart: Offset?
        var isClosed = false
        var largest: Int64 = 0
    }

    private let base: any LogStore
    private let fault: StoreFault
    private let state = Lock(State())

    init(_ base: any LogStore, _ fault: StoreFault) {
        self.base = base
        self.fault = fault
    }

    private var events: (any LogStoreEvents)? { state.withLock { $0.events } }

    func attach(_ events: any LogStoreEvents) {
        state.withLock { $0.events = events }
        base.attach(self)
    }

    var bounds: StoreBounds {
        var bounds = base.bounds
        switch fault {
        case .showsWhatIsNotDurable: (bounds.durableEnd, bounds.syncedEnd) = (bounds.end, bounds.end)
        case .movesStartBack, .trimsBeyondEnd:
            bounds.start = state.withLock { $0.shownStart } ?? bounds.start
        default: break
        }
        return bounds
    }

    var sizeBytes: Int64 {
        let (size, fault) = (base.sizeBytes, fault)
        guard fault == .countsWhatWasDeleted else { return size }
        return state.withLock { state in
            state.largest = max(state.largest, size)
            return state.largest
        }
    }

    func append(
        _ batch: RawSpan, _ header: BatchHeader, isAwaited: Bool
    ) throws(StorageError) -> StoreAppend {
        do throws(StorageError) {
            var done = try base.append(batch, header, isAwaited: isAwaited)
            if fault == .sealsElsewhere { done.sealed = done.sealed?.next }
            if fault == .tellsWithinAnAppend { events?.storeSettled(base.bounds.syncedEnd) }
            return done
        } catch {
            switch (fault, error) {
            case (.ignoresEpochs, .staleLeaderEpoch(let current, _)):
                var header = header
                header.leaderEpoch = current
                return try base.append(batch, header, isAwaited: isAwaited)
            case (.acceptsAfterFailure, .offline), (.acceptsAfterClose, .closed):
                return StoreAppend(visibleEnd: header.baseOffset)
            case (.keepsWhatItRefused, .outOfSpace):
                _ = try base.append(batch, header, isAwaited: isAwaited)
                throw error
            default: throw error
            }
        }
    }

    func read(_ request: StoreRead) throws(StorageError) -> Eventually<StoredRange?> {
        var request = request
        switch fault {
        case .readsBeyondLimit: request.limit = max(request.limit, base.bounds.end)
        case .cutsFirstBatches: request.firstBatch = .cut
        case .readsNextBatch: request.from = min(request.from.next, request.limit)
        case .readsWhatWasDeleted: request.from = max(request.from, base.bounds.oldest)
        case .readsAfterClose where state.withLock({ $0.isClosed }): return .now(nil)
        default: break
        }
        guard fault == .hidesCuts else { return try base.read(request) }
        return try base.read(request).map { range in
            var range = range
            range?.isCut = false
            return range
        }
    }

    func find(
        _ query: TimestampQuery, below limit: Offset, mayWait: Bool
    ) throws(StorageError) -> Eventually<TimestampHit?> {
        let start = base.bounds.start
        let fault = fault
        let below = fault == .findsBeyondLimit ? Offset(.max) : limit
        return try base.find(query, below: below, mayWait: mayWait).map { hit in
            var hit = hit
            if fault == .findsNextRecord, let found = hit { hit?.offset = found.offset.next }
            if fault == .findsBeforeStart, hit?.offset == start, start > .zero {
                hit?.offset = start.advanced(by: -1)
            }
            return hit
        }
    }

    func headers(_ request: HeaderRequest) throws(StorageError) -> Eventually<HeaderRun> {
        var request = request
        switch fault {
        case .ignoresBytesBack: request.bytesBack = 0
        case .overfillsPieces: request.countMax += 1
        case .startsWalksLate: request.from = request.from.next
        default: break
        }
        guard fault == .losesHeaders else { return try base.headers(request) }
        return try base.headers(request).map { run in
            var run = run
            if run.next != nil { _ = run.headers.popLast() }
            return run
        }
    }

    func trim(to offset: Offset) {
        switch fault {
        case .movesStartBack: state.withLock { $0.shownStart = offset }
        case .trimsBeyondEnd: state.withLock { $0.shownStart = max($0.shownStart ?? .zero, offset) }
        case .forgetsTrims: return
        default: break
        }
        base.trim(to: offset)
    }

    func maintain(
        _ duty: MaintenanceDuty, at now: Timestamp, below limit: Offset
    ) throws(StorageError) -> Maintenance {
        let limit = fault == .deletesBeyondLimit ? Offset(.max) : limit
        var done = try base.maintain(duty, at: now, below: limit)
        switch fault {
        case .deletesNothing: done.deletion = nil
        case .sealsTooEarly where done.sealed != nil: done.sealed = base.bounds.start
        case .sealsAfterClose where state.withLock({ $0.isClosed }): done.sealed = base.bounds.end
        case .comesBackLate: done.due = done.due.map { _ in Timestamp(milliseconds: 0) }
        default: break
        }
        return done
    }

    func update(_ shared: SharedLogConfig) { if fault != .ignoresSettings { base.update(shared) } }

    func close() {
        base.close()
        state.withLock { $0.isClosed = true }
    }

    func storeAdvanced(_ bounds: StoreBounds) {
        switch fault {
        case .tellsWhatIsNotDurable:
            var bounds = bounds
            bounds.durableEnd = bounds.durableEnd.next
            events?.storeAdvanced(bounds)
        case .tellsTwice:
            events?.storeAdvanced(bounds)
            events?.storeAdvanced(bounds)
        case .tellsOutOfOrder:
            let held = state.withLock { state in
                defer { state.held = state.held == nil ? bounds : nil }
                return state.held
            }
            guard let held else { return }
            events?.storeAdvanced(bounds)
            events?.storeAdvanced(held)
        default: events?.storeAdvanced(bounds)
        }
    }

    func storeFailed(_ error: StorageError) {
        if fault != .keepsFailuresToItself { events?.storeFailed(error) }
        if fault == .tellsFailuresTwice { events?.storeFailed(error) }
    }

    func storeSettled(_ syncedEnd: Offset) {
        events?.storeSettled(fault == .settlesTooFar ? syncedEnd.next : syncedEnd)
    }
}
