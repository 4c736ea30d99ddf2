import Base
import Testing

@Test("CRC-32C agrees with the check value of its catalogue entry and with the portable form")
func checksums() {
    let digits = Array("123456789".utf8)
    #expect(CRC32C.checksum(digits.span.bytes) == 0xe306_9283)
    for length in [0, 1, 7, 8, 9, 6143, 6144, 6145, 20_000, 100_001] {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(
            CRC32C.checksum(bytes.span.bytes) == CRC32C.portableChecksum(bytes.span.bytes), "length \(length)"
        )
    }
}

@Test(
    "varint sizes are what the writer writes",
    arguments: [0, 1, 127, 128, 16383, 16384, UInt64(UInt32.max), UInt64.max])
func varintSizes(value: UInt64) {
    var writer = ByteWriter()
    writer.unsignedVarint(value)
    #expect(writer.count == unsignedVarintSize(value))
}

@Test("timestamps print as ISO 8601")
func timestamps() {
    #expect(Timestamp(milliseconds: 0).description == "1970-01-01T00:00:00.000Z")
    #expect(Timestamp(milliseconds: 951_782_400_123).description == "2000-02-29T00:00:00.123Z")
    #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
}
