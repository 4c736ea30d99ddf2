// What can be said of the bytes for one partition before any of them is trusted: where the first batch ends,
// and whether something stands behind it. The order of the checks is Kafka's, as several may fail at once.
internal import Base
internal import Compression
internal import Protocol
internal import Records

/// The one batch among the bytes for a partition (v3 and later).
struct ProduceEnvelope {
    /// How many of the bytes belong to it; less than a batch behind it is passed over.
    let batchBytes: Int

    /// Looks at `bytes` of a request of `version`.
    init(_ bytes: RawSpan, version: Int16) throws(ProduceRefusal) {
        guard let first = try Self.batch(in: bytes, from: 0) else {
            throw ProduceRefusal(
                .invalidRecord,
                "Produce requests with version \(version) must have at least one record batch per partition")
        }
        guard first.magic == BatchLayout.currentMagic else {
            throw ProduceRefusal(
                .invalidRecord,
                "Produce requests with version \(version) are only allowed to contain record batches with "
                    + "magic version 2")
        }
        if version < 7, Self.attributes(in: bytes).codec == .zstd {
            throw ProduceRefusal(
                .unsupportedCompressionType,
                "Produce requests with version \(version) are not allowed to use ZStandard compression")
        }
        guard try Self.batch(in: bytes, from: first.size) == nil else {
            throw ProduceRefusal(
                .invalidRecord,
                "Produce requests with version \(version) are only allowed to contain exactly one record "
                    + "batch per partition")
        }
        batchBytes = first.size
    }

    private static func attributes(in bytes: RawSpan) -> BatchAttributes {
        // A whole batch of whatever format is longer.
        BatchAttributes(rawValue: bytes.integer(at: BatchLayout.attributes))
    }

    /// Size and format of the batch at `start`; nil where there is no whole one.
    private static func batch(
        in bytes: RawSpan, from start: Int
    ) throws(ProduceRefusal) -> (size: Int, magic: Int8)? {
        let left = bytes.byteCount - start
        guard left >= BatchLayout.lengthOverhead else { return nil }
        let length = bytes.integer(at: start + BatchLayout.length, as: Int32.self)
        guard length >= LegacyLayout.minimumLength else { throw ProduceRefusal(.corruptMessage) }
        guard left >= BatchLayout.prefixSize else { return nil }
        let magic = bytes.integer(at: start + BatchLayout.magic, as: Int8.self)
        guard magic >= 0, magic <= BatchLayout.currentMagic else { throw ProduceRefusal(.corruptMessage) }
        let size = Int(length) + BatchLayout.lengthOverhead
        return size <= left ? (size, magic) : nil
    }
}
