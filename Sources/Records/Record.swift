// A record as a value of its own, for logs of state, conversions and tests; the data path uses RecordView,
// which copies nothing.
package import Base

/// A header of a record: a name (UTF-8 by convention, any bytes in fact) and a value, which may be null.
package struct RecordHeader: Hashable, Sendable {
    package var name: [UInt8]
    package var value: [UInt8]?

    /// A header from its bytes.
    package init(name: [UInt8], value: [UInt8]?) {
        self.name = name
        self.value = value
    }
}

/// A record with its own copy of key, value and headers.
package struct Record: Hashable, Sendable {
    /// Its offset in the log; a builder may be told to ignore it.
    package var offset: Offset
    package var timestamp: Timestamp
    package var key: [UInt8]?
    package var value: [UInt8]?
    package var headers: [RecordHeader]

    /// A record from its parts.
    package init(
        offset: Offset = .zero, timestamp: Timestamp, key: [UInt8]?, value: [UInt8]?,
        headers: [RecordHeader] = []
    ) {
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }
}

/// Where the parts of one record lie in the uncompressed records of its batch.
package struct RecordView: Hashable, Sendable {
    package let offset: Offset
    package let timestamp: Timestamp
    package let key: Range<Int>?
    package let value: Range<Int>?
    /// The encoded headers, behind their number.
    package let headers: Range<Int>
    package let headerCount: Int
    /// The whole record, its length field included.
    package let bytes: Range<Int>
}
