// Kafka's two sparse indexes of a segment. The offset index maps the last offset of a batch (less the
// segment's base) to the position of that batch; the time index maps the greatest timestamp so far to the
// offset of the batch that brought it. Both ascend, so a lookup finds the last entry at or below a key and
// scans on from there. Entries wait in memory until their batches are durable; those in the file are searched
// there, so a closed segment takes no memory.
internal import Base
internal import Storage
internal import Synchronization

/// Which of the two indexes.
enum IndexKind: Sendable {
    case offset, time

    /// Bytes of an entry: int32 offset and int32 position, or int64 timestamp and int32 offset.
    var entryBytes: Int { self == .offset ? 8 : 12 }
    var suffix: String { self == .offset ? ".index" : ".timeindex" }
}

/// One entry; what key and value are says the kind.
struct IndexEntry: Equatable, Sendable, BitwiseCopyable {
    var key: Int64
    var value: Int32

    init(key: Int64, value: Int32) {
        self.key = key
        self.value = value
    }

    /// The entry at the beginning of `bytes`.
    init(reading bytes: RawSpan, _ kind: IndexKind) throws(ByteError) {
        var reader = ByteReader(bytes)
        key = kind == .offset ? Int64(try reader.integer(Int32.self)) : try reader.integer()
        value = try reader.integer()
    }

    func write(into writer: inout ByteWriter, _ kind: IndexKind) {
        if kind == .offset { writer.integer(Int32(truncatingIfNeeded: key)) } else { writer.integer(key) }
        writer.integer(value)
    }

    /// The offset that the entry speaks of, less the segment's base.
    func relativeOffset(_ kind: IndexKind) -> Int64 { kind == .offset ? key : Int64(value) }
}

/// The index of one segment: `stored` entries in the file, and the youngest ones in memory.
///
/// Its fields are as small and as close together as they can be: each of many thousand logs has two.
struct SparseIndex: Sendable {
    /// Entries in memory, from number `tailStart` on; never a gap between file and memory.
    private(set) var tail: [IndexEntry] = []
    /// The last entry of all.
    private(set) var last: IndexEntry?
    let kind: IndexKind
    private var storedCount: Int32
    private var tailNumber: Int32

    /// An index whose file holds `stored` entries, of which `last` is the last.
    init(_ kind: IndexKind, stored: Int = 0, last: IndexEntry? = nil) {
        self.kind = kind
        storedCount = Int32(stored)
        tailNumber = storedCount
        self.last = last
    }

    /// How many entries the file holds.
    private(set) var stored: Int {
        get { Int(storedCount) }
        set { storedCount = Int32(newValue) }
    }
    /// The number of the first entry in memory.
    private(set) var tailStart: Int {
        get { Int(tailNumber) }
        set { tailNumber = Int32(newValue) }
    }
    var count: Int { tailStart + tail.count }
    /// How many entries are not in the file yet.
    var pending: Int { count - stored }

    mutating func append(_ entry: IndexEntry) {
        precondition(
            entry.key >= last?.key ?? .min, "index entries ascend; SegmentStore appends batches in order")
        tail.append(entry)
        last = entry
    }

    /// Where the last entry at or below a key is.
    enum Floor: Sendable {
        case none
        case entry(IndexEntry)
        /// Among the first so many entries of the file.
        case inFile(entries: Int)
    }

    func floor(of key: Int64) -> Floor {
        guard let first = tail.first, first.key <= key else {
            return tailStart == 0 ? .none : .inFile(entries: tailStart)
        }
        var low = 0
        var high = tail.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if tail[middle].key <= key { low = middle } else { high = middle - 1 }
        }
        return .entry(tail[low])
    }

    /// The entries that are not in the file yet and speak of offsets below `relativeEnd`.
    func unwritten(below relativeEnd: Int64) -> ArraySlice<IndexEntry> {
        let waiting = tail[(stored - tailStart)...]
        return waiting.prefix { $0.relativeOffset(kind) < relativeEnd }
    }

    /// Notes that `entries` more are in the file, and forgets all in memory but the youngest `keeping`.
    mutating func wrote(_ entries: Int, keeping: Int) {
        stored += entries
        // Kept somewhat longer than needed, as removing from the front moves the rest.
        guard tail.count > 2 * keeping else { return }
        let surplus = min(tail.count - keeping, stored - tailStart)
        guard surplus > 0 else { return }
        tail.removeFirst(surplus)
        tailStart += surplus
        if tail.isEmpty { tail = [] }
    }
}

