// Batches that the builder makes, as the reader sees them.
import Base
import Compression
import Records
import Testing

@Test("a batch is read back as it was built", arguments: CompressionCodec.allCases)
func batchesRoundTrip(codec: CompressionCodec) throws {
    let records = (0..<100).map { index in
        Record(
            offset: Offset(1000 + Int64(index)),
            timestamp: Timestamp(milliseconds: 1_700_000_000_000 - Int64(index)),
            key: index % 3 == 0 ? nil : Array("key-\(index)".utf8),
            value: index % 5 == 0 ? nil : Array(repeating: UInt8(index), count: index * 3),
            headers: (0..<(index % 4)).map {
                RecordHeader(name: [UInt8($0)], value: $0 == 0 ? nil : [1, 2, 3])
            })
    }
    var options = BatchOptions()
    options.baseOffset = Offset(1000)
    options.codec = codec
    var builder = BatchBuilder(options)
    for record in records {
        builder.append(
            timestamp: record.timestamp, key: record.key, value: record.value, headers: record.headers)
    }
    let bytes = try builder.finish()
    let batch = try RecordBatch(reading: bytes.span.bytes)
    try batch.verifyChecksum()
    #expect(batch.header.sizeInBytes == bytes.count)
    #expect(batch.header.nextOffset == Offset(1100))
    #expect(batch.header.maxTimestamp == Timestamp(milliseconds: 1_700_000_000_000))
    #expect(try batch.records(limitBytes: 1 << 20) == records)
}
