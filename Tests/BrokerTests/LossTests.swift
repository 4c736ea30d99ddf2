// Records that are gone after a clean stop: other files tell that they were there. And damage that no
// checksum covers: it is told to readers, and not given out.
import Base
import Inspection
import Protocol
import Records
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("losses and damage are told")
struct LossTests {
    /// A stopped broker's directory with the topics t and other.
    private func directory(records: Int = 5) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        let half = try StorageHalf(on: disk)
        for name: Name in ["t", "other"] {
            _ = half.create(name, partitions: 1)
            for _ in 0..<records { try half.append(name) }
        }
        try half.directory.stop()
        return disk.afterKill()
    }

    private static let log = "/data/t-0/00000000000000000000.log"

    enum Loss: String, CaseIterable { case emptied, removed, cut }

    /// The size of the first batch.
    private static func batchBytes(_ file: any DiskFile) throws -> Int64 {
        let head = try file.bytes(BatchLayout.headerSize, at: 0)
        return Int64(try BatchHeader(reading: head.span.bytes).sizeInBytes)
    }

    private func lose(_ loss: Loss, _ disk: SimulatedDisk) throws {
        let file = try disk.open(Self.log, .existing)
        switch loss {
        case .emptied: try file.truncate(to: 0)
        case .removed: try disk.remove(Self.log)
        case .cut:
            try file.truncate(to: file.size() - Self.batchBytes(file))
        }
        try file.sync()
        try disk.syncDirectory("/data/t-0")
    }

    @Test(
        "what is gone after a clean stop takes its partition offline, is named, and stays so",
        arguments: Loss.allCases)
    func losses(loss: Loss) throws {
        let disk = try directory()
        try lose(loss, disk)
        var findings: [String] = []
        var check = DirectoryCheck(disk) { findings.append($0) }
        _ = try check.check("/data")
        #expect(findings.contains { $0.contains("t-0") && $0.contains("moving the directory away") })
        #expect(!findings.contains { $0.contains("other-0") })
        for start in 0..<2 {
            let half = try StorageHalf(on: disk)
            #expect(try half.partition("t").isOffline, "start \(start)")
            #expect(try half.log("other").bounds.logEnd == Offset(5))
            let line = try #require(half.lines.all.first { $0.contains("partition.taken_offline") })
            #expect(line.contains(Self.log), "\(line)")
            try half.directory.stop()
        }
    }

    @Test(
        "one file that contradicts two others is itself what is damaged",
        arguments: ["0\n1\nt 0 9\n", "0\n1\nt 0 2\n"])
    func contradicted(text: String) throws {
        let disk = try directory()
        for kind in [OffsetCheckpoint.Kind.recoveryPoint, .highWatermark] {
            let copy = disk.afterKill()
            try copy.replace("/data/\(kind.rawValue)", with: Array(text.utf8), isDurable: true)
            let half = try StorageHalf(on: copy)
            #expect(try half.log("t").bounds.logEnd == Offset(5))
            half.directory.abandon()
        }
    }

    @Test("who gives a partition's records up moves its directory away, and offsets go on behind them")
    func givenUp() throws {
        let disk = try directory()
        try lose(.emptied, disk)
        for entry in try disk.list("/data/t-0") { try disk.remove("/data/t-0/" + entry.name) }
        try disk.removeDirectory("/data/t-0")
        let half = try StorageHalf(on: disk)
        let bounds = try half.log("t").bounds
        #expect(bounds.logStart == Offset(5) && bounds.logEnd == Offset(5))
        #expect(half.lines.all.contains { $0.contains("partition.given_up") && $0.contains("t-0") })
        try half.append("t")
        try half.directory.stop()
        let again = try StorageHalf(on: disk.afterKill())
        #expect(try again.log("t").bounds.logEnd == Offset(6))
        again.directory.abandon()
    }

    @Test("without its metadata log a directory that had one is refused, and no topic is forgotten")
    func metadataLost() throws {
        let disk = try directory()
        for entry in try disk.list("/data/__cluster_metadata-0") {
            try disk.remove("/data/__cluster_metadata-0/" + entry.name)
        }
        let emptied = disk.afterKill()
        #expect(throws: StartError.self) { try StorageHalf(on: emptied) }
        try disk.removeDirectory("/data/__cluster_metadata-0")
        #expect(throws: StartError.self) { try StorageHalf(on: disk) }
    }

    @Test(
        "a changed offset, length or format is not served: a reader gets what is before it, then an error",
        arguments: [0, 7, 8, 11, 16])
    func damagedHeader(byte: Int) throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        for _ in 0..<30 {
            try client.send(try ProduceRequest("t", acks: -1), version: 8)
            rig.flush()
            #expect(try client.produced()?.first?.error == ErrorCode.none)
        }
        let file = try rig.disk.open(Self.log, .existing)
        let size = Int(try Self.batchBytes(file))
        rig.disk.damage(Self.log, at: 10 * size + byte, mask: 1)
        // The first reader's connection ends where the damage is.
        for offset in [0, 0, 5, 9] {
            let reader = try rig.connect()
            try reader.send(FetchRequest("t", from: Int64(offset), maxWait: 0), version: 4)
            rig.step()
            guard let answer = try reader.fetched() else {
                #expect(offset == 0)
                continue
            }
            #expect(answer.error == ErrorCode.none)
            // Where the length is wrong, the batch itself comes too: readers compare its checksum.
            let served = DamageRig.split(answer.records).filter { DamageRig.isSound($0.bytes) }
            let ends = served.map(\.header.nextOffset.value)
            #expect(ends == (Int64(offset)..<10).map { $0 + 1 }, "from \(offset)")
        }
        let reader = try rig.connect()
        for offset in byte == 8 || byte == 11 ? [] : [10, 10] {
            try reader.send(FetchRequest("t", from: Int64(offset), maxWait: 0), version: 4)
            rig.step()
            #expect(try reader.fetched()?.error == .corruptMessage)
        }
        let lines = rig.lines.all.filter { $0.contains("log.damaged") }
        #expect(lines.count <= 2 && lines.first?.contains(Self.log) == true, "\(lines)")
    }
}
