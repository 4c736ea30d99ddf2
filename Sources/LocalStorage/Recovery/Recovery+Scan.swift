// The scan of a segment after an unclean stop: every batch beyond the recovery point is read, and its index
// files are written anew.
internal import Base
internal import Records
internal import Storage

extension BatchReader {
    /// Calls `body` with the next `count` bytes from `position`.
    fileprivate mutating func with<Value>(
        _ count: Int, at position: Int64, _ body: (RawSpan) throws(RecordError) -> Value
    ) throws(StorageError) -> Result<Value, RecordError> {
        guard let found = try find(count, at: position) else {
            return .failure(.truncated(needed: count, available: Int(max(0, end - position))))
        }
        do throws(RecordError) {
            return .success(try body(piece.rawSpan.extracting(found)))
        } catch { return .failure(error) }
    }
}

extension Recovery {
    struct Scanned {
        var state: SegmentState
        var end: Offset
        var isCut = false
        /// Whether `end` is where the next batch must begin, if no offsets are missing.
        var isAnchored = true
        /// Whether its files were left as they are.
        var isTrusted = false
        /// The end of the last batch that is known to be durable.
        var durableEnd: Offset?
    }

    /// Reads a segment, cuts it at the first bad batch beyond the recovery point, and makes what is left
    /// durable.
    func scan(_ segment: Segment, _ size: Int64, _ next: Offset?) throws(StorageError) -> Scanned {
        let file = try disk.open(segment.path(".log"), .existing)
        let opened = Segment(base: segment.base, directory: directory, disk: disk, log: file)
        let begun = try resumed(opened, size) ?? SegmentState(opened, openedAt: services.clock.wallTime())
        var scanned = Scanned(state: begun, end: segment.base, isAnchored: begun.sizeBytes == 0)
        var reader = BatchReader(file, upTo: size)
        // The last batch whose checksum was not compared again.
        var passed: (position: Int64, bytes: Int)?
        batches: while scanned.state.sizeBytes < size {
            let position = scanned.state.sizeBytes
            switch try check(&reader, at: position, after: scanned, next) {
            case .success(let header):
                passed = isVerified(header) ? (position, header.sizeInBytes) : nil
                scanned.state.note(header, intervalBytes: config.indexIntervalBytes)
                scanned.end = header.nextOffset
                scanned.isAnchored = true
                if header.nextOffset <= bound { scanned.durableEnd = header.nextOffset }
            case .failure(let fault):
                try verify(passed, in: file)
                guard scanned.end >= bound else {
                    throw .corrupt(
                        path: file.path, position: position,
                        reason:
                            "the batch at offset \(scanned.end.value) was durable and is no more (\(fault))")
                }
                let wasPadding = try cut(file, at: position, size, "\(fault)")
                // Padding whose end was cut off shortly before the crash hides nothing of the next segment.
                scanned.isCut = !wasPadding || next != scanned.end
                break batches
            }
        }
        try verify(passed, in: file)
        if isDeferred {
            if size > scanned.state.sizeBytes { try file.truncate(to: scanned.state.sizeBytes) }
            // Their entries are written once the batches are durable.
            for index in [scanned.state.index, scanned.state.times] {
                let path = segment.path(index.kind.suffix)
                let kept = Int64(index.stored * index.kind.entryBytes)
                if try disk.entry(at: path)?.sizeBytes ?? 0 > kept {
                    try disk.open(path, .existing).truncate(to: kept)
                }
            }
            if next != nil, !scanned.isCut { scanned.state.noteTime() }
            return scanned
        }
        if trust != .clean {
            // What a process wrote before it was killed may be in memory only.
            try file.truncate(to: scanned.state.sizeBytes)
            try file.sync()
        }
        if next != nil, !scanned.isCut { scanned.state.noteTime() }
        do throws(StorageError) { try writeAnew(&scanned.state) } catch {
            // Those of the active segment are in memory, and follow when there is space.
            guard error.isLackOfSpace, next == nil else { throw error }
        }
        return scanned
    }

    /// Below it everything was durable.
    var bound: Offset {
        switch trust {
        case .clean: Offset(.max)
        case .upTo(let offset): offset
        }
    }

    /// Below the recovery point the checksums were compared when it was set.
    private func isVerified(_ header: BatchHeader) -> Bool {
        trust != .clean && header.lastOffset < min(bound, verifiedEnd)
    }

    /// Compares the checksum of the last batch that was passed without: where its length is damaged, what
    /// follows would pass for a torn tail.
    func verify(_ passed: (position: Int64, bytes: Int)?, in file: any DiskFile) throws(StorageError) {
        guard let passed else { return }
        let bytes = try file.bytes(passed.bytes, at: passed.position)
        do throws(RecordError) {
            try RecordBatch(reading: bytes.rawSpan).verifyChecksum()
        } catch {
            throw .corrupt(
                path: file.path, position: passed.position,
                reason: "the batch was durable and is no more (\(error))")
        }
    }

