// What a topic's settings demand of the batches that its producers send, worked out once per topic instead of
// once per request.
internal import Compression
internal import Records

/// The rules of a topic for produce requests.
package struct ProduceRules: Sendable {
    /// Checks batches.
    let validator: BatchValidator
    /// `max.message.bytes`: the largest batch, as it is stored.
    let maxBatchBytes: Int
    /// What the records of one compressed batch may grow to.
    ///
    /// They are held in memory while they are checked, so this is also what a decompression bomb costs at
    /// most.
    static let decompressedBytesMax = 64 << 20
    /// The codec that batches are stored in; nil keeps the producer's.
    let codec: CompressionCodec?
    /// The level of `codec`; nil for its default.
    let level: Int?
    /// Whether records get the time of their arrival.
    var stampsAppendTime: Bool { validator.rules.timestampType == .logAppendTime }

    /// The rules that `settings` amount to.
    init(_ settings: TopicSettings) {
        var rules = BatchRules()
        rules.decompressedBytesMax = Self.decompressedBytesMax
        rules.requiresKeys = settings.cleanupPolicy.contains(.compact)
        rules.timestampType = settings.timestampSource == .logAppendTime ? .logAppendTime : .createTime
        rules.timestampBeforeMaxMilliseconds = settings.timestampBeforeMaxMilliseconds
        rules.timestampAfterMaxMilliseconds = settings.timestampAfterMaxMilliseconds
        validator = BatchValidator(rules)
        maxBatchBytes = Int(settings.maxMessageBytes)
        switch settings.compressionType {
        case .producer: (codec, level) = (nil, nil)
        case .uncompressed: (codec, level) = (CompressionCodec.none, nil)
        case .snappy: (codec, level) = (.snappy, nil)
        case .gzip:
            codec = .gzip
            level = settings.compressionGzipLevel == -1 ? nil : Int(settings.compressionGzipLevel)
        case .lz4: (codec, level) = (.lz4, Int(settings.compressionLZ4Level))
        case .zstd: (codec, level) = (.zstd, Int(settings.compressionZstdLevel))
        }
    }
}
