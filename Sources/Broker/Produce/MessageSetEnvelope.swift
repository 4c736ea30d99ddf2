// What can be said of the bytes for one partition before version 3, where several messages of old formats may
// lie one behind the other, before any of them is looked into. The order of the checks is Kafka's, as several
// may fail at once.
internal import Base
internal import Compression
internal import Protocol
internal import Records

/// The whole messages, or the one batch, among the bytes for a partition.
struct MessageSetEnvelope {
    /// How many of the bytes they are; what is cut off behind them is passed over.
    let wholeBytes: Int
    /// The format of all of them; nil where there is none.
    let magic: Int8?

    /// Looks at `bytes`, for a topic whose batches, and old messages, are at most `maxBatchBytes` large.
    init(_ bytes: RawSpan, maxBatchBytes: Int) throws(ProduceRefusal) {
        var frames = BatchFrames(bytes)
        var magic: Int8?
        var (count, isCompressed, isMixed) = (0, false, false)
        while let frame = try frames.nextToJudge() {
            let codec = try Self.codec(of: frame, in: frames, maxBatchBytes)
            isCompressed = isCompressed || codec != .none
            isMixed = isMixed || frame.magic != magic ?? frame.magic
            magic = magic ?? frame.magic
            count += 1
        }
        guard count < 2 || !isCompressed && magic != BatchLayout.currentMagic else {
            throw ProduceRefusal(
                .invalidRecord, "A compressed message has to be the only one for its partition.")
        }
        guard !isMixed else {
            throw ProduceRefusal(.invalidRecord, "Messages for one partition have to be of one format.")
        }
        wholeBytes = frames.position
        self.magic = magic
    }

    /// The codec of `frame`, which is intact.
    private static func codec(
        of frame: BatchFrame, in frames: borrowing BatchFrames, _ maxBatchBytes: Int
    ) throws(ProduceRefusal) -> CompressionCodec {
        if frame.magic == BatchLayout.currentMagic {
            let base = frames.bytes.integer(
                at: frame.bytes.lowerBound + BatchLayout.baseOffset, as: Int64.self)
            guard base == 0 else { throw .baseOffset(base) }
        }
        guard frame.bytes.count <= maxBatchBytes else {
            throw .tooLarge(frame.bytes.count, limit: maxBatchBytes)
        }
        do throws(RecordError) { try frames.verifyChecksum(frame) } catch { throw ProduceRefusal(error) }
        guard let codec = frames.attributes(frame).codec else {
            throw ProduceRefusal(RecordError.invalidBatch(.codec))
        }
        return codec
    }
}
