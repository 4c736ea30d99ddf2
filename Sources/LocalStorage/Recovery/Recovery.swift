// Opening a directory of segments. After a clean stop the files are trusted. Otherwise everything from the
// recovery point on is read and its checksums compared: what lies below was durable, so damage there is a
// fault of the disk and is refused; what lies above may have reached the disk in any order, so the log ends
// at the first batch that is not whole, and what is cut off is kept aside.
internal import Base
internal import Records
internal import Storage

/// How much of a log is to be trusted.
enum Trust: Equatable, Sendable {
    /// The last stop was clean.
    case clean
    /// It was not: only what lies below this offset is known to have been durable.
    case upTo(Offset)
}

/// Opens the segments of one partition.
struct Recovery {
    let directory: String
    let services: StoreServices
    let shared: SharedLogConfig
    let trust: Trust
    /// From the log-start checkpoint.
    let logStart: Offset?
    /// Whether offsets may be missing between records, as the log is or was compacted.
    var mayHaveHoles: Bool { config.compacts || compactedTo != nil }
    /// From the checkpoint of compaction, which may leave holes below.
    let compactedTo: Offset?
    /// Whether segments may be of formats before v2.
    var mayBeOld = false
    /// Whose log it is, if that stands in its directory.
    var identity: LogIdentity?
    /// What the checkpoints say of how far it reached.
    var checkpointed = CheckpointedEnds()
    /// Whether Apus made the directory, so that its rules hold for what is in it.
    var isOwnWriting = false
    /// Whether each batch of a segment must begin where the one before it ended; the last segment, which has
    /// no `next` one, is never compacted.
    func isGapless(_ next: Offset?) -> Bool { isOwnWriting && (!mayHaveHoles || next == nil) }
    /// Whether it is certain that there is no recovery point, if there is none.
    var isBoundKnown = false
    /// Below it checksums were compared, and index files synced; what is durable may reach further.
    var verifiedEnd: Offset
    /// Whether a sync of the files failed, so that the system's memory of them is not to be trusted.
    var isSuspect = false

    /// Whether what is found is synced later: until then readers see only what is known to be durable.
    var isDeferred = false

    var disk: any Disk { services.disk }
    var config: LogConfig { shared.value }

    /// Lets the next reads come from the disk itself.
    private func dropCaches(_ names: [DiskEntry]) throws(StorageError) {
        let suffixes = [".log", IndexKind.offset.suffix, IndexKind.time.suffix]
        for entry in names where suffixes.contains(where: { entry.name.hasSuffix($0) }) {
            try disk.open(directory + "/" + entry.name, .readOnly).dropCache()
        }
    }

    /// Foreign files whose names are no UTF-8 may read the same: one of them stands for all.
    private func byName<Value>(_ files: [DiskEntry], _ value: (DiskEntry) -> Value) -> [Name: Value] {
        Dictionary(files.map { (Name($0.name), value($0)) }) { first, _ in first }
    }

    /// A store over the directory, which exists.
    func open() throws(StorageError) -> SegmentStore {
        let names = try tidyFiles().filter { !$0.isDirectory }
        if isSuspect { try dropCaches(names) }
        var sizes = byName(names, \.sizeBytes)
        let written = byName(names, \.modified)
        let found = names.compactMap { Segment.offset(in: $0.name, suffix: ".log") }.sorted()
        try checkNoLogIsMissing(names, found)
        if mayBeOld { try convertOldFormats(found, &sizes) }
        var segments: [SegmentState] = []
        var end = logStart ?? .zero
        var isTidy = false
        var durableEnd = logStart ?? .zero
        var firstScanned: Int?
        for (number, base) in found.enumerated() {
            let next = number + 1 < found.count ? found[number + 1] : nil
            let opened = try open(base, next: next, sizes)
            segments.append(opened.state)
            segments[number].isGapless = isGapless(next)
            if next != nil, let modified = written["\(Segment.name(base)).log"] ?? nil {
                segments[number].openedAt = modified
            }
            end = opened.end
            isTidy = opened.isTrusted && trust == .clean
            if !opened.isTrusted { firstScanned = firstScanned ?? number }
            durableEnd = opened.durableEnd ?? (opened.isTrusted && end <= bound ? end : durableEnd)
            let isHole = try next.map { (next) throws(StorageError) in
                try checkNoneIsMissing(between: opened.end, and: next)
                return opened.end < next && !mayEndEarly(opened.end, next)
            }
            guard !opened.isCut, isHole != true else {
                try setAside(found[(number + 1)...])
                break
            }
        }
        try checkBounds(names, found.first, segments.last, end)
        let start = max(segments.first?.segment.base ?? end, logStart ?? .zero)
        var hasNewFile = false
        if segments.isEmpty || start > end {
            // Offsets below the log start were given out once; they are not given out again.
            for segment in segments { try segment.segment.remove() }
            segments = [try create(at: start)]
            isTidy = false
            end = start
            hasNewFile = true
        }
        let opened = Opened(
            segments: segments, start: start, end: end, isTidy: isTidy, hasNewFile: hasNewFile,
            durableEnd: durableEnd, firstScanned: firstScanned)
        return try store(over: opened)
    }

