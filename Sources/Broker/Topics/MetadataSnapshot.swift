// Snapshots of the metadata log: `OFFSET-EPOCH.checkpoint` in its directory holds what the records before
// OFFSET amount to, so that Kafka may delete them, and `bootstrap.checkpoint` what a new cluster begins with.
internal import Base
internal import Protocol
internal import Records
internal import Storage

/// The state that a snapshot holds.
struct MetadataSnapshot: Sendable {
    /// The name of the file with what a new cluster begins with, in the log directory itself.
    static let bootstrapName = "bootstrap.checkpoint"
    /// Snapshots are read whole.
    static let bytesMax = 1 << 30

    /// The offset after the last record that it stands for.
    var end = Offset.zero
    /// The quorum epoch of that record.
    var epoch = LeaderEpoch.zero
    var replay = MetadataReplay()

    /// The newest snapshot of `log` that is whole, if there is one; and where newer ones end, which are not.
    static func newest(
        of log: TopicPartition, in storage: any StoragePlace
    ) throws(StorageError) -> (snapshot: Self?, damagedEnd: Offset?) {
        var damagedEnd: Offset?
        let found = try storage.files(of: log).compactMap { file in place(file.name).map { ($0, file.name) } }
        for (place, name) in found.sorted(by: { $0.0.end > $1.0.end }) {
            guard let bytes = try storage.contents(of: name, in: log, limit: bytesMax) else { continue }
            guard let replay = Self.replay(bytes) else {
                damagedEnd = damagedEnd ?? place.end
                continue
            }
            return (MetadataSnapshot(end: place.end, epoch: place.epoch, replay: replay), damagedEnd)
        }
        return (nil, damagedEnd)
    }

    /// The records of `bootstrap.checkpoint`; nil if there is no such file, or it is not whole.
    static func bootstrapRecords(in storage: any StoragePlace) throws(StorageError) -> [MetadataRecord]? {
        guard let bytes = try storage.contents(of: bootstrapName, in: nil, limit: bytesMax),
            replay(bytes) != nil
        else {
            return nil
        }
        var records: [MetadataRecord] = []
        var cursor = unsafe BatchCursor(bytes.span.bytes)
        while let batch = try? cursor.next() {
            guard !batch.header.attributes.isControl,
                let found = try? batch.records(limitBytes: MetadataReplay.batchBytesMax)
            else { continue }
            for value in found.compactMap(\.value) {
                if let record = try? unsafe MetadataRecord(reading: value.span.bytes) {
                    records.append(record)
                }
            }
        }
        return records
    }

    /// What the file's batches amount to; nil unless it is whole, its footer included.
    private static func replay(_ bytes: [UInt8]) -> MetadataReplay? {
        var replay = MetadataReplay()
        var cursor = unsafe BatchCursor(bytes.span.bytes)
        do {
            while let batch = try cursor.next() { try replay.apply(batch) }
        } catch { return nil }
        return replay.hasFooter ? replay : nil
    }

    /// The name of the snapshot that stands for the records before `end`.
    static func name(end: Offset, epoch: LeaderEpoch) -> String {
        func digits(_ value: Int64, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        return digits(end.value, 20) + "-" + digits(Int64(epoch.value), 10) + suffix
    }

    /// Records of a batch: enough that thousands of partitions make few batches, and few enough that a batch
    /// is read in one piece.
    private static let recordsPerBatch = 2000

    /// The file that holds `contents`: a header, with the quorum where the log names it, the records, and a
    /// footer, without which it counts for nothing.
    static func bytes(_ contents: MetadataContents, at now: Timestamp) throws -> [UInt8] {
        var options = BatchOptions()
        options.leaderEpoch = contents.epoch
        var header = SnapshotHeaderRecord()
        header.lastContainedLogTimestamp = contents.timestamp.milliseconds
        var controls: [(type: ControlRecordType, value: [UInt8])] = [
            (.snapshotHeader, try header.bytes(version: 0))
        ]
        for type in [ControlRecordType.kraftVersion, .kraftVoters] {
            if let value = contents.quorum[type] { controls.append((type, value)) }
        }
        var bytes = try ControlRecords.batch(controls, timestamp: now, options)
        options.baseOffset = Offset(Int64(controls.count))
        var rest = contents.records[...]
        while !rest.isEmpty {
            var builder = BatchBuilder(options)
            for record in rest.prefix(recordsPerBatch) {
                builder.append(timestamp: now, key: nil, value: try record.encoded())
            }
            options.baseOffset = options.baseOffset.advanced(by: Int64(builder.recordCount))
            bytes += try builder.finish()
            rest = rest.dropFirst(recordsPerBatch)
        }
        let footer = try SnapshotFooterRecord().bytes(version: 0)
        return bytes + (try ControlRecords.batch([(.snapshotFooter, footer)], timestamp: now, options))
    }

    private static let suffix = ".checkpoint"

    /// Offset and epoch in a name such as `00000000000000000042-0000000003.checkpoint`.
    static func place(_ name: String) -> (end: Offset, epoch: LeaderEpoch)? {
        guard name.hasSuffix(suffix) else { return nil }
        let parts = name.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 20, parts[1].utf8.count == 10,
            let end = Int64(parts[0]), let epoch = Int32(parts[1]), end >= 0, epoch >= 0
        else { return nil }
        return (Offset(end), LeaderEpoch(epoch))
    }
}