    private func check(
        _ reader: inout BatchReader, at position: Int64, after scanned: Scanned, _ next: Offset?
    ) throws(StorageError) -> Result<BatchHeader, RecordError> {
        let rest = reader.end - position
        let read = try reader.with(Int(min(rest, Int64(BatchLayout.headerSize))), at: position) {
            (bytes) throws(RecordError) in try BatchHeader(reading: bytes)
        }
        guard case .success(let header) = read else { return read }
        guard Int64(header.sizeInBytes) <= rest, header.sizeInBytes <= StorageLimits.batchBytesMax else {
            return .failure(.truncated(needed: header.sizeInBytes, available: Int(rest)))
        }
        let follows =
            isGapless(next) && scanned.isAnchored
            ? header.baseOffset == scanned.end : header.baseOffset >= scanned.end
        let isInOrder =
            follows && scanned.state.relative(header.lastOffset) <= Int64(Int32.max)
            && next.map { header.lastOffset < $0 } ?? true
        if position == 0, header.baseOffset < scanned.state.segment.base {
            try requireTorn(&reader, header, scanned.state.segment)
        }
        guard isInOrder else { return .failure(.corruptHeader(.lastOffset)) }
        if isVerified(header) { return .success(header) }
        return try reader.with(header.sizeInBytes, at: position) { (bytes) throws(RecordError) in
            try RecordBatch(reading: bytes).verifyChecksum()
            return header
        }
    }

    /// Throws if the first batch of a segment is whole, though it belongs before it: that is no torn end, but
    /// another segment's file.
    private func requireTorn(
        _ reader: inout BatchReader, _ header: BatchHeader, _ segment: Segment
    ) throws(StorageError) {
        let read = try reader.with(header.sizeInBytes, at: 0) { (bytes) throws(RecordError) in
            try RecordBatch(reading: bytes).verifyChecksum()
        }
        guard case .success = read else { return }
        throw .corrupt(
            path: segment.path(".log"), position: 0,
            reason: "its first batch begins at offset \(header.baseOffset.value)")
    }

    /// Cuts a file, and keeps the bytes unless they are all zero, which makes the result true.
    private func cut(
        _ file: any DiskFile, at position: Int64, _ size: Int64, _ reason: String
    ) throws(StorageError) -> Bool {
        let kept = try keep(file, from: position, to: size)
        try file.truncate(to: position)
        services.logger.log(
            kept == nil ? .info : .warning, "log_tail.cut",
            [
                "file": file.path, "position": "\(position)", "bytes": "\(size - position)", "reason": reason,
                "kept": kept ?? "nothing, all bytes were zero",
            ])
        return kept == nil
    }

    private func keep(_ file: any DiskFile, from start: Int64, to end: Int64) throws(StorageError) -> String?
    {
        var copy: (any DiskFile)?
        var position = start
        while position < end {
            let piece = try file.bytes(Int(min(1 << 20, end - position)), at: position)
            guard !piece.isEmpty else { break }
            if copy == nil, piece.contains(where: { $0 != 0 }) {
                copy = try disk.open(try unusedPath(file.path.dropLast(".log".count) + ".\(start)"), .new)
            }
            do throws(StorageError) { try copy?.write(piece.rawSpan, at: position - start) } catch {
                // The next start finds the log as it is now, and needs every byte.
                if error.isLackOfSpace, let copy { try? disk.remove(copy.path) }
                throw error
            }
            position += Int64(piece.count)
        }
        try copy?.sync()
        return copy?.path
    }

    /// A path that nothing has: Kafka ignores files with this ending.
    private func unusedPath(_ stem: some StringProtocol) throws(StorageError) -> String {
        var number = 0
        while true {
            let path = "\(stem)\(number == 0 ? "" : "-\(number)").quarantine"
            if try disk.entry(at: path) == nil { return path }
            number += 1
        }
    }

    /// Takes the segments behind a cut out of the log.
    func setAside(_ bases: ArraySlice<Offset>) throws(StorageError) {
        for base in bases {
            let segment = Segment(base: base, directory: directory, disk: disk)
            let path = segment.path(".log")
            if let entry = try disk.entry(at: path), entry.sizeBytes > 0 {
                let kept = try unusedPath(path)
                try disk.rename(path, to: kept)
                services.logger.log(.warning, "segment.cut", ["file": path, "kept": kept])
            }
            try segment.remove()
        }
    }

    /// Writes both index files from what the scan gathered, and syncs them, as later starts trust them.
    private func writeAnew(_ state: inout SegmentState) throws(StorageError) {
        for index in [\SegmentState.index, \SegmentState.times] {
            let kind = state[keyPath: index].kind
            let entries = state[keyPath: index].unwritten(below: .max)
            // Most partitions are small: their first start after a crash need not make and sync two empty
            // files.
            if entries.isEmpty, try disk.entry(at: state.segment.path(kind.suffix)) == nil { continue }
            var writer = ByteWriter(capacity: entries.count * kind.entryBytes)
            for entry in entries { entry.write(into: &writer, kind) }
            let file = try state.segment.writableIndex(kind)
            let kept = Int64(state[keyPath: index].stored * kind.entryBytes)
            try file.truncate(to: kept)
            try file.write(writer.bytes.rawSpan, at: kept)
            try file.sync()
            state[keyPath: index].wrote(entries.count, keeping: SegmentLimits.indexTailEntries)
        }
    }
}
