// Aborted transactions: what read_committed readers are told, and what of it a stop and a crash leave.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

@Suite("aborted transactions")
struct TransactionIndexTests {
    private let log = "/data/t-0/"

    /// Two producers whose transactions overlap: 1 aborts, 2 commits, 1 aborts again over two batches.
    private func fill(_ log: PartitionLog) throws {
        func batch(_ producer: Int64, _ sequence: Int32) throws {
            var spec = BatchSpec(count: 1, bytes: 40, tag: Int(producer))
            spec.producer = (producer, 0, sequence)
            spec.isTransactional = true
            try log.append(spec)
        }
        try batch(1, 0)  // 0
        try batch(2, 0)  // 1
        try log.append(marker(producer: 1, epoch: 0, commits: false))  // 2
        try log.append(marker(producer: 2, epoch: 0, commits: true))  // 3
        try batch(1, 1)  // 4
        try batch(1, 2)  // 5
        try log.append(marker(producer: 1, epoch: 0, commits: false))  // 6
        try batch(2, 1)  // 7
    }

    private let expected = [
        AbortedTransaction(
            producerID: ProducerID(1), first: Offset(0), last: Offset(2), lastStable: Offset(1)),
        AbortedTransaction(
            producerID: ProducerID(1), first: Offset(4), last: Offset(6), lastStable: Offset(7)),
    ]

    private func aborted(_ log: PartitionLog, from offset: Int64 = 0) throws -> [AbortedTransaction] {
        try log.read(from: Offset(offset), maxBytes: 1 << 20, upTo: .lastStable).aborted
    }

    @Test(
        "a reader up to the last stable offset is told of all that may lie in its slice, and no other reader")
    func readers() throws {
        let rig = try Rig()
        let log = try rig.create()
        try fill(log)
        #expect(log.bounds.lastStable == .zero)
        rig.flush()
        #expect(log.bounds.lastStable == Offset(7))
        #expect(try aborted(log) == expected)
        #expect(try aborted(log, from: 3) == [expected[1]])
        #expect(try aborted(log, from: 6) == [expected[1]])
        #expect(try log.read(from: .zero, maxBytes: 1 << 20).aborted == [])
        rig.directory.abandon()
    }

    @Test("the file holds what is durable, and nothing before it is")
    func file() throws {
        let rig = try Rig()
        let log = try rig.create()
        try fill(log)
        let path = self.log + "00000000000000000000.txnindex"
        #expect(try rig.disk.contents(path) == nil)
        rig.flush()
        #expect(try rig.disk.contents(path) == TransactionIndexFile.bytes(expected))
        rig.directory.abandon()
    }

    @Test("a stop, a kill and a power cut leave the same index, with its files or without", arguments: 1..<9)
    func survivors(seed: UInt64) throws {
        for ending in ["stop", "kill", "cut", "lost", "torn"] {
            var config = LogConfig()
            config.segmentBytes = 300
            let rig = try Rig(seed: seed, config: config)
            let log = try rig.create()
            try fill(log)
            rig.flush()
            var disk = rig.disk
            if ending == "stop" || ending == "lost" || ending == "torn" { try rig.directory.stop() }
            if ending == "kill" || ending == "cut" { rig.directory.abandon() }
            disk = ending == "cut" ? disk.afterPowerCut() : disk.afterKill()
            for entry in try disk.list("/data/t-0") where entry.name.hasSuffix(".txnindex") {
                if ending == "lost" { try disk.remove(self.log + entry.name) }
                if ending == "torn", entry.sizeBytes > 0 {
                    try disk.open(self.log + entry.name, .existing).truncate(to: entry.sizeBytes - 3)
                }
            }
            for _ in 0..<2 {
                let next = try rig.reopened(on: disk)
                let found = try next.openLog()
                #expect(try index(found) == expected, "\(ending)")
                #expect(found.bounds.lastStable == Offset(7), "\(ending)")
                try next.directory.stop()
            }
        }
    }

    private func index(_ log: PartitionLog) throws -> [AbortedTransaction] {
        var found: Set<AbortedTransaction> = []
        for offset in 0..<log.bounds.lastStable.value { found.formUnion(try aborted(log, from: offset)) }
        return found.sorted { $0.last < $1.last }
    }
}