    /// The segments of a log, and how far they are to be trusted.
    private struct Opened {
        let segments: [SegmentState]
        let start: Offset
        let end: Offset
        let isTidy: Bool
        let hasNewFile: Bool
        let durableEnd: Offset
        let firstScanned: Int?
    }

    private func store(over opened: Opened) throws(StorageError) -> SegmentStore {
        let (segments, start, end) = (opened.segments, opened.start, opened.end)
        let hasNewFile = opened.hasNewFile
        // An empty file at offset 0 may get lost: it would be made again. Its first sync takes care of it.
        // Where a file took the place of others, they must not come back beside what is written to it.
        if trust != .clean, !isDeferred || hasNewFile, end > .zero { try disk.syncDirectory(directory) }
        let isFresh = end == .zero || hasNewFile && trust == .clean
        var ends = DurableEnds(
            start: start, end: end,
            place: segments.last.map { SyncedPlace(segmentBase: $0.segment.base, position: $0.sizeBytes) })
        let isLeft = isDeferred && !hasNewFile
        ends.opened(
            DurableEnds.Doubts(
                hasNewFile: isFresh,
                // Its creation may have failed half-way, in a run that was killed.
                isDoubtful: trust != .clean && end == .zero,
                // An append may have been taken back, or cut off, without a sync; and what was cut off now is
                // not gone for good.
                hasTrace: trust != .clean && segments.last?.sizeBytes == 0
                    || isLeft && opened.firstScanned != nil))
        // What was found beyond the durable end is left to be synced and sealed by the flusher's means.
        if isLeft, end > .zero {
            ends.leftUnsynced(
                beyond: opened.durableEnd,
                unsealed: opened.firstScanned.map { max(0, segments.count - 1 - $0) } ?? 0)
        }
        let state = SegmentStore.State(
            shared: shared, segments: segments, ends: ends,
            incarnation: services.journal?.newIncarnation() ?? 0, epoch: LeaderEpoch(-1),
            lastAppend: services.clock.wallTime(), isTidy: opened.isTidy)
        return SegmentStore(directory: directory, services: services, identity: identity, state: state)
    }

    /// Whether nothing need have stood between `end` and the segment at `next`.
    ///
    /// A hole beyond the recovery point is a write that was lost while later ones survived. Below it, and
    /// where a log was compacted, compaction left it; where the recovery points were lost that cannot be told
    /// apart.
    private func mayEndEarly(_ end: Offset, _ next: Offset) -> Bool {
        let isUnknown = bound == .zero && !isBoundKnown
        return end < bound || config.compacts && (isUnknown || next <= compactedTo ?? .zero)
    }

    private func create(at base: Offset) throws(StorageError) -> SegmentState {
        let segment = Segment(base: base, directory: directory, disk: disk)
        // The first append opens it again: a partition that is never used takes no descriptor.
        _ = try disk.open(segment.path(".log"), .any)
        var state = SegmentState(segment, openedAt: services.clock.wallTime())
        state.isGapless = true
        return state
    }

    /// Opens one segment; `next` is the base of the one behind it.
    private func open(
        _ base: Offset, next: Offset?, _ sizes: [Name: Int64]
    ) throws(StorageError) -> Scanned {
        let name = Segment.name(base)
        let segment = Segment(base: base, directory: directory, disk: disk)
        let size = sizes["\(name).log"] ?? 0
        if size == 0, next == nil, sizes["\(name).index"] ?? 0 == 0, sizes["\(name).timeindex"] ?? 0 == 0 {
            // The same whatever happened before, and thousands of partitions may end with one.
            let state = SegmentState(segment, openedAt: services.clock.wallTime())
            return Scanned(state: state, end: base, isTrusted: true)
        }
        // A recovery point that stands where the next segment begins may be older than that: then this one's
        // indexes were not completed.
        let isBelow =
            if let next { trust != .clean && next < min(bound, verifiedEnd) } else { false }
        if trust == .clean || isBelow,
            let trusted = try trusted(segment, size, next, sizes["\(name).index"], sizes["\(name).timeindex"])
        {
            return trusted
        }
        var indexed: Offset?
        if let next, mayHaveHoles, !isSuspect, trust == .clean || isBelow && isOwnWriting {
            indexed = try indexedEnd(of: segment, next: next, sizes)
        }
        let scanned = try scan(segment, size, next)
        try checkReaches(indexed, scanned)
        return scanned
    }

