// Compaction, retention, appends and reads at the same time, on threads of their own.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

@Suite("compaction beside readers and writers")
struct CompactionConcurrencyTests {
    /// What every record of the test says: its own offset.
    private static func batch(at offset: Int64, _ random: inout SeededRandom) throws -> [UInt8] {
        let count = Int64.random(in: 1...4, using: &random)
        return try keyed(
            (0..<count).map { index in
                Keyed("k\(Int.random(in: 0..<50, using: &random))", "\(offset + index)")
            })
    }

    @Test("readers get whole batches in order, each record at its offset, while all else goes on")
    func threads() throws {
        var config = LogConfig.compacting
        config.fileDeleteDelay = .zero
        let rig = try Rig(config: config)
        let log = try rig.create()
        let isDone = Lock(false)
        let failures = Lock<[String]>([])
        let reads = Lock(0)
        @Sendable func attempt(_ what: String, _ body: () throws -> Void) {
            do { try body() } catch { failures.withLock { $0.append("\(what): \(error)") } }
        }
        runInParallel(4, threads: 4) { number in
            var random = SeededRandom(seed: UInt64(number) + 1)
            switch number {
            case 0:
                for _ in 0..<600 {
                    attempt("append") {
                        try log.append(try Self.batch(at: log.bounds.logEnd.value, &random))
                        if random.chance(20) { rig.flush() }
                    }
                }
                isDone.withLock { $0 = true }
            case 1:
                while !isDone.withLock({ $0 }) {
                    rig.compact(mapBytes: 30 * CompactionMap.slotBytes, rounds: 3)
                    _ = rig.directory.removeDeletedSegments(at: .max)
                }
            default:
                while !isDone.withLock({ $0 }) {
                    attempt("read") {
                        try read(log, &random, isTimed: number == 3)
                        reads.withLock { $0 += 1 }
                    }
                }
            }
        }
        #expect(failures.withLock { $0.prefix(3).joined(separator: "\n") } == "")
        #expect(reads.withLock { $0 } > 20)
        rig.compact()
        let found = try log.records()
        #expect(found.allSatisfy { $0.record.value == "\($0.offset)" })
    }

    private func read(_ log: PartitionLog, _ random: inout SeededRandom, isTimed: Bool) throws {
        let bounds = log.bounds
        guard bounds.highWatermark > bounds.logStart else { return }
        if isTimed, let hit = try log.offset(forTimestamp: Timestamp(milliseconds: 0)) {
            guard hit.offset < bounds.highWatermark else { throw WrongRead(offset: hit.offset) }
        }
        let from = Offset(
            Int64.random(in: bounds.logStart.value..<bounds.highWatermark.value, using: &random))
        let slice = try log.read(from: from, maxBytes: 4000)
        var bytes: [UInt8] = []
        try slice.copy(into: &bytes)
        var cursor = BatchCursor(bytes.span.bytes)
        var end = Offset.zero
        while let batch = try? cursor.next() {
            try batch.verifyChecksum()
            guard batch.header.baseOffset >= end, batch.header.lastOffset >= from else {
                throw WrongRead(offset: batch.header.baseOffset)
            }
            for record in try batch.records(limitBytes: 1 << 20)
            where record.value != Array("\(record.offset.value)".utf8) {
                throw WrongRead(offset: record.offset)
            }
            end = batch.header.nextOffset
        }
    }

    private struct WrongRead: Error {
        var offset: Offset
    }

    @Test("a topic that is deleted in the middle of its compaction is gone, and its successor is untouched")
    func deletion() throws {
        let rig = try Rig(config: .compacting)
        let log = try rig.create()
        for number in 0..<60 { try log.append(try keyed([Keyed("k\(number % 7)", "\(number)")])) }
        try rig.seal(log)
        let calls = Lock(0)
        // Deleted and made again while compaction has its draft open.
        let pace = CompactionPace(
            bytesPerSecond: 1, clock: rig.clock,
            pause: { _ in
                let number = calls.withLock { calls in
                    calls += 1
                    return calls
                }
                guard number == 4 else { return }
                try? rig.directory.deletePartition(partition("t"))
                let next = try? rig.create()
                _ = try? next?.append(BatchSpec(count: 1, bytes: 10, tag: 1))
                rig.flush()
            }, isStopping: { false })
        #expect(
            rig.directory.compactNext(at: rig.clock.wallTime(), CompactionSettings(), pace)
                == .idle(until: nil))
        #expect(calls.withLock { $0 } >= 4)
        let next = try #require(rig.directory.log(of: partition("t")))
        #expect(next !== log && next.bounds.highWatermark == Offset(1))
        let names = try rig.disk.list("/data/t-0").map(\.name).filter { $0.contains(".log") }
        #expect(names == ["00000000000000000000.log"])
        #expect(try next.allBatches().count == 1)
        #expect(try rig.reopened(on: rig.disk.afterPowerCut()).openLog().bounds.logEnd == Offset(1))
    }
}
