// What consumers of Fetch v0–3 get: the stored batches, converted to the message format that they know. A
// reply holds what was converted until its consumer takes it, so it is made in pieces: a consumer that got
// less than there is asks again.
internal import Base
internal import Compression
internal import Protocol
internal import Records
internal import Storage

/// Converts stored batches down.
struct OldFormat {
    /// About how much one reply holds; a single batch that is larger comes whole.
    static let replyBytes = 1 << 20
    /// What each partition of a reply gets at least, as long as the reply is not twice as long as it should
    /// be.
    private static let partitionMinBytes = 64 << 10
    /// How much of a log is read at a time; a batch that is larger is read whole.
    private static let readBytes = 256 << 10

    /// The version of the consumer's request.
    let version: Int16
    /// What the records of one compressed batch may grow to.
    let workBytes: Int

    /// The records of one batch are more than `workBytes`.
    struct TooLarge: Error {}

    /// Converts the records of `fetched`, as far as they fit into one reply.
    func convert(_ fetched: inout FetchedPartitions) throws(TooLarge) {
        let places = fetched.partitions.indices.filter { fetched.partitions[$0].byteCount > 0 }
        let share = max(Self.partitionMinBytes, Self.replyBytes / max(1, places.count))
        var total = 0
        for place in places {
            guard let slice = fetched.partitions[place].slice else { continue }
            guard total < 2 * Self.replyBytes else {
                fetched.partitions[place].converted = []
                continue
            }
            let start = fetched.partitions[place].target.fetchOffset
            switch try convert(slice, from: start, limitBytes: share) {
            case .success(let bytes):
                fetched.partitions[place].converted = bytes
                total += bytes.count
            case .failure(let problem):
                fetched.partitions[place].converted = []
                fetched.partitions[place].error = problem.code
            }
        }
    }

    /// The bytes of `slice` as a message set of magic 0 (v0–1) or 1 (v2–3), from the record at `offset` on,
    /// until there are about `limitBytes`.
    private func convert(
        _ slice: LogSlice, from offset: Offset, limitBytes: Int
    ) throws(TooLarge) -> Result<[UInt8], ErrorCodeError> {
        var converted: [UInt8] = []
        var position = 0
        do {
            while converted.count < limitBytes, let batches = try Self.batches(of: slice, from: position) {
                position += batches.count
                converted += try unsafe LegacyMessages.convertDown(
                    batches.span.bytes, to: version < 2 ? 0 : 1, from: offset, limitBytes: workBytes)
            }
        } catch let error as StorageError {
            return .failure(ErrorCodeError(ErrorCode(error)))
        } catch RecordError.compression(.exceedsLimit) {
            // What comes before it is a reply by itself.
            guard converted.isEmpty else { return .success(converted) }
            throw TooLarge()
        } catch {
            return .failure(ErrorCodeError(.corruptMessage))
        }
        return .success(converted)
    }

    /// The next whole batches, at least one; nil where there is none, or only the beginning of one.
    private static func batches(of slice: LogSlice, from position: Int) throws -> [UInt8]? {
        let left = slice.length - position
        var bytes = try slice.copy(min(left, readBytes), at: position)
        guard let first = try size(of: bytes, at: 0), first <= left else { return nil }
        if first > bytes.count { return try slice.copy(first, at: position) }
        var end = first
        while let next = try size(of: bytes, at: end), next <= bytes.count - end { end += next }
        bytes.removeLast(bytes.count - end)
        return bytes
    }

    private static func size(of bytes: [UInt8], at position: Int) throws(RecordError) -> Int? {
        guard bytes.count - position >= BatchLayout.prefixSize else { return nil }
        return try unsafe BatchHeader.size(ofBatchBeginning: bytes.span.bytes.extracting(position...)).bytes
    }
}
