// What a producer of Kafka 0.8 to 0.10 sends (Produce v0–2) becomes one batch of format v2: the log holds
// nothing else.
package import Base
package import Compression

/// A message set after its conversion.
package struct ConvertedBatch: Sendable {
    /// One whole batch of format v2 at base offset 0.
    package let bytes: [UInt8]
    package let summary: BatchSummary
}

extension BatchValidator {
    /// Judges the message set `set` by the rules, and converts it to one batch of format v2.
    ///
    /// `codec` nil keeps the codec of the first compressed message. Offsets of the set are not kept: the
    /// broker assigns its own. `limitBytes` bounds the decompressed records where the rules allow more; it
    /// counts for all compressed messages of the set together.
    package func convert(
        legacy set: RawSpan, codec: CompressionCodec? = nil, level: Int? = nil, now: Timestamp,
        limitBytes: Int = .max
    ) throws(RecordError) -> ConvertedBatch {
        var conversion = LegacyConversion(self, now)
        try LegacyMessages.forEachRecord(in: set, limitBytes: min(limitBytes, rules.decompressedBytesMax)) {
            (message, bytes) throws(RecordError) in
            try conversion.add(message, in: bytes)
        }
        let plain = try conversion.finish()
        let target = codec ?? conversion.codec
        let bytes =
            target == .none
            ? plain
            : try unsafe Recompression.recompress(
                plain.span.bytes, to: target, level: level, limitBytes: rules.decompressedBytesMax)
        let header = try unsafe BatchHeader(reading: bytes.span.bytes)
        return ConvertedBatch(
            bytes: bytes,
            summary: BatchSummary(
                header: header, codec: target, recordsBytes: plain.count - BatchLayout.headerSize,
                maxTimestamp: header.maxTimestamp,
                offsetDeltaOfMaxTimestamp: conversion.offsetDeltaOfMaxTimestamp, hasOddFraming: false))
    }
}

/// Gathers the messages of a set in a batch, and what is wrong with them.
private struct LegacyConversion {
    private let validator: BatchValidator
    private let now: Timestamp
    private var builder = BatchBuilder()
    /// Of the first compressed message.
    private(set) var codec = CompressionCodec.none
    private var greatest = Timestamp.none
    private(set) var offsetDeltaOfMaxTimestamp: Int32 = 0
    /// Of the messages in a compressed one, which are refused together, or of the first other one.
    private var faults: [RecordFault] = []
    private var reason = RejectionReason.missingKey
    private var count: Int32 = 0

    init(_ validator: BatchValidator, _ now: Timestamp) {
        self.validator = validator
        self.now = now
    }

    mutating func add(_ message: LegacyMessage, in bytes: RawSpan) throws(RecordError) {
        defer { count += 1 }
        if codec == .none { codec = message.codec }
        guard message.codec != .none || faults.isEmpty else { return }
        if let (reason, fault) = fault(of: message) {
            if reason == .timestamp { self.reason = reason }
            if faults.count < BatchRules.faultsReported { faults.append(fault) }
        }
        guard faults.isEmpty else { return }
        guard message.view.timestamp >= .none else { throw .invalidRecord(index: Int(count), .time) }
        if message.view.timestamp > greatest {
            (greatest, offsetDeltaOfMaxTimestamp) = (message.view.timestamp, count)
        }
        builder.append(message.view, in: bytes)
    }

    private func fault(of message: LegacyMessage) -> (RejectionReason, RecordFault)? {
        guard !validator.rules.requiresKeys || message.view.key != nil else {
            return (.missingKey, RecordFault(batchIndex: count, message: BatchValidator.missingKeyMessage))
        }
        let time = message.view.timestamp
        let claimsAppendTime = message.timestampType == .logAppendTime
        guard !validator.isAllowed(time, claimsAppendTime: claimsAppendTime, now: now) else { return nil }
        return (.timestamp, RecordFault(batchIndex: count, message: validator.message(time, now: now)))
    }

    /// The batch, not compressed.
    func finish() throws(RecordError) -> [UInt8] {
        guard faults.isEmpty else { throw .rejected(reason, faults) }
        guard count > 0 else { throw .invalidBatch(.empty) }
        do throws(CompressionError) { return try builder.finish() } catch { throw .compression(error) }
    }
}
