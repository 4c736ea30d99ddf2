// Lookups by time against a plain search.
import Base
import Compression
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

@Test("a timestamp finds the first record at or after it, inside batches too", arguments: UInt64(0)..<20)
func timestampLookup(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var config = LogConfig.tiny
    config.segmentBytes = 3000
    var rig = try Rig(seed: seed, config: config)
    var log = try rig.create()
    var records: [(offset: Int64, timestamp: Int64)] = []
    var now: Int64 = 1_000_000
    for tag in 0..<80 {
        var spec = BatchSpec(count: Int.random(in: 1...6, using: &random), bytes: 50, tag: tag)
        spec.codec = CompressionCodec.allCases.randomElement(using: &random) ?? .none
        // Out of order within half a second, and now and then far back.
        spec.timestamps = spec.values.map { _ in
            now += Int64.random(in: 0...20, using: &random)
            return now - (random.chance(5) ? 5_000 : Int64.random(in: 0...500, using: &random))
        }
        for timestamp in spec.timestamps ?? [] { records.append((Int64(records.count), timestamp)) }
        try log.append(spec)
    }
    let start = random.chance(50) ? Int64.random(in: 0..<Int64(records.count), using: &random) : 0
    rig.flush()
    try log.trim(to: Offset(start))
    for round in 0..<3 {
        for _ in 0..<100 {
            let target = Int64.random(in: 990_000...(now + 10), using: &random)
            let expected = records.first { $0.timestamp >= target && $0.offset >= start }
            let hit = try log.offset(forTimestamp: Timestamp(milliseconds: target))
            #expect(hit?.offset.value == expected?.offset, "timestamp \(target), round \(round)")
            #expect(hit?.timestamp.milliseconds == expected?.timestamp)
        }
        let kept = records[Int(start)...]
        let greatest = kept.map(\.timestamp).max()
        let hit = try log.offsetOfMaxTimestamp()
        // The greatest of a batch that straddles the log start may lie before it.
        if start == 0 { #expect(hit?.offset.value == kept.first { $0.timestamp == greatest }?.offset) }
        if round == 0 {
            try rig.directory.stop(brokerEpoch: 0)
            rig = try rig.reopened()
        } else {
            rig = try rig.reopened(on: rig.disk.afterKill())
        }
        log = try rig.openLog()
    }
}

@Test("an empty log has no timestamps, and records beyond the high watermark are not found")
func invisibleTimestamps() throws {
    let rig = try Rig()
    let log = try rig.create()
    #expect(try log.offset(forTimestamp: Timestamp(milliseconds: 0)) == nil)
    #expect(try log.offsetOfMaxTimestamp() == nil)
    try log.append(BatchSpec(count: 1, bytes: 1, tag: 0))
    #expect(try log.offset(forTimestamp: Timestamp(milliseconds: 0)) == nil)
    #expect(try log.offsetOfMaxTimestamp() == nil)
    rig.flush()
    var spec = BatchSpec(count: 1, bytes: 1, tag: 0)
    spec.timestamps = [1_900_000_000_000]
    try log.append(spec)
    #expect(try log.offsetOfMaxTimestamp()?.offset == .zero)
    #expect(try log.offset(forTimestamp: Timestamp(milliseconds: 1_800_000_000_000)) == nil)
}

@Test(
    "a search in an index file finds what a plain search finds, wherever the last one ended",
    arguments: [0, 1, 2, 511, 512, 513, 3000])
func indexSearch(count: Int) throws {
    var random = SeededRandom(seed: UInt64(count))
    let disk = SimulatedDisk(seed: 1)
    var keys: [Int64] = []
    var writer = ByteWriter()
    for number in 0..<count {
        keys.append((keys.last ?? 0) + Int64.random(in: 0...3, using: &random))
        IndexEntry(key: keys[number], value: Int32(number)).write(into: &writer, .offset)
    }
    let segment = Segment(base: .zero, directory: "", disk: disk)
    let file = try segment.writableIndex(.offset)
    try file.write(writer.bytes.rawSpan, at: 0)
    for round in 0..<500 {
        let key =
            round % 2 == 0 ? Int64.random(in: -1...(keys.last ?? 0) + 1, using: &random) : Int64(round * 10)
        guard case .entry(let found) = try segment.search(.offset, entries: count, key: key, mayWait: true)
        else {
            #expect(keys.allSatisfy { $0 > key })
            continue
        }
        #expect(Int(found.value) == keys.lastIndex { $0 <= key })
    }
}
