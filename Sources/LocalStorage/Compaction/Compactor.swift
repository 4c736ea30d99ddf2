// One compaction of one log, in three walks: over headers, to learn which transactions were aborted; over the
// records that were not compacted yet, to learn the last offset of each key; and over everything up to there,
// to write what is left. Only closed segments are touched, and appends and reads go on meanwhile.
internal import Base
internal import Records
internal import Storage

/// What a compaction did.
struct CompactionReport: Equatable, Sendable {
    /// Up to here each key is there once now.
    var firstDirty: Offset
    var bytesBefore: Int64 = 0
    var bytesAfter: Int64 = 0
    /// Whether the map was full before all was looked at.
    var isPartial = false
}

/// Compacts a log.
struct Compactor {
    let store: SegmentStore
    let candidate: CompactionCandidate
    let producers: [Int64: LastOfProducer]
    let now: Timestamp
    let limits: CompactionSettings
    let pace: CompactionPace
    let hasher: KeyHasher
    /// Makes the recovery point follow what is synced, before anything is replaced.
    let saveRecoveryPoint: () throws(StorageError) -> Void

    func run() throws(StorageError) -> CompactionReport {
        let config = store.state.withLock { $0.config }
        let closed = store.closedSegments
        let dirty = closed.filter {
            $0.next > candidate.firstDirty && $0.state.segment.base < candidate.uncleanable
        }
        let outcomes = try outcomes()
        let map = try map(of: dirty, outcomes)
        let end = map.latest.advanced(by: 1)
        var report = CompactionReport(firstDirty: max(end, candidate.firstDirty))
        report.isPartial = end < candidate.uncleanable
        guard end > candidate.firstDirty else { return report }
        try saveRecoveryPoint()
        var filter = CompactionFilter(
            map: map, outcomes: outcomes, producers: producers, now: now,
            deleteRetention: config.deleteRetention.wholeMilliseconds, lastOffset: map.latest)
        for group in groups(closed.filter { $0.state.segment.base < end }, config) {
            report.bytesBefore += group.reduce(0) { $0 + $1.state.sizeBytes }
            report.bytesAfter += try rewrite(group, &filter, config)
        }
        return report
    }

    /// Learns how the transactions of the dirty part ended, if need be from what follows it.
    private func outcomes() throws(StorageError) -> TransactionOutcomes {
        var outcomes = TransactionOutcomes(from: candidate.firstDirty)
        let segments = store.state.withLock { state in
            state.segments.map { ($0.segment, $0.sizeBytes) }
        }
        for (number, (segment, size)) in segments.enumerated() {
            let next = number + 1 < segments.count ? segments[number + 1].0.base : Offset(.max)
            guard next > candidate.firstDirty, size > 0 else { continue }
            guard segment.base < candidate.uncleanable || outcomes.hasOpen else { break }
            guard let file = try segment.log(mayWait: true) else { continue }
            try pace.spend(0, on: store.directory)
            _ = try walkHeaders(of: file, in: 0..<size, blockBytes: 1 << 16, mayWait: true) {
                (header, position) throws(StorageError) in
                guard header.baseOffset >= candidate.firstDirty else { return true }
                if header.baseOffset >= candidate.uncleanable, !outcomes.hasOpen { return false }
                if header.attributes.isControl {
                    try note(header, file, position, &outcomes)
                } else if header.baseOffset < candidate.uncleanable {
                    outcomes.noteData(header)
                }
                return true
            }
        }
        return outcomes
    }

    private func note(
        _ header: BatchHeader, _ file: any DiskFile, _ position: Int64, _ outcomes: inout TransactionOutcomes
    ) throws(StorageError) {
        guard header.recordCount > 0, header.sizeInBytes <= ControlRecords.limitBytes else { return }
        let bytes = try file.bytes(header.sizeInBytes, at: position)
        do throws(RecordError) {
            let batch = try RecordBatch(reading: bytes.rawSpan)
            guard let type = try ControlRecords.read(batch).first?.type, type == .abort || type == .commit
            else { return }
            outcomes.noteMarker(header, isAbort: type == .abort)
        } catch {
            throw .corrupt(path: file.path, position: position, reason: "\(error)")
        }
    }