    /// The segment with its index files as they are; nil where they do not fit the log, and have to be
    /// rebuilt.
    private func trusted(
        _ segment: Segment, _ size: Int64, _ next: Offset?, _ indexBytes: Int64?, _ timesBytes: Int64?
    ) throws(StorageError) -> Scanned? {
        guard let index = try trusted(.offset, segment, indexBytes),
            let times = try trusted(.time, segment, timesBytes)
        else {
            return nil
        }
        let start = Int64(index.last?.value ?? 0)
        guard start >= 0, start < max(size, 1), index.last != nil || size <= Int64(config.segmentBytes) else {
            return nil
        }
        try checkFirst(of: segment, size, next)
        var state = SegmentState(segment, openedAt: services.clock.wallTime(), index: index, times: times)
        if let last = times.last {
            let offset = segment.base.advanced(by: Int64(last.value))
            state.greatest = TimestampMark(timestamp: Timestamp(milliseconds: last.key), offset: offset)
        }
        if let entry = index.last, size > 0,
            try segment.position(of: entry, sizeBytes: size, mayWait: true) != start
        {
            return nil
        }
        if let mark = state.greatest, try !isThere(mark, in: state, size) { return nil }
        if let next, size > 0 {
            state.sizeBytes = size
            // A time index without entries is complete only if no record has a timestamp.
            guard times.last != nil else { return nil }
            let end = try end(of: state, from: start, next: next)
            return Scanned(state: state, end: mayHaveHoles ? next : end, isTrusted: true)
        }
        return try walkTail(state, from: start, size)
    }

    /// Whether the batch that the last entry of a time index names is there, with the entry's timestamp:
    /// retention by age goes by it.
    func isThere(
        _ mark: TimestampMark, in state: SegmentState, _ size: Int64
    ) throws(StorageError) -> Bool {
        guard let file = try state.segment.log(mayWait: true) else { return false }
        let search = try state.segment.search(
            .offset, entries: state.index.stored, key: state.relative(mark.offset), mayWait: true)
        var start: Int64 = 0
        if case .entry(let entry) = search {
            start = try state.segment.position(of: entry, sizeBytes: size, mayWait: true) ?? 0
        }
        var isThere = false
        // Damage in the log is for the scan to judge.
        _ = try? walkHeaders(of: file, in: start..<size, blockBytes: 4096, mayWait: true) { header, _ in
            guard header.lastOffset >= mark.offset else { return true }
            isThere = header.baseOffset <= mark.offset && header.maxTimestamp == mark.timestamp
            return false
        }
        return isThere
    }

    /// Finds the end of the active segment, a few batches behind the last index entry.
    private func walkTail(_ trusted: SegmentState, from start: Int64, _ size: Int64) throws(StorageError)
        -> Scanned?
    {
        var state = trusted
        var end = state.segment.base
        guard size > 0 else { return Scanned(state: state, end: end, isTrusted: true) }
        guard let file = try state.segment.log(mayWait: true) else { return nil }
        var isFirst = true
        var fits = true
        var last: (position: Int64, bytes: Int)?
        _ = try walkHeaders(
            of: file, in: start..<size, blockBytes: 8192, mayWait: true, isGapless: isGapless(nil)
        ) { header, position in
            // The entry must name the batch that it points to.
            if isFirst, let last = state.index.last { fits = state.relative(header.lastOffset) == last.key }
            isFirst = false
            if header.recordCount > 0, header.maxTimestamp > state.greatest?.timestamp ?? .none {
                state.greatest = TimestampMark(timestamp: header.maxTimestamp, offset: header.lastOffset)
            }
            end = header.nextOffset
            last = (position, header.sizeInBytes)
            return fits
        }
        // The log ends where this batch says, and nothing behind it would contradict.
        if fits { try verify(last, in: file) }
        if let head = try file.block(BatchLayout.headerSize, at: 0, mayWait: true),
            let first = try? BatchHeader(reading: head.rawSpan)
        {
            state.firstTimestamp = first.maxTimestamp
        }
        state.sizeBytes = size
        state.bytesSinceEntry = Int(size - start)
        return fits ? Scanned(state: state, end: end, isTrusted: true) : nil
    }

    /// An index whose file fits; nil if it is missing, of an odd size, or ends in something that is no entry.
    private func trusted(_ kind: IndexKind, _ segment: Segment, _ bytes: Int64?) throws(StorageError)
        -> SparseIndex?
    {
        guard let bytes else { return nil }
        guard bytes > 0 else { return SparseIndex(kind) }
        guard bytes % Int64(kind.entryBytes) == 0, bytes <= SegmentLimits.indexBytesMax,
            let file = try segment.index(kind, mayWait: true)
        else { return nil }
        let count = Int(bytes) / kind.entryBytes
        guard let last = try kind.entry(count - 1, of: file, mayWait: true), last.relativeOffset(kind) >= 0
        else { return nil }
        if count > 1 {
            guard let first = try kind.entry(0, of: file, mayWait: true), first.key <= last.key,
                last.value > 0 || kind == .time
            else { return nil }
        }
        return SparseIndex(kind, stored: count, last: last)
    }
}
