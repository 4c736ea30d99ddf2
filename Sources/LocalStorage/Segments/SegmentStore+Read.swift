// Reading by offset. A read gives out a range of a file, not bytes. Under the lock it only looks at memory;
// what it must look up in files happens afterwards, first among cached pages on the caller's thread, and if
// that would wait for the disk on the pool.
internal import Base
internal import Records
internal import Storage

/// Where a batch boundary is to be found in a segment.
private enum Place: Sendable {
    case exact(Int64)
    /// Behind the batch at this position, or that batch itself.
    case scan(from: Int64)
    /// By the index file first.
    case searchFile(entries: Int)
}

/// What a read found out under the lock.
private struct ReadPlan: Sendable {
    var segment: Segment
    var sizeBytes: Int64
    var from: Place
    var limit: Place
    /// The base of the next segment, if the read may go on there.
    var nextBase: Offset?
    /// All offsets of the segment lie below it.
    var end: Offset
    var isGapless: Bool

    /// What must hold of the batches from the one that contains `offset` on.
    func check(from offset: Offset) -> BatchPlaceCheck {
        BatchPlaceCheck(base: segment.base, limit: end, isGapless: isGapless, from: offset)
    }
}

extension SegmentStore {
    /// Finds the bytes of `request`.
    func read(_ request: StoreRead) throws(StorageError) -> Eventually<StoredRange?> {
        guard request.from < request.limit else {
            if state.withLock({ $0.isClosed }) { throw .closed(path: directory) }
            return .now(nil)
        }
        let found = try notingDamage { () throws(StorageError) in
            try attempt(request, mayWait: request.mayWait)
        }
        if let found { return .now(found.range) }
        return .later(on: services.background) { () throws(StorageError) in
            let found = try self.notingDamage { () throws(StorageError) in
                try self.attempt(request, mayWait: true)
            }
            guard let found else {
                preconditionFailure("a read that may wait never has to wait again")
            }
            return found.range
        }
    }

    /// Nil where the answer would wait for the disk.
    private func attempt(_ request: StoreRead, mayWait: Bool) throws(StorageError) -> (
        range: StoredRange?, Void
    )? {
        var request = request
        while true {
            let plan = try state.withLock { (state) throws(StorageError) in
                if state.isClosed { throw StorageError.closed(path: directory) }
                // Retention may have come between the look at the log's bounds and this one.
                guard request.from >= state.segments[0].segment.base else {
                    throw .offsetOutOfRange(requested: request.from, start: state.start, end: state.end)
                }
                return state.plan(request)
            }
            guard let file = try plan.segment.log(mayWait: mayWait),
                let start = try position(plan.from, of: request.from, in: plan, file, mayWait),
                let end = try position(plan.limit, of: request.limit, in: plan, file, mayWait)
            else { return nil }
            remember(plan, request, start, end)
            let sound = try soundEnd(start, end, plan.segment)
            if start < sound {
                guard let length = try length(of: request, plan, start, sound, file, mayWait) else {
                    return nil
                }
                let below = min(plan.nextBase ?? request.limit, request.limit)
                let range = start..<(start + Int64(length))
                let source = checked(
                    file, range, segmentEnd: plan.sizeBytes, plan.check(from: request.from), in: plan.segment)
                let found = StoredRange(
                    source: source, position: start, length: length, below: below,
                    isCut: Int64(length) < end - start)
                return (found, ())
            }
            // A hole left by compaction can reach to the end of a segment.
            guard let next = plan.nextBase else { return (nil, ()) }
            request.from = next
        }
    }

    /// The position of the first batch in `plan`'s segment that contains `offset` or lies behind it.
    private func position(
        _ place: Place, of offset: Offset, in plan: ReadPlan, _ file: any DiskFile, _ mayWait: Bool
    ) throws(StorageError) -> Int64? {
        var start: Int64 = 0
        switch place {
        case .exact(let position): return position
        case .scan(let position): start = position
        case .searchFile(let entries):
            let key = offset - plan.segment.base
            switch try plan.segment.search(.offset, entries: entries, key: key, mayWait: mayWait) {
            case .none: break
            case .entry(let entry):
                guard
                    let position = try plan.segment.position(
                        of: entry, sizeBytes: plan.sizeBytes, mayWait: mayWait)
                else { return nil }
                if position == 0 { indexIsDamaged(plan.segment) }
                start = position
            case .wouldWait: return nil
            }
        }
        var found = plan.sizeBytes
        let end = try walkHeaders(
            of: file, in: start..<plan.sizeBytes, blockBytes: 8192, mayWait: mayWait,
            isGapless: plan.isGapless
        ) { (header, position) throws(StorageError) in
            guard header.lastOffset >= offset || header.baseOffset < plan.segment.base else { return true }
            guard header.baseOffset >= plan.segment.base, header.lastOffset < plan.end,
                header.baseOffset <= offset || !plan.isGapless
            else {
                throw .corrupt(
                    path: file.path, position: position,
                    reason: "the batch here holds the offsets \(header.baseOffset.value) to "
                        + "\(header.lastOffset.value), where \(offset.value) belongs")
            }
            found = position
            return false
        }
        return end == .wouldWait ? nil : found
    }

