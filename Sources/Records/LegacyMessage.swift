// Reads message sets of the old formats. A set is walked twice deep at most: a compressed message holds a set
// of plain ones, whose offsets count from the first (magic 1, KIP-31) or are absolute (magic 0), and whose
// time is the wrapper's if the broker set it.
internal import Base
package import Compression

/// One message of an old format, and where its parts lie.
package struct LegacyMessage: Hashable, Sendable {
    /// 0 or 1.
    package let magic: Int8
    /// The codec of the message set in its value; `none` for a plain message.
    package let codec: CompressionCodec
    package let timestampType: TimestampType
    /// Offset, time (`Timestamp.none` in magic 0), key and value; there are no headers.
    package let view: RecordView

    /// How lz4 frames inside are written.
    var dialect: CompressionDialect { magic == 0 ? .magic0 : .current }
}

/// Walks the messages of a set, without looking into compressed ones.
package struct LegacyCursor: ~Escapable {
    package let bytes: RawSpan
    /// Where the next message begins.
    package private(set) var position = 0

    /// A cursor at the first message of `bytes`.
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// The next message, its checksum compared; nil at the end.
    @_lifetime(self: copy self)
    package mutating func next() throws(RecordError) -> LegacyMessage? {
        let left = bytes.byteCount - position
        guard left > 0 else { return nil }
        guard left >= BatchLayout.prefixSize else {
            throw .truncated(needed: BatchLayout.prefixSize, available: left)
        }
        let magic = bytes.integer(at: position + LegacyLayout.magic, as: Int8.self)
        guard magic == 0 || magic == 1 else { throw .unsupportedMagic(magic) }
        let size =
            Int(bytes.integer(at: position + LegacyLayout.length, as: Int32.self))
            + LegacyLayout.lengthOverhead
        guard size >= LegacyLayout.overhead(magic: magic) else { throw .corruptHeader(.length) }
        guard size <= left else { throw .truncated(needed: size, available: left) }
        let message = position..<(position + size)
        try verifyChecksum(message)
        let result = try fields(message, magic: magic)
        position = message.upperBound
        return result
    }

    private func verifyChecksum(_ message: Range<Int>) throws(RecordError) {
        let stored = bytes.integer(at: message.lowerBound + LegacyLayout.checksum, as: UInt32.self)
        let covered = (message.lowerBound + LegacyLayout.magic)..<message.upperBound
        let computed = CRC32.checksum(bytes.extracting(covered))
        guard stored == computed else { throw .checksumMismatch(stored: stored, computed: computed) }
    }

    private func fields(_ message: Range<Int>, magic: Int8) throws(RecordError) -> LegacyMessage {
        let start = message.lowerBound
        let attributes = BatchAttributes(
            rawValue: UInt16(bytes.integer(at: start + LegacyLayout.attributes, as: UInt8.self)))
        guard let codec = attributes.codec, codec != .zstd else { throw .invalidBatch(.codec) }
        let milliseconds = magic == 0 ? -1 : bytes.integer(at: start + LegacyLayout.timestamp, as: Int64.self)
        let key = try nullable(
            at: start + LegacyLayout.key(magic: magic), before: message.upperBound, else: .key)
        let value = try nullable(at: key.end, before: message.upperBound, else: .value)
        guard value.end == message.upperBound else { throw .invalidRecord(index: 0, .length) }
        let view = RecordView(
            offset: Offset(bytes.integer(at: start + LegacyLayout.offset)),
            timestamp: Timestamp(milliseconds: milliseconds), key: key.range, value: value.range,
            headers: value.end..<value.end, headerCount: 0, bytes: message)
        return LegacyMessage(
            magic: magic, codec: codec, timestampType: magic == 0 ? .createTime : attributes.timestampType,
            view: view)
    }

    private func nullable(
        at position: Int, before end: Int, else defect: RecordDefect
    ) throws(RecordError) -> (range: Range<Int>?, end: Int) {
        guard end - position >= 4 else { throw .invalidRecord(index: 0, .truncated) }
        let count = Int(bytes.integer(at: position, as: Int32.self))
        let start = position + 4
        guard count >= 0 else {
            guard count == -1 else { throw .invalidRecord(index: 0, defect) }
            return (nil, start)
        }
        guard count <= end - start else { throw .invalidRecord(index: 0, defect) }
        return (start..<(start + count), start + count)
    }
}

/// Reads and converts message sets of magic 0 and 1.
package enum LegacyMessages {
    /// Calls `body` with every plain message of `set`, those inside compressed ones included, and the bytes
    /// it points into.
    ///
    /// Offsets and times are those that a consumer sees. `limitBytes` bounds what all compressed messages
    /// together grow to.
    package static func forEachRecord(
        in set: RawSpan, limitBytes: Int,
        _ body: (LegacyMessage, RawSpan) throws(RecordError) -> Void
    ) throws(RecordError) {
        var budget = limitBytes
        var cursor = LegacyCursor(set)
        while let message = try cursor.next() {
            guard message.codec != .none else {
                try body(message, set)
                continue
            }
            let inner = try decompress(message, in: set, limitBytes: budget)
            budget -= inner.count
            try forEachInner(of: message, in: inner.bytes, body)
        }
    }

    private static func decompress(
        _ message: LegacyMessage, in set: RawSpan, limitBytes: Int
    ) throws(RecordError) -> Decompressed {
        guard let value = message.view.value else { throw .invalidRecord(index: 0, .value) }
        do throws(CompressionError) {
            return try message.codec.decompressed(
                set.extracting(value), limitBytes: limitBytes, dialect: message.dialect)
        } catch { throw .compression(error) }
    }

    private static func forEachInner(
        of wrapper: LegacyMessage, in set: RawSpan,
        _ body: (LegacyMessage, RawSpan) throws(RecordError) -> Void
    ) throws(RecordError) {
        // The wrapper has the offset of the last message inside, so the first is known only at the end: a
        // walk for it comes first.
        var lastOffset = Offset.zero
        var count = 0
        var counting = LegacyCursor(set)
        while let message = try counting.next() {
            guard message.magic == wrapper.magic, message.codec == .none else {
                throw .invalidRecord(index: count, .attributes)
            }
            lastOffset = message.view.offset
            count += 1
        }
        guard count > 0 else { throw .invalidBatch(.empty) }
        let shift = wrapper.magic == 0 ? 0 : wrapper.view.offset.value &- lastOffset.value
        var cursor = LegacyCursor(set)
        while let message = try cursor.next() {
            try body(message.inside(wrapper, shift: shift), set)
        }
    }
}

extension LegacyMessage {
    /// The message as a consumer sees it, who knows the compressed message around it.
    fileprivate func inside(_ wrapper: LegacyMessage, shift: Int64) -> LegacyMessage {
        let time = wrapper.timestampType == .logAppendTime ? wrapper.view.timestamp : view.timestamp
        let seen = RecordView(
            offset: Offset(view.offset.value &+ shift), timestamp: time, key: view.key, value: view.value,
            headers: view.headers, headerCount: 0, bytes: view.bytes)
        return LegacyMessage(
            magic: magic, codec: wrapper.codec, timestampType: wrapper.timestampType, view: seen)
    }
}
