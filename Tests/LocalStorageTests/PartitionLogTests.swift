// Appending, reading and reopening, against a model that is a plain array of batches.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

/// A log beside a list of what must be in it.
private struct Model {
    var rig: Rig
    var log: PartitionLog
    var batches: [(header: BatchHeader, bytes: [UInt8])] = []
    var random: SeededRandom

    init(seed: UInt64) throws {
        random = SeededRandom(seed: seed)
        var config = LogConfig.tiny
        config.segmentBytes = Int.random(in: 2000...20_000, using: &random)
        config.indexIntervalBytes = [1, 100, 4096].randomElement(using: &random) ?? 1
        rig = try Rig(seed: seed, config: config)
        log = try rig.create()
    }

    mutating func append() throws {
        let spec = BatchSpec(
            count: Int.random(in: 1...9, using: &random), bytes: Int.random(in: 0...150, using: &random),
            tag: batches.count)
        var stored: [UInt8] = []
        try log.append(
            try spec.bytes(at: 1_700_000_000_000 + Int64.random(in: 0..<1000, using: &random)),
            stored: &stored)
        batches.append((try BatchHeader(reading: stored.rawSpan), stored))
    }

    mutating func reopen() throws {
        let kind = Int.random(in: 0..<3, using: &random)
        if kind == 0 {
            try rig.directory.stop(brokerEpoch: 1)
            rig = try rig.reopened()
        } else {
            rig.flush()
            if kind == 2 { try rig.directory.writeCheckpoints() }
            rig = try rig.reopened(on: kind == 1 ? rig.disk.afterKill() : rig.disk.afterPowerCut())
        }
        log = try rig.openLog()
    }

    /// A read at a random offset with a random limit must give what the list says.
    mutating func checkRead() throws {
        let end = batches.last?.header.nextOffset ?? .zero
        let offset = Offset(Int64.random(in: 0...end.value, using: &random))
        let maxBytes = Int.random(in: 0...3000, using: &random)
        let firstBatch = [LargeFirstBatch.whole, .none, .cut].randomElement(using: &random) ?? .whole
        rig.disk.setCold(random.chance(20))
        let bytes = try log.bytes(from: offset, maxBytes: maxBytes, firstBatch: firstBatch)
        rig.disk.setCold(false)
        let visible = batches.filter { $0.header.nextOffset <= log.bounds.highWatermark }
        guard let first = visible.firstIndex(where: { $0.header.lastOffset >= offset }) else {
            #expect(bytes.isEmpty)
            return
        }
        let rest = visible[first...].flatMap(\.bytes)
        #expect(bytes == Array(rest.prefix(bytes.count)), "at \(offset.value)")
        let firstSize = visible[first].bytes.count
        #expect(bytes.count <= max(maxBytes, firstBatch == .whole ? firstSize : 0))
        if firstBatch == .whole || firstBatch == .none && !bytes.isEmpty { #expect(bytes.count >= firstSize) }
    }
}

@Test(
    "what is appended can be read from every offset, over rolls, restarts and crashes",
    arguments: UInt64(0)..<30)
func appendedIsRead(seed: UInt64) throws {
    var model = try Model(seed: seed)
    for _ in 0..<300 {
        switch Int.random(in: 0..<20, using: &model.random) {
        case 0..<10: try model.append()
        case 10..<13: model.rig.flush()
        case 13..<19: try model.checkRead()
        default: try model.reopen()
        }
    }
    model.rig.flush()
    #expect(try model.log.allBatches() == model.batches.map(\.bytes))
    #expect(model.log.bounds.logEnd == model.batches.last?.header.nextOffset ?? .zero)
}

@Test("nothing is visible before it is durable, and the observer hears of it afterwards")
func visibleIsDurable() throws {
    final class Observer: LogObserver {
        let heard = Lock<[Int64]>([])
        func logAdvanced(_ bounds: LogBounds) {
            heard.withLock { $0.append(bounds.highWatermark.value) }
        }
        func logFailed(_ error: StorageError) {}
    }
    let rig = try Rig()
    let log = try rig.create()
    let observer = Observer()
    log.setObserver(observer)
    #expect(
        try log.append(BatchSpec(count: 3, bytes: 10, tag: 0))
            == .appended(OffsetRange(first: .zero, last: Offset(2)), logStart: .zero))
    #expect(log.bounds.logEnd == Offset(3))
    #expect(log.bounds.highWatermark == .zero)
    #expect(try log.bytes(from: .zero).isEmpty)
    #expect(try log.bytes(from: Offset(3)).isEmpty)
    #expect(try !log.bytes(from: .zero, upTo: .logEnd).isEmpty)
    #expect(throws: StorageError.offsetOutOfRange(requested: Offset(4), start: .zero, end: Offset(3))) {
        try log.bytes(from: Offset(4))
    }
    rig.flush()
    #expect(observer.heard.withLock { $0 } == [3])
    #expect(try !log.bytes(from: .zero).isEmpty)
    #expect(rig.directory.flusher.unsyncedBytes == 0)
    #expect(!rig.directory.flusher.flushOnce())
}

