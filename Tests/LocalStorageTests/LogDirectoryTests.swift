// What a log directory accepts, refuses and leaves behind, on the real disk.
import Base
import Foundation
import Glibc
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

/// A directory of its own that goes with the test.
private final class Scratch {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/apus-storage-\(Foundation.UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String = "") throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

    func open(_ path: String? = nil, lines: Rig.Lines? = nil) throws(StorageError) -> LogDirectory {
        try LogDirectory(
            LogDirectoryOptions(
                path: path ?? self.path, clusterID: "c", nodeID: 1, directoryID: UUID(high: 1, low: 999),
                version: "1"),
            disk: PosixDisk(), clock: SystemClock(), background: { startDetachedThread($0) },
            logger: Logger(level: .warning) { lines?.add($0) })
    }
}

@Test("an empty or missing directory becomes a log directory, and keeps its identity")
func newDirectory() throws {
    let scratch = try Scratch()
    let deep = scratch.path + "/a/b"
    let directory = try scratch.open(deep)
    #expect(directory.isNew)
    try directory.start()
    try directory.stop(brokerEpoch: 5)
    let again = try scratch.open(deep)
    #expect(!again.isNew)
    #expect(again.properties == directory.properties)
    #expect(again.cleanStop?.brokerEpoch == 5)
    let names = try FileManager.default.contentsOfDirectory(atPath: deep).sorted()
    #expect(
        names == [
            ".kafka_cleanshutdown", ".lock", "log-start-offset-checkpoint", "meta.properties",
            "recovery-point-offset-checkpoint",
            "replication-offset-checkpoint",
        ])
}

@Test("lost+found and hidden files do not make a directory foreign; later, unknown plain files do no harm")
func toleratedFiles() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(
        atPath: scratch.path + "/lost+found", withIntermediateDirectories: false)
    try scratch.write(".DS_Store")
    try scratch.open().abandon()
    try scratch.write("notes.txt")
    let directory = try scratch.open()
    #expect(try directory.partitions().isEmpty)
}

@Test("foreign files in a directory that becomes a log directory are named, and stay")
func foreignFilesStay() throws {
    let scratch = try Scratch()
    try scratch.write("holiday.jpg", "x")
    let lines = Rig.Lines()
    let directory = try scratch.open(lines: lines)
    #expect(directory.isNew)
    directory.abandon()
    #expect(scratch.names.contains("holiday.jpg"))
    #expect(lines.all.contains { $0.contains("foreign_files.found") && $0.contains("holiday.jpg") })
}

@Test(
    "a foreign directory is refused untouched, with one sentence",
    arguments: ["checkpoint", "directory", "garbled", "notdirectory"])
func foreignDirectories(kind: String) throws {
    let scratch = try Scratch()
    var path = scratch.path
    switch kind {
    case "checkpoint": try scratch.write("recovery-point-offset-checkpoint", "0\n0\n")
    case "directory":
        try FileManager.default.createDirectory(
            atPath: scratch.path + "/photos", withIntermediateDirectories: false)
    case "garbled": try scratch.write("meta.properties", "hello")
    default:
        try scratch.write("plain", "x")
        path += "/plain"
    }
    let before = scratch.names
    do throws(StorageError) {
        _ = try scratch.open(path)
        Issue.record("accepted")
    } catch {
        #expect(error.description.contains(path))
        #expect(!error.description.contains("\n"))
    }
    #expect(scratch.names == before)
}

@Test("a second broker on the same directory is refused and told who holds it")
func secondOpener() throws {
    let scratch = try Scratch()
    let first = try scratch.open()
    #expect(
        throws: StorageError.directoryInUse(
            path: scratch.path, process: ProcessInfo.processInfo.processIdentifier)
    ) {
        try scratch.open()
    }
    first.abandon()
    try scratch.open().abandon()
}

