// What every message of the protocol is, and the concrete entry points into the codec.
package import Base

/// Which versions of a message exist, and which of them are flexible (compact lengths and tagged fields,
/// KIP-482).
package struct MessageVersions: Sendable, Equatable {
    /// All versions that the codec knows.
    package let range: ClosedRange<Int16>
    /// The first flexible one; nil if none is.
    package let flexibleFrom: Int16?

    /// Versions `range`, flexible from `flexibleFrom` on.
    @inlinable package init(_ range: ClosedRange<Int16>, flexibleFrom: Int16? = nil) {
        self.range = range
        self.flexibleFrom = flexibleFrom
    }

    /// Whether `version` has compact lengths and tagged fields.
    @inlinable package func isFlexible(_ version: Int16) -> Bool {
        guard let flexibleFrom else { return false }
        return version >= flexibleFrom
    }
}

/// A whole message: the body of a request or reply, a record's key or value, a header.
package protocol Message: Structure {
    /// Kafka's name of the message, such as `HeartbeatRequest`.
    static var name: String { get }
    /// The versions that the codec knows (a broker may serve fewer: `APIKey.served`).
    static var versions: MessageVersions { get }
    /// Reads the fields; each message's own copy of this function is specialized for the reader.
    mutating func read(_ reader: inout MessageReader) throws(WireError)
    /// Writes the fields; each message's own copy of this function is specialized for the writer.
    mutating func write(_ writer: inout MessageWriter) throws(WireError)
}

extension Message {
    package static var name: String { String(describing: Self.self) }
    package mutating func read(_ reader: inout MessageReader) throws(WireError) { try layout(&reader) }
    package mutating func write(_ writer: inout MessageWriter) throws(WireError) { try layout(&writer) }
}

/// The body of a request.
package protocol RequestMessage: Message {
    /// The body of its reply.
    associatedtype Reply: ReplyMessage
    /// Its API key.
    static var key: APIKey { get }
}

/// The body of a reply.
package protocol ReplyMessage: Message {
    /// The API key of the request that it answers.
    static var key: APIKey { get }
}

/// What tells a client how long to wait before its next request (KIP-219).
package protocol ThrottledReply: Sendable {
    /// The time in milliseconds; 0 for no wait.
    var throttleTimeMs: Int32 { get set }
}

/// The key or value of a record in a log: `recordType` is the number that stands before it (its API key in
/// KRaft records).
package protocol RecordMessage: Message {
    /// The number that tells this kind of record from others in the same log.
    static var recordType: Int16 { get }
}

/// Record batches in a message; the codec never looks into them.
package enum RecordsField: Sendable, Equatable {
    /// No records.
    case null
    /// Where they lie in the frame that was read.
    case frame(Range<Int>)
    /// A copy, or bytes to be written.
    case bytes([UInt8])
    /// To be written: only the length goes into the message, the bytes follow from elsewhere (see
    /// `RecordsCut`).
    case external(length: Int)

    /// How many bytes the records take; 0 for none.
    package var count: Int {
        switch self {
        case .null: 0
        case .frame(let range): range.count
        case .bytes(let bytes): bytes.count
        case .external(let length): length
        }
    }
}

/// A place in written bytes where external records belong.
package struct RecordsCut: Sendable, Equatable {
    /// The index in the written bytes before which the records go.
    package let position: Int
    /// How many bytes they have.
    package let length: Int
}

extension Message {
    /// Reads a message that begins at `start` of `frame`; bytes after it are left alone, as Kafka does.
    ///
    /// Records become ranges of `frame`, or copies if `copyingRecords`.
    package init(
        reading frame: RawSpan, from start: Int = 0, version: Int16, copyingRecords: Bool = false
    ) throws(WireError) {
        guard Self.versions.range.contains(version) else {
            throw WireError(.unsupportedVersion(version), at: start)
        }
        var reader = MessageReader(
            frame, from: start, version: version, flexible: Self.versions.isFlexible(version),
            copyingRecords: copyingRecords)
        self.init()
        try read(&reader)
    }

    /// Reads a message that is all of `bytes`, with its own copy of any records.
    package init(reading bytes: [UInt8], version: Int16) throws(WireError) {
        try self.init(reading: unsafe bytes.span.bytes, version: version, copyingRecords: true)
    }

    /// Appends the message to `bytes` and returns where external records belong.
    @discardableResult
    package consuming func write(into bytes: inout ByteWriter, version: Int16) throws(WireError)
        -> [RecordsCut]
    {
        let written = try written(version: version)
        let start = bytes.count
        bytes.raw(written.bytes)
        return written.cuts.map { RecordsCut(position: start + $0.position, length: $0.length) }
    }

    /// The message as bytes; external records are left out.
    package consuming func bytes(version: Int16) throws(WireError) -> [UInt8] {
        try written(version: version).bytes
    }

    /// The bytes of the message, and where external records belong.
    package consuming func written(version: Int16) throws(WireError) -> (bytes: [UInt8], cuts: [RecordsCut]) {
        guard Self.versions.range.contains(version) else { throw WireError(.unsupportedVersion(version)) }
        var writer = MessageWriter(version: version, flexible: Self.versions.isFlexible(version))
        try self.write(&writer)
        return writer.finish()
    }
}
