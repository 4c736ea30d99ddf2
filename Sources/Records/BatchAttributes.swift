// The attribute bits of a batch: bits 0–2 codec, 3 timestamp type, 4 transactional, 5 control, 6 delete
// horizon (KIP-534).
package import Compression

/// Who set the timestamps of a batch.
package enum TimestampType: UInt8, CaseIterable, Sendable {
    /// The producer, record by record.
    case createTime = 0
    /// The broker: all records have the batch's `maxTimestamp`.
    case logAppendTime = 1
}

/// The attribute bits of a batch.
package struct BatchAttributes: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    package var rawValue: UInt16

    /// The bits as they stand in the header.
    @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The bits for these properties.
    package init(
        codec: CompressionCodec = .none, timestampType: TimestampType = .createTime,
        isTransactional: Bool = false,
        isControl: Bool = false
    ) {
        rawValue = UInt16(codec.rawValue) | UInt16(timestampType.rawValue) << 3
        if isTransactional { rawValue |= Bits.transactional }
        if isControl { rawValue |= Bits.control }
    }

    private enum Bits {
        static let codec: UInt16 = 0b111
        static let timestampType: UInt16 = 1 << 3
        static let transactional: UInt16 = 1 << 4
        static let control: UInt16 = 1 << 5
        static let deleteHorizon: UInt16 = 1 << 6
    }

    /// The codec of the records; nil for a number that no Kafka ever used.
    package var codec: CompressionCodec? {
        get { CompressionCodec(rawValue: UInt8(rawValue & Bits.codec)) }
        set { rawValue = rawValue & ~Bits.codec | UInt16((newValue ?? .none).rawValue) }
    }

    /// Who set the timestamps.
    package var timestampType: TimestampType {
        get { rawValue & Bits.timestampType == 0 ? .createTime : .logAppendTime }
        set { set(Bits.timestampType, to: newValue == .logAppendTime) }
    }

    /// Whether the batch belongs to a transaction.
    package var isTransactional: Bool {
        get { rawValue & Bits.transactional != 0 }
        set { set(Bits.transactional, to: newValue) }
    }

    /// Whether the records are the broker's own (`ControlRecord`) and hidden from consumers.
    package var isControl: Bool {
        get { rawValue & Bits.control != 0 }
        set { set(Bits.control, to: newValue) }
    }

    /// Whether `baseTimestamp` is the time from which the cleaner may drop the batch's tombstones and
    /// markers.
    package var hasDeleteHorizon: Bool {
        get { rawValue & Bits.deleteHorizon != 0 }
        set { set(Bits.deleteHorizon, to: newValue) }
    }

    /// Leaves the bits that have a meaning, as whoever writes a header anew does.
    mutating func dropUnknownBits() {
        rawValue &=
            Bits.codec | Bits.timestampType | Bits.transactional | Bits.control | Bits.deleteHorizon
    }

    private mutating func set(_ bit: UInt16, to isSet: Bool) {
        rawValue = isSet ? rawValue | bit : rawValue & ~bit
    }
}
