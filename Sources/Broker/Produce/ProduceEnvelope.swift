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
        var frames = BatchFrames(bytes)
        guard let first = try frames.nextToJudge() else {
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
        if version < 7, frames.attributes(first).codec == .zstd {
            throw ProduceRefusal(
                .unsupportedCompressionType,
                "Produce requests with version \(version) are not allowed to use ZStandard compression")
        }
        guard try frames.nextToJudge() == nil else {
            throw ProduceRefusal(
                .invalidRecord,
                "Produce requests with version \(version) are only allowed to contain exactly one record "
                    + "batch per partition")
        }
        batchBytes = first.bytes.count
    }
}

extension BatchFrames {
    /// The next frame, with errors in the words of the protocol.
    @_lifetime(self: copy self)
    mutating func nextToJudge() throws(ProduceRefusal) -> BatchFrame? {
        do throws(RecordError) { return try next() } catch { throw ProduceRefusal(error) }
    }
}
