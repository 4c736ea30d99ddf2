// Lookups in memory. They could all be answered at once, and are answered later as chance wants it, from
// what the store is by then.
import Base
import Records
import Storage

extension MemoryStore {
    /// Finds the bytes of `request` in the piece that holds the first of them.
    package func read(_ request: StoreRead) throws(StorageError) -> Eventually<StoredRange?> {
        let (place, behaviour) = (place, behaviour)
        return try answer(request.mayWait) { (state) throws(StorageError) in
            try state.range(request, place, behaviour)
        }
    }

    /// Finds a record by time, in all batches that are kept.
    package func find(
        _ query: TimestampQuery, below limit: Offset, mayWait: Bool
    ) throws(StorageError) -> Eventually<TimestampHit?> {
        let place = place
        return try answer(mayWait) { (state) throws(StorageError) in
            try state.hit(query, below: limit, place)
        }
    }

    /// The headers of some batches, now and then fewer than were asked for.
    package func headers(_ request: HeaderRequest) throws(StorageError) -> Eventually<HeaderRun> {
        let most = max(1, request.countMax)
        // A piece may end before the length that was asked for.
        let count = behaviour.chance(50) ? most : behaviour.pick(1..<(min(most, 1000) + 1))
        return try answer(request.mayWait) { (state) throws(StorageError) in state.run(request, count) }
    }

    private func answer<Value: Sendable>(
        _ mayWait: Bool, _ look: @escaping @Sendable (State) throws(StorageError) -> Value
    ) throws(StorageError) -> Eventually<Value> {
        let place = place
        let looked = { @Sendable [self] () throws(StorageError) -> Value in
            try state.withLock { (state) throws(StorageError) in
                if state.isClosed { throw StorageError.closed(path: place) }
                return try look(state)
            }
        }
        if mayWait || behaviour.chance(50) { return .now(try looked()) }
        if state.withLock({ $0.isClosed }) { throw .closed(path: place) }
        return .later(on: background, looked)
    }
}

extension MemoryStore.State {
    fileprivate func range(
        _ request: StoreRead, _ place: String, _ behaviour: MemoryBehaviour
    ) throws(StorageError) -> StoredRange? {
        guard request.from < request.limit else { return nil }
        guard request.from >= pieces[0].base else {
            throw .offsetOutOfRange(requested: request.from, start: start, end: end)
        }
        guard let first = batches.first(where: { $0.header.lastOffset >= request.from }) else { return nil }
        let number = pieces.lastIndex { $0.base <= first.header.baseOffset } ?? 0
        let piece = batches(of: number)
        let pieceEnd = number + 1 < pieces.count ? pieces[number + 1].base : end
        let below = min(pieceEnd, request.limit)
        let before = piece.prefix { $0.header.baseOffset < first.header.baseOffset }
        let available = piece.dropFirst(before.count).prefix { $0.header.baseOffset < below }
            .reduce(0) { $0 + $1.bytes.count }
        let mayCut = request.firstBatch == .cut || first.bytes.count <= request.bytesMax
        let wanted = mayCut ? request.bytesMax : request.firstBatch == .whole ? first.bytes.count : 0
        let length = min(available, max(0, wanted))
        return StoredRange(
            source: MemoryBytes(piece.reduce(into: []) { $0 += $1.bytes }, of: place, behaviour),
            position: before.reduce(0) { $0 + Int64($1.bytes.count) }, length: length, below: below,
            isCut: length < available)
    }

    fileprivate func run(_ request: HeaderRequest, _ countMax: Int) -> HeaderRun {
        var first = batches.firstIndex { $0.header.lastOffset >= request.from } ?? batches.count
        if request.bytesBack > 0 {
            var (left, back) = (request.bytesBack, batches.count)
            while back > 0, left > 0 {
                back -= 1
                left -= batches[back].bytes.count
            }
            first = min(first, back)
        }
        let found = batches[first...].prefix(countMax)
        let next = found.endIndex < batches.endIndex ? batches[found.endIndex].header.baseOffset : nil
        return HeaderRun(headers: found.map(\.header), next: next)
    }

    fileprivate func hit(
        _ query: TimestampQuery, below limit: Offset, _ place: String
    ) throws(StorageError) -> TimestampHit? {
        var found: TimestampHit?
        for batch in batches where batch.header.baseOffset < limit && batch.header.lastOffset >= start {
            let start = start
            do throws(RecordError) {
                let records = try RecordBatch(reading: batch.bytes.rawSpan)
                try records.forEachRecord(limitBytes: StorageLimits.decompressedBytesMax) { record, _ in
                    guard record.offset >= start, record.offset < limit else { return true }
                    let isHit =
                        switch query {
                        case .atOrAfter(let timestamp): found == nil && record.timestamp >= timestamp
                        case .greatest: found.map { record.timestamp > $0.timestamp } ?? true
                        }
                    guard isHit else { return true }
                    found = TimestampHit(
                        offset: record.offset, timestamp: record.timestamp,
                        leaderEpoch: batch.header.leaderEpoch)
                    return true
                }
            } catch {
                throw .corrupt(path: place, position: 0, reason: "its records cannot be read (\(error))")
            }
        }
        return found
    }
}
