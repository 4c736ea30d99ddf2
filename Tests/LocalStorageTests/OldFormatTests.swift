// Segments of magic 0 and 1 in the directories of an old Kafka.
import Base
import Compression
import Records
import Testing

@testable import LocalStorage
@testable import Storage

@Test(
    "messages of the old formats keep their offsets and values, after a clean stop and after a crash",
    arguments: [Int8(0), 1], [CompressionCodec.none, .gzip, .lz4])
func oldFormats(magic: Int8, codec: CompressionCodec) throws {
    for isClean in [true, false] {
        let rig = try Rig()
        let log = try rig.create()
        for tag in 0..<5 {
            var spec = BatchSpec(count: 3, bytes: 50, tag: tag)
            spec.codec = codec
            try log.append(spec)
        }
        rig.flush()
        let expected = try records(of: log)
        try rig.directory.stop()
        let disk = rig.disk
        let path = "/data/t-0/00000000000000000000.log"
        let bytes = try #require(try disk.contents(path))
        let old = try LegacyMessages.convertDown(
            bytes.span.bytes, to: magic, from: .zero, limitBytes: 1 << 20)
        try disk.replace(path, with: old + (isClean ? [] : old.prefix(20)), isDurable: true)
        // As Kafka wrote it.
        let properties = try #require(try disk.contents("/data/meta.properties"))
        let text = String(decoding: properties, as: UTF8.self).split(separator: "\n")
        let kept = text.filter { !$0.hasPrefix("apus") }.joined(separator: "\n") + "\n"
        try disk.replace("/data/meta.properties", with: Array(kept.utf8), isDurable: true)
        if !isClean {
            try disk.removeIfPresent("/data/.kafka_cleanshutdown")
            try disk.removeIfPresent("/data/recovery-point-offset-checkpoint")
        }
        let after = try rig.reopened()
        let reopened = try after.openLog()
        #expect(reopened.bounds.logEnd == Offset(15))
        let found = try records(of: reopened)
        #expect(found.map(\.value) == expected.map(\.value))
        #expect(found.map(\.offset) == expected.map(\.offset))
        if magic == 1 { #expect(found.map(\.timestamp) == expected.map(\.timestamp)) }
        #expect(after.lines.all.contains { $0.contains("segment.converted") })
        after.directory.abandon()
    }
}

private func records(of log: PartitionLog) throws -> [Record] {
    var bytes: [UInt8] = []
    try log.read(from: .zero, maxBytes: 1 << 20, upTo: .logEnd).copy(into: &bytes)
    var found: [Record] = []
    var cursor = BatchCursor(bytes.span.bytes)
    while let batch = try cursor.next() {
        try batch.verifyChecksum()
        found += try batch.records(limitBytes: 1 << 20)
    }
    return found
}
