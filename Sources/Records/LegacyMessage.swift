// Reads message sets of the old formats, by the rules of Kafka's readers. A set is walked twice deep at most:
// a compressed message holds a set of plain ones, whose offsets count from the first (magic 1, KIP-31) or are
// absolute (magic 0), and whose time is the wrapper's if the broker set it.
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
    private var frames: BatchFrames

    /// A cursor at the first message of `bytes`.
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        frames = BatchFrames(bytes)
    }

    /// The next message, its checksum compared; nil at the end, and where the last one is cut off.
    @_lifetime(self: copy self)
    package mutating func next() throws(RecordError) -> LegacyMessage? {
        guard let frame = try frames.next() else { return nil }
        guard frame.magic < BatchLayout.currentMagic else { throw .unsupportedMagic(frame.magic) }
        try frames.verifyChecksum(frame)
        return try LegacyMessage(frame, in: frames.bytes, index: 0)
    }
}

extension LegacyMessage {
    /// The message in `frame`, which is message `index` of the set `bytes`.
    ///
    /// Kafka takes any negative length for null, and passes over what stands behind the value.
    fileprivate init(_ frame: BatchFrame, in bytes: RawSpan, index: Int) throws(RecordError) {
        let (start, end) = (frame.bytes.lowerBound, frame.bytes.upperBound)
        magic = frame.magic
        let attributes = BatchAttributes(
            rawValue: UInt16(bytes.integer(at: start + LegacyLayout.attributes, as: UInt8.self)))
        guard let codec = attributes.codec, codec != .zstd else { throw .invalidBatch(.codec) }
        self.codec = codec
        timestampType = magic == 0 ? .createTime : attributes.timestampType
        func nullable(
            at position: Int, else defect: RecordDefect
        ) throws(RecordError) -> (range: Range<Int>?, end: Int) {
            let first = position + 4
            guard first <= end else { throw .invalidRecord(index: index, .truncated) }
            let count = Int(bytes.integer(at: position, as: Int32.self))
            guard count >= 0 else { return (nil, first) }
            guard count <= end - first else { throw .invalidRecord(index: index, defect) }
            return (first..<(first + count), first + count)
        }
        let key = try nullable(at: start + LegacyLayout.key(magic: magic), else: .key)
        let value = try nullable(at: key.end, else: .value)
        view = RecordView(
            offset: Offset(bytes.integer(at: start + LegacyLayout.offset)),
            timestamp: Timestamp(
                milliseconds: magic == 0 ? -1 : bytes.integer(at: start + LegacyLayout.timestamp)),
            key: key.range, value: value.range, headers: value.end..<value.end, headerCount: 0,
            bytes: frame.bytes)
    }
}

/// Reads and converts message sets of magic 0 and 1.
package enum LegacyMessages {
    /// Calls `body` with every plain message of `set`, those inside compressed ones included, and the bytes
    /// it points into.
    ///
    /// Offsets and times are those that a consumer sees. `limitBytes` bounds what all compressed messages
    /// together grow to. What is cut off at the end of the set, or of a compressed message, is passed over.
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
        guard let value = message.view.value else { throw .invalidBatch(.null) }
        do throws(CompressionError) {
            return try message.codec.decompressed(
                set.extracting(value), limitBytes: limitBytes, dialect: message.dialect)
        } catch { throw .compression(error) }
    }

    private static func forEachInner(
        of wrapper: LegacyMessage, in set: RawSpan,
        _ body: (LegacyMessage, RawSpan) throws(RecordError) -> Void
    ) throws(RecordError) {
        let shift = try shift(of: set, in: wrapper)
        var frames = BatchFrames(set, knowsFormats: false)
        var index = 0
        // Damage behind a message that cannot be used is told first.
        var unusable: RecordError?
        while let frame = try frames.next() {
            guard frames.attributes(frame).codec == CompressionCodec.none else {
                throw .invalidRecord(index: index, .attributes)
            }
            if frame.magic == wrapper.magic {
                try frames.verifyChecksum(frame)
                let message: LegacyMessage?
                do throws(RecordError) {
                    message = try LegacyMessage(frame, in: set, index: index)
                } catch {
                    message = nil
                    unusable = unusable ?? error
                }
                if let message { try body(message.inside(wrapper, shift: shift), set) }
            } else {
                unusable = unusable ?? .invalidRecord(index: index, .format)
            }
            index += 1
        }
        if let unusable { throw unusable }
    }

    /// What the offsets of the messages in `wrapper`, which hold the set `bytes`, count from.
    ///
    /// The wrapper has the offset of the last message inside, so that it takes a walk to know.
    private static func shift(of bytes: RawSpan, in wrapper: LegacyMessage) throws(RecordError) -> Int64 {
        var frames = BatchFrames(bytes, knowsFormats: false)
        var last: BatchFrame?
        while let frame = try frames.next() { last = frame }
        guard let last else { throw .invalidBatch(.empty) }
        // Some producers leave a wrapper's offset at 0, whatever is in it.
        guard wrapper.magic == 1, wrapper.view.offset != .zero else { return 0 }
        let lastOffset = bytes.integer(at: last.bytes.lowerBound + LegacyLayout.offset, as: Int64.self)
        guard wrapper.view.offset.value >= lastOffset else { throw .invalidBatch(.wrapperOffset) }
        return wrapper.view.offset.value &- lastOffset
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
