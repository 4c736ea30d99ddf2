// A disk on which batches stand otherwise than the broker wrote them: as other code would have written them,
// or other times.
import Base
import Coordinator
import LocalStorage
import Protocol
import Records
import Simulation
import Storage

@testable import Broker

/// A disk that changes batches on their way into segments, in place.
final class RewritingDisk: Disk {
    typealias Change = @Sendable (_ path: String, _ batch: inout RewrittenBatch) -> Void
    private let base: SimulatedDisk
    private let change: Change

    init(_ base: SimulatedDisk, _ change: @escaping Change) {
        self.base = base
        self.change = change
    }

    func open(_ path: String, _ mode: OpenMode) throws(StorageError) -> any DiskFile {
        // Recovery would find in the journal what was written.
        if path.hasSuffix("/journal") { throw .io(operation: .open, path: path, errno: 5) }
        let file = try base.open(path, mode)
        return path.hasSuffix(".log") ? RewritingFile(file, change) : file
    }

    func rename(_ path: String, to newPath: String) throws(StorageError) {
        try base.rename(path, to: newPath)
    }
    func remove(_ path: String) throws(StorageError) { try base.remove(path) }
    func syncDirectory(_ path: String) throws(StorageError) { try base.syncDirectory(path) }
    func removeDirectory(_ path: String) throws(StorageError) { try base.removeDirectory(path) }
    func entry(at path: String) throws(StorageError) -> DiskEntry? { try base.entry(at: path) }
    /// Files are changed one by one.
    func volume(of path: String) -> (any DiskVolume)? { nil }
    func createDirectory(_ path: String) throws(StorageError) { try base.createDirectory(path) }
    func list(_ path: String) throws(StorageError) -> [DiskEntry] { try base.list(path) }
    func lock(_ path: String) throws(StorageError) -> (any DiskLock)? { try base.lock(path) }
    func space(at path: String) throws(StorageError) -> PlaceSpace { try base.space(at: path) }
}

private final class RewritingFile: DiskFile {
    private let base: any DiskFile
    private let change: RewritingDisk.Change

    init(_ base: any DiskFile, _ change: @escaping RewritingDisk.Change) {
        self.base = base
        self.change = change
    }

    var path: String { base.path }
    func sync() throws(StorageError) { try base.sync() }
    func size() throws(StorageError) -> Int64 { try base.size() }
    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    {
        base.read(into: buffer, at: position, mayWait: mayWait)
    }
    func write(_ bytes: RawSpan, at position: Int64) throws(StorageError) {
        try base.write(changed(bytes).span.bytes, at: position)
    }
    func write(_ bytes: RawSpan, at position: Int64, zerosBehind: Int) throws(StorageError) {
        try base.write(changed(bytes).span.bytes, at: position, zerosBehind: zerosBehind)
    }
    func truncate(to length: Int64) throws(StorageError) { try base.truncate(to: length) }
    func reserve(_ length: Int64, at position: Int64) { base.reserve(length, at: position) }
    func dropCache() { base.dropCache() }
    func startWriteBack() { base.startWriteBack() }
    func setDirect(_ isDirect: Bool) { base.setDirect(isDirect) }

    private func changed(_ bytes: RawSpan) -> [UInt8] {
        var all = bytes.withUnsafeBytes { [UInt8]($0) }
        var position = 0
        while let header = try? BatchHeader(reading: all.span.bytes.extracting(position...)),
            header.sizeInBytes <= all.count - position
        {
            let range = position..<(position + header.sizeInBytes)
            var batch = RewrittenBatch(header: header, bytes: Array(all[range]))
            change(path, &batch)
            all.replaceSubrange(range, with: batch.bytes)
            position = range.upperBound
        }
        return all
    }
}

/// A disk on which each new transactional id has few epochs left, as if it had been used for long.
func used(_ disk: SimulatedDisk) -> any Disk {
    RewritingDisk(disk) { path, batch in
        guard path.contains(TransactionHost.topicName.text) else { return }
        batch.changeTransactions { $0.producerEpoch = ProducerIdentity.lastEpoch - Int16($0.producerID % 8) }
    }
}

/// A batch on its way into a file.
struct RewrittenBatch {
    let header: BatchHeader
    fileprivate(set) var bytes: [UInt8]

    /// The epoch of its producer, and the checksum that follows from it.
    var producerEpoch: Int16 {
        get { header.producerEpoch }
        set {
            put(newValue, at: BatchLayout.producerEpoch)
            seal()
        }
    }

    /// Changes what the records of a transaction coordinator say, as far as their sizes stay.
    mutating func changeTransactions(_ change: (inout TransactionLogValue) -> Void) {
        guard let records = try? RecordBatch(reading: bytes.span.bytes).records(limitBytes: 1 << 20) else {
            return
        }
        var position = BatchLayout.headerSize
        for case let written? in records.map(\.value) {
            guard var value = try? TransactionLogValue(versioned: written),
                let range = bytes[position...].firstRange(of: written)
            else { continue }
            change(&value)
            let version = Int16(written[0]) << 8 | Int16(written[1])
            guard let changed = try? value.valueBytes(version: version), changed.count == written.count else {
                continue
            }
            bytes.replaceSubrange(range, with: changed)
            position = range.upperBound
        }
        seal()
    }

    private mutating func put<Value: FixedWidthInteger>(_ value: Value, at position: Int) {
        let range = position..<(position + MemoryLayout<Value>.size)
        bytes.replaceSubrange(range, with: withUnsafeBytes(of: value.bigEndian, Array.init))
    }

    private mutating func seal() {
        put(
            CRC32C.checksum(bytes.span.bytes.extracting(BatchLayout.attributes...)), at: BatchLayout.checksum)
    }
}
