// How messages stand in records: coordinators put the kind before a key and the version before a value, the
// metadata log puts a frame version, kind and version before each record.
import Base

extension RecordMessage {
    /// A key as it stands in a coordinator's log: two bytes of record type, then the fields.
    package func keyBytes() throws(WireError) -> [UInt8] {
        try prefixed(by: Self.recordType, version: 0)
    }

    /// A value as it stands in a coordinator's log: two bytes of version, then the fields.
    package func valueBytes(version: Int16) throws(WireError) -> [UInt8] {
        try prefixed(by: version, version: version)
    }

    /// A value as it stands in the metadata log (KIP-631): varints of frame version 1, record type, version,
    /// then the fields.
    package func metadataBytes(version: Int16) throws(WireError) -> [UInt8] {
        var out = ByteWriter(capacity: 64)
        out.unsignedVarint(1)
        out.unsignedVarint(UInt64(UInt16(bitPattern: Self.recordType)))
        out.unsignedVarint(UInt64(UInt16(bitPattern: version)))
        try write(into: &out, version: version)
        return out.bytes
    }
}

extension Message {
    /// The message after two bytes of its version, as members of a consumer group exchange it.
    package func versionedBytes(version: Int16) throws(WireError) -> [UInt8] {
        try prefixed(by: version, version: version)
    }

    /// Reads a message that stands after two bytes of its version; a newer version is read as the newest that
    /// we know, as its additions come last.
    package init(versioned bytes: [UInt8]) throws(WireError) {
        var reader = MessageReader(unsafe bytes.span.bytes, version: 0, flexible: false)
        var version: Int16 = 0
        try reader.int16("version", &version)
        try self.init(
            reading: unsafe bytes.span.bytes, from: 2, version: min(version, Self.versions.range.upperBound),
            copyingRecords: true)
    }

    fileprivate func prefixed(by prefix: Int16, version: Int16) throws(WireError) -> [UInt8] {
        var out = ByteWriter(capacity: 64)
        out.integer(prefix)
        try write(into: &out, version: version)
        return out.bytes
    }
}

/// What stands before the fields of a record in the metadata log.
package struct MetadataRecordHeader: Sendable, Equatable {
    /// Tells the kinds of records apart.
    package let recordType: Int
    /// The version of the fields.
    package let version: Int16
    /// The index of the first byte of the fields.
    package let bodyStart: Int

    /// Reads the three varints at the start of `value`; a frame version other than 0 and 1 is refused.
    package init(reading value: RawSpan) throws(WireError) {
        var reader = ByteReader(value)
        do {
            let frameVersion = try reader.unsignedVarint()
            guard frameVersion <= 1 else {
                throw WireError(.text("frame version \(frameVersion) is not known"))
            }
            recordType = Int(try reader.unsignedVarint())
            guard let version = Int16(exactly: try reader.unsignedVarint()) else {
                throw WireError(.text("a version above 32767"), at: reader.position)
            }
            self.version = version
        } catch let error as WireError {
            throw error
        } catch {
            throw WireError(.text("a metadata record without its header"), at: reader.position)
        }
        bodyStart = reader.position
    }
}