@Test("with apus.durability=os everything written is visible, and the observer is still told")
func osDurability() throws {
    final class Observer: LogObserver {
        let heard = Lock<Int64>(0)
        func logAdvanced(_ bounds: LogBounds) {
            heard.withLock { $0 = bounds.highWatermark.value }
        }
        func logFailed(_ error: StorageError) {}
    }
    var config = LogConfig.tiny
    config.durability = .os
    let rig = try Rig(config: config)
    let log = try rig.create()
    let observer = Observer()
    log.setObserver(observer)
    for tag in 0..<40 { try log.append(BatchSpec(count: 2, bytes: 100, tag: tag)) }
    #expect(log.bounds.highWatermark == Offset(80))
    #expect(try log.allBatches().count == 40)
    rig.flush()
    #expect(observer.heard.withLock { $0 } == 80)
    #expect(rig.directory.flusher.unsyncedBytes == 0)
    try rig.directory.stop(brokerEpoch: 0)
    #expect(try rig.reopened().openLog().allBatches().count == 40)
}

@Test("segments roll by size, by the age of their records, and before relative offsets overflow")
func rolling() throws {
    func segments(_ rig: Rig) throws -> [String] {
        try rig.disk.list("/data/t-0").map(\.name).filter { $0.hasSuffix(".log") }
    }
    var config = LogConfig()
    config.segmentAgeMax = .milliseconds(1000)
    let rig = try Rig(config: config)
    let log = try rig.create()
    let start: Int64 = 1_700_000_000_000
    for step: Int64 in [0, 500, 1000, 1001, 1500, 2002] {
        try log.append(try BatchSpec(count: 1, bytes: 1, tag: 0).bytes(at: start + step))
    }
    #expect(
        try segments(rig) == [
            "00000000000000000000.log", "00000000000000000003.log", "00000000000000000005.log",
        ])
    // Batches without timestamps age by the clock.
    try log.append(try BatchSpec(count: 1, bytes: 1, tag: 0).bytes(at: -1))
    config.segmentAgeMax = .seconds(3600)
    config.segmentBytes = 200
    log.update(config)
    try log.append(BatchSpec(count: 1, bytes: 100, tag: 0))
    #expect(try segments(rig).count == 4)
    #expect(throws: StorageError.self) { try log.append(BatchSpec(count: 1, bytes: 1000, tag: 0)) }
    rig.flush()
    #expect(try log.allBatches().count == 8)
}

@Test("trimming frees whole segments and refuses what is not durable")
func trimming() throws {
    let rig = try Rig(config: .tiny)
    let log = try rig.create()
    for tag in 0..<100 { try log.append(BatchSpec(count: 1, bytes: 200, tag: tag)) }
    #expect(throws: StorageError.self) { try log.trim(to: Offset(50)) }
    rig.flush()
    try log.trim(to: Offset(50))
    #expect(log.bounds.logStart == Offset(50))
    #expect(try log.allBatches().count == 50)
    #expect(throws: StorageError.self) { try log.bytes(from: Offset(49)) }
    #expect(try log.expire(at: .none) != nil)
    let files = try rig.disk.list("/data/t-0").map(\.name)
    #expect(!files.contains("00000000000000000000.log"))
    try rig.directory.stop(brokerEpoch: 0)
    #expect(try rig.reopened().openLog().bounds.logStart == Offset(50))
}
