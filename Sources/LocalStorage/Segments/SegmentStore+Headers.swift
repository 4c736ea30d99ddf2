// Walks over the headers of a log, in pieces: starts, and lookups of what a snapshot does not hold.
internal import Base
internal import Records
internal import Storage

extension SegmentStore {
    /// A piece of the headers up to the end of the log; also of batches before its start, if they are kept.
    func headers(_ request: HeaderRequest) throws(StorageError) -> Eventually<HeaderRun> {
        let (isClosed, end) = state.withLock { ($0.isClosed, $0.end) }
        if isClosed { throw .closed(path: directory) }
        guard request.from < end || request.bytesBack > 0 else {
            return .now(HeaderRun(headers: [], next: nil))
        }
        if request.mayWait { return .now(try run(of: request)) }
        return .later(on: services.background) { () throws(StorageError) in try self.run(of: request) }
    }

    private func run(of request: HeaderRequest) throws(StorageError) -> HeaderRun {
        try notingDamage { () throws(StorageError) in try attempt(request) }
    }

    private func attempt(_ request: HeaderRequest) throws(StorageError) -> HeaderRun {
        let (segments, from) = state.withLock { state in
            (
                state.segments.map { ($0.segment, $0.sizeBytes) },
                max(request.from, state.segments[0].segment.base)
            )
        }
        var first = segments.lastIndex { $0.0.base <= from } ?? 0
        var position = try boundary(of: from, in: segments[first].0)
        var isBack = false
        if request.bytesBack > 0 {
            let (number, back) = try place(bytesBack: request.bytesBack, in: segments)
            if (number, back) <= (first, position) { (first, position, isBack) = (number, back, true) }
        }
        var run = HeaderRun(headers: [], next: nil)
        for (segment, size) in segments[first...] {
            guard size > 0, let file = try segment.log(mayWait: true) else { continue }
            let begin = segment === segments[first].0 ? position : 0
            let end = try walkHeaders(of: file, in: begin..<size, blockBytes: 1 << 16, mayWait: true) {
                (header, _) in
                if !isBack, header.lastOffset < from { return true }
                guard run.headers.count < max(1, request.countMax) else {
                    run.next = header.baseOffset
                    return false
                }
                run.headers.append(header)
                return true
            }
            if end == .stopped { break }
        }
        return run
    }

    /// The segment, by its number, and the place in it where a batch begins so many bytes before the end of
    /// the log, or earlier.
    private func place(
        bytesBack: Int, in segments: [(Segment, Int64)]
    ) throws(StorageError) -> (number: Int, position: Int64) {
        var number = segments.count - 1
        var left = Int64(bytesBack)
        while left > segments[number].1, number > 0 {
            left -= segments[number].1
            number -= 1
        }
        return (number, try boundary(near: max(0, segments[number].1 - left), in: segments[number].0))
    }

    /// The beginning of a batch at or before `position`, as far as the index knows one.
    private func boundary(near position: Int64, in segment: Segment) throws(StorageError) -> Int64 {
        let (tail, stored, size) = state.withLock { state -> ([IndexEntry], Int, Int64) in
            let found = state.segments.first { $0.segment === segment }
            return (found?.index.tail ?? [], found?.index.tailStart ?? 0, found?.sizeBytes ?? 0)
        }
        if let entry = tail.last(where: { Int64($0.value) <= position }) { return Int64(entry.value) }
        guard stored > 0, let file = try segment.index(.offset, mayWait: true) else { return 0 }
        var low = 0
        var high = stored - 1
        var found: IndexEntry?
        while low <= high {
            let middle = (low + high) / 2
            guard let entry = try IndexKind.offset.entry(middle, of: file, mayWait: true) else { return 0 }
            if Int64(entry.value) <= position {
                found = entry
                low = middle + 1
            } else {
                high = middle - 1
            }
        }
        guard let found else { return 0 }
        return try start(at: found, in: segment, size)
    }
}