/// What a search in an index file gave.
enum IndexSearch: Sendable {
    case none
    case entry(IndexEntry)
    case wouldWait
}

extension IndexKind {
    /// How many entries one read takes in: a page of the offset index.
    ///
    /// Searching a page in memory costs less than one more read.
    private static let pageEntries = 512

    /// The last of the first `entries` entries of `file` whose key is at or below `key`.
    ///
    /// `hint` is where the last search in this file ended, as readers go forward; it is moved.
    func search(
        _ file: any DiskFile, entries: Int, key: Int64, hint: borrowing Atomic<Int>, mayWait: Bool
    ) throws(StorageError) -> IndexSearch {
        // All entries before `low` are at or below the key, all from `high` on above it.
        var low = 0
        var high = entries
        var page = min(hint.load(ordering: .relaxed), max(0, entries - 1))
        var found: IndexEntry?
        while low < high {
            if high - low <= IndexKind.pageEntries { page = low }
            let count = min(IndexKind.pageEntries, high - page)
            guard
                let bytes = try file.block(count * entryBytes, at: Int64(page * entryBytes), mayWait: mayWait)
            else {
                return .wouldWait
            }
            let inPage = try floor(of: key, in: bytes, file)
            if let inPage { found = inPage.entry }
            let below = inPage.map { $0.number + 1 } ?? 0
            if below > 0 { low = page + below }
            if below < bytes.count / entryBytes { high = page + below }
            if below == 0 || below == count, low < high { page = (low + high) / 2 }
        }
        hint.store(max(0, low - 1), ordering: .relaxed)
        return found.map { .entry($0) } ?? .none
    }

    /// The last entry of a page at or below `key`.
    private func floor(
        of key: Int64, in page: [UInt8], _ file: any DiskFile
    ) throws(StorageError) -> (number: Int, entry: IndexEntry)? {
        var low = -1
        var high = page.count / entryBytes - 1
        guard high >= 0 else {
            throw .corrupt(path: file.path, position: 0, reason: "the index is shorter than it was")
        }
        var found: IndexEntry?
        while low < high {
            let middle = (low + high + 1) / 2
            guard
                let entry = try? IndexEntry(reading: page.rawSpan.extracting((middle * entryBytes)...), self)
            else { break }
            if entry.key <= key {
                low = middle
                found = entry
            } else {
                high = middle - 1
            }
        }
        return found.map { (low, $0) }
    }

    /// Entry `number` of `file`; nil where reading it would wait.
    func entry(_ number: Int, of file: any DiskFile, mayWait: Bool) throws(StorageError) -> IndexEntry? {
        let position = Int64(number * entryBytes)
        guard let bytes = try file.block(entryBytes, at: position, mayWait: mayWait) else { return nil }
        do throws(ByteError) {
            return try IndexEntry(reading: bytes.rawSpan, self)
        } catch {
            throw .corrupt(path: file.path, position: position, reason: "the index is shorter than it was")
        }
    }
}

extension DiskFile {
    /// Up to `count` bytes, fewer at the end of the file; nil where reading them would wait and must not.
    func block(_ count: Int, at position: Int64, mayWait: Bool) throws(StorageError) -> [UInt8]? {
        var answer = ByteRangeRead.read(0)
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            unsafe answer = read(into: UnsafeMutableRawBufferPointer(buffer), at: position, mayWait: mayWait)
            if case .read(let count) = answer { filled = count }
        }
        switch answer {
        // A short read happens at the end of the file, and where only the first pages are cached.
        case .read(let read) where read < count && !mayWait:
            return try position + Int64(read) < size() ? nil : bytes
        // And where a signal came in between: what waits for the disk reads on.
        case .read(let read) where read < count: return try self.bytes(count, at: position)
        case .read: return bytes
        case .wouldWait: return nil
        case .failed(let errno): throw .failed(.read, path, errno: errno)
        }
    }
}
