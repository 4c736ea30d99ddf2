// A range of a segment on its way to a reader. The checksum of a batch does not cover its offset, its length,
// its epoch and its format, so these are compared with what must hold as the bytes pass: batch follows batch,
// all within the segment. That costs a few loads for each batch, and no read of its own; a damaged batch is
// never given out.
internal import Base
import Glibc
internal import Records
internal import Storage

/// Whether a batch stands where it says.
struct BatchPlaceCheck: Sendable, BitwiseCopyable {
    /// What is looked at: up to the last offset.
    static let bytes = BatchLayout.lastOffsetDelta + 4

    /// The first offset of the segment.
    let base: Offset
    /// All offsets of the segment lie below it.
    let limit: Offset
    /// Whether each batch begins where the one before it ended.
    let isGapless: Bool
    /// The offset that the first batch must contain, and later ones begin with; or lie behind, if there may
    /// be gaps.
    var expected: Offset
    private var isFirst = true
    private var epoch = Int32.min

    /// Checks batches from the one that contains `offset` on.
    init(base: Offset, limit: Offset, isGapless: Bool, from offset: Offset) {
        self.base = base
        self.limit = limit
        self.isGapless = isGapless
        expected = offset
    }

    /// The size of the batch that begins with `bytes`; nil if it cannot stand here.
    mutating func size(_ bytes: RawSpan) -> Int64? {
        let first = bytes.integer(at: BatchLayout.baseOffset, as: Int64.self)
        let length = bytes.integer(at: BatchLayout.length, as: Int32.self)
        let delta = bytes.integer(at: BatchLayout.lastOffsetDelta, as: Int32.self)
        let epoch = bytes.integer(at: BatchLayout.leaderEpoch, as: Int32.self)
        guard bytes.integer(at: BatchLayout.magic, as: Int8.self) == BatchLayout.currentMagic,
            length >= BatchLayout.minimumLength, delta >= 0, first >= base.value,
            first < limit.value - Int64(delta), epoch >= self.epoch
        else { return nil }
        let last = first + Int64(delta)
        if isFirst {
            guard last >= expected.value, !isGapless || first <= expected.value else { return nil }
            isFirst = false
        } else {
            guard isGapless ? first == expected.value : first >= expected.value else { return nil }
        }
        expected = Offset(last + 1)
        self.epoch = epoch
        return Int64(length) + Int64(BatchLayout.lengthOverhead)
    }
}

/// A range of a segment's log that begins with a batch.
final class CheckedRange: StoredBytes {
    private struct State: Sendable, BitwiseCopyable {
        var check: BatchPlaceCheck
        /// Where the next batch begins.
        var next: Int64
        /// Where the last one began.
        var previous: Int64
        var isDamaged = false
    }

    private let file: any DiskFile
    var place: String { file.path }
    private let end: Int64
    /// Where the segment ends, and with it its last batch.
    private let segmentEnd: Int64
    private let state: Lock<State>
    private let found: @Sendable (_ previous: Int64, _ position: Int64, _ error: StorageError) -> Void

    /// The bytes of `range` in `file`, which ends at `segmentEnd`; `found` hears of the first batch that is
    /// damaged.
    init(
        _ file: any DiskFile, _ range: Range<Int64>, segmentEnd: Int64, _ check: BatchPlaceCheck,
        found: @escaping @Sendable (_ previous: Int64, _ position: Int64, _ error: StorageError) -> Void
    ) {
        self.file = file
        self.found = found
        end = range.upperBound
        self.segmentEnd = segmentEnd
        state = Lock(State(check: check, next: range.lowerBound, previous: range.lowerBound))
    }

    /// What is wrong with the batch at which reading ends; nil if nothing was found.
    var damage: StorageError? {
        let state = state.withLock { $0 }
        guard state.isDamaged else { return nil }
        return .corrupt(
            path: file.path, position: state.next,
            reason:
                "the batch here does not follow on the one before it (offset \(state.check.expected.value))")
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    {
        let answer = unsafe file.read(into: buffer, at: position, mayWait: mayWait)
        guard case .read(let count) = answer, count > 0 else { return answer }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count]).bytes
        let (good, news) = state.withLock { state -> (Int, State?) in
            let wasDamaged = state.isDamaged
            let good = goodBytes(bytes, at: position, mayWait, &state)
            return (good, state.isDamaged && !wasDamaged ? state : nil)
        }
        if let news, let damage { found(news.previous, news.next, damage) }
        return good > 0 ? .read(good) : .failed(errno: EIO)
    }

    /// How many of the bytes stand before anything that is damaged.
    private func goodBytes(_ bytes: RawSpan, at position: Int64, _ mayWait: Bool, _ state: inout State) -> Int
    {
        let readEnd = position + Int64(bytes.byteCount)
        // A batch that the range cuts off before these fields readers pass over.
        while !state.isDamaged, state.next >= position, state.next < readEnd,
            state.next + Int64(BatchPlaceCheck.bytes) <= end
        {
            let start = Int(state.next - position)
            let size: Int64?
            if start + BatchPlaceCheck.bytes <= bytes.byteCount {
                size = state.check.size(bytes.extracting(start...))
            } else {
                // The piece ends in the middle of it.
                guard let head = try? file.block(BatchPlaceCheck.bytes, at: state.next, mayWait: mayWait),
                    head.count == BatchPlaceCheck.bytes
                else { break }
                size = state.check.size(head.rawSpan)
            }
            if let size, state.next + size <= segmentEnd {
                state.previous = state.next
                state.next += size
            } else {
                state.isDamaged = true
            }
        }
        return state.isDamaged ? Int(max(0, min(readEnd, state.next) - position)) : bytes.byteCount
    }
}
