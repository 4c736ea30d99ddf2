// What consumers of Fetch v0–3 get: the stored batches, converted to the message format that they know.
internal import Base
internal import Protocol
internal import Records
internal import Storage

/// Converts stored batches down.
enum OldFormat {
    /// The bytes of `slice` as a message set of magic 0 (v0–1) or 1 (v2–3), from the record at `offset` on.
    static func convert(
        _ slice: LogSlice, from offset: Offset, forFetchVersion version: Int16
    ) -> Result<[UInt8], ErrorCodeError> {
        do {
            var bytes: [UInt8] = []
            try slice.copy(into: &bytes)
            return .success(
                try unsafe LegacyMessages.convertDown(
                    bytes.span.bytes, to: version < 2 ? 0 : 1, from: offset,
                    limitBytes: BatchRules.decompressedBytesMaxDefault))
        } catch let error as StorageError {
            return .failure(ErrorCodeError(ErrorCode(error)))
        } catch {
            return .failure(ErrorCodeError(.corruptMessage))
        }
    }
}