    /// Says once that an index is damaged: it is rebuilt after the next unclean stop, or when it is removed.
    func indexIsDamaged(_ segment: Segment) {
        let isNews = state.withLock { state in
            defer { state.hasDamagedIndex = true }
            return !state.hasDamagedIndex
        }
        if isNews {
            services.logger.log(.warning, "index.damaged", ["file": segment.path(IndexKind.offset.suffix)])
        }
    }

    private func remember(_ plan: ReadPlan, _ request: StoreRead, _ start: Int64, _ end: Int64) {
        var places: [(Offset, Int64)] = []
        if case .exact = plan.from {} else { places.append((request.from, start)) }
        if case .exact = plan.limit {} else { places.append((request.limit, end)) }
        guard !places.isEmpty else { return }
        state.withLock { state in
            // Its offsets may have moved, if compaction replaced the segment meanwhile.
            let number = state.segmentNumber(containing: plan.segment.base)
            guard state.segments[number].segment === plan.segment else { return }
            for (offset, position) in places {
                state.recents.note(offset, at: position, in: plan.segment.base)
            }
        }
    }

    /// How many bytes from `start` the request gets; nil where finding out would wait.
    private func length(
        of request: StoreRead, _ plan: ReadPlan, _ start: Int64, _ end: Int64, _ file: any DiskFile,
        _ mayWait: Bool
    ) throws(StorageError) -> Int? {
        let available = Int(end - start)
        guard request.firstBatch != .cut, request.bytesMax < available else {
            return max(0, min(request.bytesMax, available))
        }
        var first = 0
        let range = start..<(start + Int64(min(available, BatchLayout.headerSize)))
        guard let prefix = try file.block(Int(range.upperBound - start), at: start, mayWait: mayWait) else {
            return nil
        }
        do throws(RecordError) {
            first = try BatchHeader.size(ofBatchBeginning: prefix.rawSpan).bytes
        } catch {
            throw .corrupt(path: file.path, position: start, reason: "no batch begins here (\(error))")
        }
        // What is read ends with a whole batch.
        guard first <= available else {
            throw .corrupt(path: file.path, position: start, reason: "the batch reaches beyond its segment")
        }
        var check = plan.check(from: request.from)
        guard prefix.count < BatchPlaceCheck.bytes || check.size(prefix.rawSpan) != nil else {
            throw .corrupt(path: file.path, position: start, reason: "the batch here belongs elsewhere")
        }
        guard first > request.bytesMax else { return request.bytesMax }
        return request.firstBatch == .whole ? first : 0
    }
}

extension SegmentStore.State {
    /// The number of the segment that contains `offset`.
    func segmentNumber(containing offset: Offset) -> Int {
        // Mostly the last one.
        var low = 0
        var high = segments.count - 1
        if segments[high].segment.base <= offset { return high }
        while low < high {
            let middle = (low + high + 1) / 2
            if segments[middle].segment.base <= offset { low = middle } else { high = middle - 1 }
        }
        return low
    }

    fileprivate func plan(_ request: StoreRead) -> ReadPlan {
        let number = segmentNumber(containing: request.from)
        let isLast = number == segments.count - 1
        let size = segments[number].sizeBytes
        let nextBase = isLast ? end : segments[number + 1].segment.base
        let reachesNext = !isLast && request.limit > nextBase
        return ReadPlan(
            segment: segments[number].segment, sizeBytes: size, from: place(of: request.from, in: number),
            limit: request.limit >= nextBase ? .exact(size) : place(of: request.limit, in: number),
            nextBase: reachesNext ? nextBase : nil, end: nextBase,
            isGapless: segments[number].isGapless)
    }

    private func place(of offset: Offset, in number: Int) -> Place {
        let segment = segments[number].segment
        if offset <= segment.base { return .exact(0) }
        if let position = recents.position(of: offset, in: segment.base) { return .exact(position) }
        switch segments[number].index.floor(of: offset - segment.base) {
        case .none: return .scan(from: 0)
        case .entry(let entry): return .scan(from: Int64(entry.value))
        case .inFile(let entries): return .searchFile(entries: entries)
        }
    }
}