    /// The last offset of each key from the first dirty offset on, until the map is full.
    private func map(
        of dirty: [ClosedSegment], _ outcomes: TransactionOutcomes
    ) throws(StorageError) -> CompactionMap {
        var map = CompactionMap(
            bytes: limits.mapBytes, load: limits.mapLoad,
            recordsMax: candidate.uncleanable - candidate.firstDirty, hasher: hasher)
        for closed in dirty {
            let segment = closed.state.segment
            guard let file = try segment.log(mayWait: true) else { continue }
            let start =
                candidate.firstDirty > segment.base
                ? try store.boundary(of: candidate.firstDirty, in: segment) : 0
            var isFull = false
            try walkBatches(
                of: file, in: start..<closed.state.sizeBytes,
                willRead: { (bytes) throws(StorageError) in try pace.spend(bytes, on: store.directory) }
            ) { (batch, position) throws(StorageError) in
                do throws(RecordError) {
                    try batch.verifyChecksum()
                    isFull = try !add(batch, to: &map, outcomes)
                } catch {
                    throw .corrupt(path: file.path, position: position, reason: "\(error)")
                }
                return !isFull
            }
            if isFull { break }
            // What compaction took away at the end of a segment has no record to be behind.
            map.reached(closed.next.advanced(by: -1))
        }
        return map
    }

    /// Notes the keys of a batch; false if they found no room.
    private func add(
        _ batch: borrowing RecordBatch, to map: inout CompactionMap, _ outcomes: TransactionOutcomes
    ) throws(RecordError) -> Bool {
        let header = batch.header
        guard header.lastOffset >= candidate.firstDirty else { return true }
        if !header.attributes.isControl, !outcomes.isAborted(header) {
            var hasRoom = true
            try batch.forEachRecord(limitBytes: StorageLimits.decompressedBytesMax) { record, bytes in
                guard let key = record.key, record.offset >= candidate.firstDirty else { return true }
                hasRoom = map.put(bytes.extracting(key), at: record.offset)
                return hasRoom
            }
            guard hasRoom else { return false }
        }
        map.reached(header.lastOffset)
        return true
    }

    /// Neighbours that together are no larger than one segment may be.
    private func groups(_ segments: [ClosedSegment], _ config: LogConfig) -> [[ClosedSegment]] {
        var groups: [[ClosedSegment]] = []
        var bytes: (log: Int64, index: Int, times: Int) = (0, 0, 0)
        for segment in segments {
            let state = segment.state
            let index = state.index.count * IndexKind.offset.entryBytes
            let times = state.times.count * IndexKind.time.entryBytes
            if let base = groups.last?.first?.state.segment.base,
                bytes.log + state.sizeBytes <= Int64(config.segmentBytes),
                bytes.index + index <= config.indexBytesMax, bytes.times + times <= config.indexBytesMax,
                state.sizeBytes == 0 || segment.next - base <= Int64(Int32.max)
            {
                groups[groups.count - 1].append(segment)
                bytes = (bytes.log + state.sizeBytes, bytes.index + index, bytes.times + times)
            } else {
                groups.append([segment])
                bytes = (state.sizeBytes, index, times)
            }
        }
        return groups
    }

    /// Writes what is left of a group and puts it in its place; how many bytes that is.
    private func rewrite(
        _ group: [ClosedSegment], _ filter: inout CompactionFilter, _ config: LogConfig
    ) throws(StorageError) -> Int64 {
        var compacted = try CompactedSegment(base: group[0].state.segment.base, in: store, config)
        do throws(StorageError) {
            for segment in group { try copy(segment.state, to: &compacted, &filter) }
            try pace.spend(try compacted.finish(), on: store.directory)
            guard try store.swap(group.map(\.state.segment), for: compacted.state) else {
                throw .closed(path: store.directory)
            }
        } catch {
            // Where the swap itself failed, the next start needs the files.
            if store.state.withLock({ $0.failure == nil }) { compacted.discard() }
            throw error
        }
        return compacted.state.sizeBytes
    }

    private func copy(
        _ state: SegmentState, to compacted: inout CompactedSegment, _ filter: inout CompactionFilter
    ) throws(StorageError) {
        guard state.sizeBytes > 0, let file = try state.segment.log(mayWait: true) else { return }
        try walkBatches(
            of: file, in: 0..<state.sizeBytes,
            willRead: { (bytes) throws(StorageError) in try pace.spend(bytes, on: store.directory) }
        ) { (batch, position) throws(StorageError) in
            let kept: CompactedBatch
            var header = batch.header
            do throws(RecordError) {
                // A batch that is rewritten gets a new checksum, which must not vouch for damage.
                try batch.verifyChecksum()
                kept = try filter.apply(batch)
                if case .rewritten(let bytes) = kept { header = try BatchHeader(reading: bytes.rawSpan) }
            } catch {
                throw .corrupt(path: file.path, position: position, reason: "\(error)")
            }
            let written =
                switch kept {
                case .dropped: 0
                case .unchanged: try compacted.append(batch.bytes, header)
                case .rewritten(let bytes): try compacted.append(bytes.rawSpan, header)
                }
            try pace.spend(written, on: store.directory)
            return true
        }
    }
}
