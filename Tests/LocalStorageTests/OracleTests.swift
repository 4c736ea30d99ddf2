// What Apache Kafka's own tools say about our files. Needs KAFKA_ORACLE, the folder with kafka.sh; skipped
// aloud without it.
import Base
import Compression
import Foundation
import Glibc
import Records
import Testing

@testable import LocalStorage
@testable import Storage

private let oracle = ProcessInfo.processInfo.environment["KAFKA_ORACLE"]

/// What DumpLogSegments prints about files, standard error included.
private func dump(_ files: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(oracle) + "/kafka.sh")
    process.arguments = [
        "run", "org.apache.kafka.tools.DumpLogSegments", "--deep-iteration", "--print-data-log", "--files",
        files.joined(separator: ","),
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
}

private func names(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
}

/// The lines of what it prints about a partition's files, in none of which something is wrong.
private func soundDump(of path: String) throws -> [Substring] {
    let files = try names(in: path).filter { name in
        [".log", ".index", ".timeindex", ".snapshot"].contains { name.hasSuffix($0) }
    }
    let text = try dump(files.map { path + "/" + $0 })
    let lines = text.split(separator: "\n")
    for sign in [
        "Mismatches", "mismatch", "out of order", "Exception", "isvalid: false", "corrupt", "Found timestamp",
        "invalid",
    ] {
        #expect(!text.contains(sign), "\(sign): \(lines.first { $0.contains(sign) } ?? "")")
    }
    return lines
}

/// A log directory on the machine's own disk.
private func openDirectory(_ path: String) throws(StorageError) -> LogDirectory {
    try LogDirectory(
        LogDirectoryOptions(
            path: path, clusterID: "c", nodeID: 1, directoryID: UUID(high: 1, low: 999), version: "1"),
        disk: PosixDisk(), clock: SystemClock(), background: { $0() }, logger: Logger(level: .error))
}

@Test(
    "Kafka's DumpLogSegments reads every file and finds the indexes in order, after a stop and after a crash",
    .enabled(if: oracle != nil, "set KAFKA_ORACLE to the folder that holds kafka.sh"),
    arguments: [true, false])
func dumpLogSegments(isClean: Bool) throws {
    let path = FileManager.default.temporaryDirectory.path + "/apus-oracle-\(Foundation.UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var config = LogConfig()
    config.segmentBytes = 20_000
    config.indexIntervalBytes = 512
    let directory = try openDirectory(path)
    try directory.start()
    let log = try directory.createPartition(partition("t"), id: TopicID(high: 3, low: 1), config: config)
    try log.becomeLeader(epoch: LeaderEpoch(4))
    var sequence: Int32 = 0
    var random = SystemRandomNumberGenerator()
    for tag in 0..<200 {
        var spec = BatchSpec(count: 1 + tag % 5, bytes: 150, tag: tag)
        spec.codec = CompressionCodec.allCases[tag % CompressionCodec.allCases.count]
        spec.timestamps = spec.values.map { _ in
            1_700_000_000_000 + Int64(tag) * 10 + Int64.random(in: -50...50, using: &random)
        }
        if tag % 3 == 0 {
            spec.producer = (77, 1, sequence)
            sequence += Int32(spec.values.count)
        }
        try log.append(spec)
    }
    let records = log.bounds.logEnd.value
    if isClean {
        try directory.stop(brokerEpoch: 1)
    } else {
        directory.abandon()
        let next = try openDirectory(path)
        try next.start()
        _ = try next.openPartition(partition("t"), id: TopicID(high: 3, low: 1), config: config)
        try next.stop(brokerEpoch: 2)
    }
    #expect(try names(in: path + "/t-0").filter { $0.hasSuffix(".log") }.count > 1)
    let lines = try soundDump(of: path + "/t-0")
    #expect(lines.filter { $0.hasPrefix("| offset:") }.count == Int(records))
    #expect(lines.filter { $0.hasPrefix("producerId: 77") }.count >= 1)
    let indexEntries = lines.filter { $0.hasPrefix("offset: ") && $0.contains("position: ") }
    #expect(indexEntries.count > 5)
    #expect(lines.filter { $0.hasPrefix("timestamp: ") }.count > 5)
}

@Test(
    "Kafka's DumpLogSegments finds nothing amiss in a compacted log and its indexes",
    .enabled(if: oracle != nil, "set KAFKA_ORACLE to the folder that holds kafka.sh"))
func dumpCompacted() throws {
    let path = FileManager.default.temporaryDirectory.path + "/apus-oracle-\(Foundation.UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let directory = try openDirectory(path)
    try directory.start()
    var config = LogConfig.compacting
    config.segmentBytes = 20_000
    config.indexIntervalBytes = 512
    let log = try directory.createPartition(partition("t"), id: TopicID(high: 3, low: 1), config: config)
    var sequence: Int32 = 0
    for tag in 0..<600 {
        let records = (0..<(1 + tag % 4)).map { index in
            Keyed("k\((tag * 7 + index) % 90)", tag % 11 == 0 ? nil : String(repeating: "v", count: 90))
        }
        let codec = CompressionCodec.allCases[tag % CompressionCodec.allCases.count]
        let producer = tag % 3 == 0 ? TestProducer(id: 77, epoch: 1, sequence: sequence) : nil
        if producer != nil { sequence += Int32(records.count) }
        try log.append(
            try keyed(records, at: 1_700_000_000_000 + Int64(tag), codec: codec, producer: producer))
    }
    while log.bounds.highWatermark < log.bounds.logEnd { usleep(1000) }
    let pace = CompactionPace(
        bytesPerSecond: .infinity, clock: SystemClock(), pause: { _ in }, isStopping: { false })
    var looks = 0
    while directory.compactNext(at: SystemClock().wallTime(), CompactionSettings(), pace) == .compacted {
        looks += 1
    }
    #expect(looks > 0)
    try directory.stop(brokerEpoch: 1)
    let lines = try soundDump(of: path + "/t-0")
    #expect(lines.contains { $0.contains("deleteHorizonMs: OptionalLong[") })
    #expect(lines.filter { $0.hasPrefix("| offset:") }.count < 400)
}