@Test("partitions are created, listed, deleted and created again under another id")
func partitionLife() throws {
    let scratch = try Scratch()
    let directory = try scratch.open()
    try directory.start()
    let (old, new) = (TopicID(high: 3, low: 1), TopicID(high: 3, low: 2))
    let log = try directory.createPartition(partition("my-topic", 2), id: old, config: LogConfig())
    try log.append(BatchSpec(count: 1, bytes: 10, tag: 0))
    #expect(throws: StorageError.partitionExists(path: scratch.path + "/my-topic-2")) {
        try directory.createPartition(partition("my-topic", 2), id: new, config: LogConfig())
    }
    #expect(
        try directory.partitions() == [
            FoundPartition(
                partition: partition("my-topic", 2), topicID: old, path: scratch.path + "/my-topic-2")
        ])
    let slice = try log.read(from: .zero, maxBytes: 100, upTo: .logEnd)
    try directory.deletePartition(partition("my-topic", 2))
    #expect(try directory.partitions().isEmpty)
    // Who read the deleted log can finish.
    var bytes: [UInt8] = []
    try slice.copy(into: &bytes)
    #expect(bytes.count == slice.length && !bytes.isEmpty)
    #expect(throws: StorageError.self) { try log.append(BatchSpec(count: 1, bytes: 10, tag: 0)) }
    #expect(throws: StorageError.self) { try directory.deletePartition(partition("my-topic", 2)) }
    let again = try directory.createPartition(partition("my-topic", 2), id: new, config: LogConfig())
    #expect(again.bounds.logEnd == .zero)
    try directory.stop(brokerEpoch: 1)
    let next = try scratch.open()
    #expect(
        throws: StorageError.topicIDMismatch(path: scratch.path + "/my-topic-2", expected: old, found: new)
    ) {
        try next.openPartition(partition("my-topic", 2), id: old, config: LogConfig())
    }
    next.abandon()
}

@Test("the flusher's thread makes appends durable and stops when told")
func flusherThread() throws {
    final class Waiter: LogObserver {
        let signal = Signal()
        func logAdvanced(_ bounds: LogBounds) { signal.raise() }
        func logFailed(_ error: StorageError) {}
    }
    let scratch = try Scratch()
    let directory = try scratch.open()
    try directory.start()
    let log = try directory.createPartition(partition("t"), id: TopicID(high: 3, low: 1), config: LogConfig())
    let waiter = Waiter()
    log.setObserver(waiter)
    for tag in 0..<50 {
        // Large appends that nobody waits for are gathered, and durable soon all the same.
        let isAwaited = tag % 10 != 0
        try log.append(
            try BatchSpec(count: 1, bytes: isAwaited ? 5000 : 500_000, tag: tag).bytes(), isAwaited: isAwaited
        )
        while log.bounds.highWatermark < Offset(Int64(tag) + 1) { waiter.signal.wait() }
    }
    try directory.stop(brokerEpoch: 1)
    // Reserved blocks were given back: the file takes about what it holds.
    let path = scratch.path + "/t-0/00000000000000000000.log"
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(Int(status.st_blocks) * 512 <= Int(status.st_size) + 8192)
}

@Test("checkpoints read what they write, take an empty file for no entries, and name the line that is none")
func checkpoints() throws {
    var checkpoint = OffsetCheckpoint()
    checkpoint.offsets[partition("a-b", 3)] = Offset(17)
    checkpoint.offsets[partition("a")] = Offset(0)
    #expect(String(decoding: checkpoint.bytes, as: UTF8.self) == "0\n2\na 0 0\na-b 3 17\n")
    #expect(try OffsetCheckpoint(reading: checkpoint.bytes, path: "x") == checkpoint)
    #expect(try OffsetCheckpoint(reading: [], path: "x") == OffsetCheckpoint())
    for text in [
        "1\n0\n", "0\n2\na 0 0\n", "0\n1\na 0\n", "0\n1\na 0 -4\n", "0\n99999999999\n", "x", "0\n0\na 0 0\n",
    ] {
        #expect(throws: StorageError.self, "\(text)") {
            try OffsetCheckpoint(reading: Array(text.utf8), path: "x")
        }
    }
    #expect(try LeaderEpochs(reading: Array("0\n2\n0 0\n4 10\n".utf8), path: "x").entries.count == 2)
}

@Test(
    "foreign files whose names differ in their accents only, or are no UTF-8, do no harm to a partition")
func foreignFilesInPartition() throws {
    let scratch = try Scratch()
    let directory = try scratch.open()
    try directory.start()
    var log = try directory.createPartition(
        partition("t"), id: TopicID(high: 1, low: 2), config: LogConfig(), kind: .data)
    try scratch.write("t-0/caf\u{e9}")
    try scratch.write("t-0/cafe\u{301}")
    for byte in [CChar(bitPattern: 0xc3), CChar(bitPattern: 0xff)] {
        let path = Array("\(scratch.path)/t-0/".utf8CString.dropLast()) + [byte, 0]
        #expect(close(open(path, O_CREAT | O_WRONLY, 0o644)) == 0)
    }
    try directory.stop(brokerEpoch: 1)
    let again = try scratch.open()
    try again.start()
    log = try again.openPartition(
        partition("t"), id: TopicID(high: 1, low: 2), config: LogConfig(), kind: .data)
    #expect(log.bounds.logEnd == .zero)
    again.abandon()
}
