// Checks what a producer sent for one partition, in Kafka's order of checking, and makes it what the log
// stores. What has to be decompressed or made anew for that goes to the pool where it is more than an event
// loop should do.
internal import Base
internal import Compression
internal import Protocol
internal import Records

/// Records that passed every check.
enum CheckedRecords {
    /// One batch, stored as it lies in the request (stamped in place where the topic wants its own times).
    case asSent(BatchHeader)
    /// One batch that had to be made anew: another codec, or an older format.
    case rebuilt([UInt8], BatchHeader)
    /// Not one whole message, which before v3 is nothing to complain of.
    case nothing
}

/// How many bytes may still be decompressed, recompressed or converted here.
///
/// Every codec takes time in proportion to what it reads and what it makes, so both are bounded by it.
struct CodecAllowance {
    /// For all of one request on an event loop: some hundred microseconds at worst, which the loop's other
    /// connections wait for.
    static let loopBytes = 64 << 10
    private(set) var bytes: Int

    /// What one request gets on a loop.
    init() { bytes = Self.loopBytes }

    /// What the records of one partition get on the pool.
    init(bytes: Int) { self.bytes = bytes }

    /// Takes `used` bytes away.
    mutating func use(_ used: Int) { bytes = max(0, bytes - used) }
}

/// The check of one partition's records.
struct ProduceCheck {
    let rules: ProduceRules
    /// The version of the request.
    let version: Int16
    /// The time of the append.
    let now: Timestamp

    /// The time that the records get, on topics that give them theirs.
    var appendTime: Timestamp? { rules.stampsAppendTime ? now : nil }

    /// Checks `records`, and stamps a batch that is stored as it was sent; nil, and nothing is changed, if
    /// that takes more than `allowance`.
    func check(
        _ records: inout MutableRawSpan, within allowance: inout CodecAllowance
    ) throws(ProduceRefusal) -> CheckedRecords? {
        guard version < 3 else { return try checkBatch(&records, within: &allowance) }
        guard records.byteCount <= allowance.bytes else { return nil }
        let set = try MessageSetEnvelope(records.bytes, maxBatchBytes: rules.maxBatchBytes)
        switch set.magic {
        case nil: return .nothing
        case BatchLayout.currentMagic:
            var batch = records._mutatingExtracting(0..<set.wholeBytes)
            return try checkBatch(&batch, within: &allowance)
        default: return try converted(records.bytes.extracting(0..<set.wholeBytes), within: &allowance)
        }
    }

    private func checkBatch(
        _ records: inout MutableRawSpan, within allowance: inout CodecAllowance
    ) throws(ProduceRefusal) -> CheckedRecords? {
        try checkBeforeContent(records.bytes)
        let needsCodec = needsCodec(records.bytes)
        if needsCodec, records.byteCount > allowance.bytes { return nil }
        guard let summary = try summary(of: records.bytes, limitBytes: allowance.bytes) else { return nil }
        if needsCodec { allowance.use(summary.recordsBytes) }
        // What only some clients could decompress is stored in a framing that all of them can.
        let codec = rules.codec ?? summary.codec
        guard codec == summary.codec, !summary.hasOddFraming else {
            return try recompressed(records.bytes, summary, to: codec)
        }
        return .asSent(try stamp(&records, summary))
    }

    /// Whether a batch is compressed or has to be.
    private func needsCodec(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= BatchLayout.headerSize else { return false }
        let attributes = BatchAttributes(rawValue: bytes.integer(at: BatchLayout.attributes))
        return attributes.codec != CompressionCodec.none || rules.codec ?? .none != .none
    }

    /// What is compared before the checksum.
    private func checkBeforeContent(_ batch: RawSpan) throws(ProduceRefusal) {
        let baseOffset = batch.integer(at: BatchLayout.baseOffset, as: Int64.self)
        guard baseOffset == 0 else { throw .baseOffset(baseOffset) }
        guard batch.byteCount <= rules.maxBatchBytes else {
            throw .tooLarge(batch.byteCount, limit: rules.maxBatchBytes)
        }
    }

    /// Whether `error` says no more than that the records are larger than the allowance.
    private func isTooMuchHere(_ error: RecordError, _ limitBytes: Int) -> Bool {
        guard case .compression(.exceedsLimit) = error else { return false }
        return limitBytes < rules.validator.rules.decompressedBytesMax
    }

    private func summary(of bytes: RawSpan, limitBytes: Int) throws(ProduceRefusal) -> BatchSummary? {
        do throws(RecordError) {
            return try rules.validator.validate(bytes, now: now, limitBytes: limitBytes)
        } catch {
            if isTooMuchHere(error, limitBytes) { return nil }
            throw ProduceRefusal(error)
        }
    }

    private func stamp(_ batch: inout MutableRawSpan, _ summary: BatchSummary) throws(ProduceRefusal)
        -> BatchHeader
    {
        if rules.stampsAppendTime {
            BatchStamp.appendTime(now, in: &batch)
        } else if summary.needsMaxTimestamp || summary.claimsAppendTime {
            BatchStamp.createTime(max: summary.maxTimestamp, in: &batch)
        } else {
            return summary.header
        }
        return try header(of: batch.bytes)
    }

    private func recompressed(
        _ bytes: RawSpan, _ summary: BatchSummary, to codec: CompressionCodec
    ) throws(ProduceRefusal) -> CheckedRecords {
        let made: [UInt8]
        do throws(RecordError) {
            made = try Recompression.recompress(
                bytes, to: codec, level: rules.level, limitBytes: rules.validator.rules.decompressedBytesMax)
        } catch {
            throw ProduceRefusal(error)
        }
        return try finished(made, summary)
    }

    /// Message sets of magic 0 and 1 become one batch.
    private func converted(
        _ bytes: RawSpan, within allowance: inout CodecAllowance
    ) throws(ProduceRefusal) -> CheckedRecords? {
        let batch: ConvertedBatch
        do throws(RecordError) {
            batch = try rules.validator.convert(
                legacy: bytes, codec: rules.codec, level: rules.level, now: now, limitBytes: allowance.bytes)
        } catch {
            if isTooMuchHere(error, allowance.bytes) { return nil }
            throw ProduceRefusal(error)
        }
        allowance.use(batch.summary.recordsBytes)
        return try finished(batch.bytes, batch.summary)
    }

    private func finished(_ made: [UInt8], _ summary: BatchSummary) throws(ProduceRefusal) -> CheckedRecords {
        guard made.count <= rules.maxBatchBytes else {
            throw .tooLarge(made.count, limit: rules.maxBatchBytes)
        }
        var bytes = made
        var span = bytes.mutableSpan
        var batch = unsafe span.mutableBytes
        _ = try stamp(&batch, summary)
        let header = try header(of: batch.bytes)
        return .rebuilt(bytes, header)
    }

    private func header(of bytes: RawSpan) throws(ProduceRefusal) -> BatchHeader {
        do throws(RecordError) { return try BatchHeader(reading: bytes) } catch {
            throw ProduceRefusal(error)
        }
    }
}
