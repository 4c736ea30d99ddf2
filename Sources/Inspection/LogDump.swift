// Prints the batches and records of a segment, or of a snapshot of the metadata log.
internal import Base
internal import LocalStorage
internal import Protocol
internal import Records
internal import Storage

/// Prints one log file.
struct LogDump {
    /// The records of one batch may take so much memory.
    static let recordsBytesMax = 256 << 20

    let disk: any Disk
    let topic: Name
    let isStrict: Bool
    let print: (DumpLine) -> Void

    func dump(_ path: String) throws(InspectionError) {
        var file: SegmentFile
        do throws(StorageError) { file = try SegmentFile(path, disk) } catch {
            throw InspectionError(error.description)
        }
        var position: Int64 = 0
        while let bytes = try file.batch(at: position) {
            let span = unsafe bytes.span.bytes
            do throws(RecordError) {
                let batch = try RecordBatch(reading: span)
                var isValid = true
                do throws(RecordError) { try batch.verifyChecksum() } catch {
                    if isStrict { throw error }
                    isValid = false
                }
                print(line(batch.header, at: position, isValid: isValid))
                if isValid { try printRecords(batch) }
            } catch {
                throw InspectionError("\(path) is damaged at byte \(position): \(error)")
            }
            position += Int64(bytes.count)
        }
    }

    private func line(_ header: BatchHeader, at position: Int64, isValid: Bool) -> DumpLine {
        let attributes = header.attributes
        let horizon = attributes.hasDeleteHorizon ? header.baseTimestamp.milliseconds : nil
        return DumpLine([
            ("baseOffset", .integer(header.baseOffset.value)),
            ("lastOffset", .integer(header.lastOffset.value)), ("count", .integer(Int64(header.recordCount))),
            ("baseSequence", .integer(Int64(header.baseSequence))),
            ("lastSequence", .integer(Int64(header.lastSequence))),
            ("producerId", .integer(header.producerID.value)),
            ("producerEpoch", .integer(Int64(header.producerEpoch))),
            ("partitionLeaderEpoch", .integer(Int64(header.leaderEpoch.value))),
            ("isTransactional", .bool(attributes.isTransactional)),
            ("isControl", .bool(attributes.isControl)),
            ("deleteHorizonMs", .optional(horizon)), ("position", .integer(position)),
            (timeName(header), .integer(header.maxTimestamp.milliseconds)),
            ("size", .integer(Int64(header.sizeInBytes))), ("magic", .integer(2)),
            ("compresscodec", .text(attributes.codec.map { "\($0)" } ?? "unknown")),
            ("crc", .integer(Int64(header.checksum))), ("isvalid", .bool(isValid)),
        ])
    }

    private func timeName(_ header: BatchHeader) -> String {
        header.attributes.timestampType == .createTime ? "CreateTime" : "LogAppendTime"
    }

    private func printRecords(_ batch: borrowing RecordBatch) throws(RecordError) {
        let header = batch.header
        for record in try batch.records(limitBytes: Self.recordsBytesMax) {
            var sequence: Int64 = -1
            if header.baseSequence >= 0 {
                let delta = record.offset - header.baseOffset
                sequence = (Int64(header.baseSequence) + delta) & Int64(Int32.max)
            }
            var line = DumpLine(
                [
                    ("offset", .integer(record.offset.value)),
                    (timeName(header), .integer(record.timestamp.milliseconds)),
                    ("keySize", .integer(Int64(record.key?.count ?? -1))),
                    ("valueSize", .integer(Int64(record.value?.count ?? -1))),
                    ("sequence", .integer(sequence)),
                    ("headerKeys", .list(record.headers.map { String(decoding: $0.name, as: UTF8.self) })),
                ], isRecord: true)
            line.fields += header.attributes.isControl ? control(record) : RecordDecoder.fields(record, topic)
            print(line)
        }
    }

    private func control(_ record: Record) -> [(name: String, value: DumpValue)] {
        guard let key = record.key, let value = record.value,
            let type = try? unsafe ControlRecordKey.type(of: key.span.bytes)
        else { return [("controlType", .text("UNKNOWN"))] }
        switch type {
        case .abort, .commit:
            let marker = try? unsafe EndTransactionMarker(type: type, value: value.span.bytes)
            return [
                ("endTxnMarker", .text(type == .commit ? "COMMIT" : "ABORT")),
                ("coordinatorEpoch", .integer(Int64(marker?.coordinatorEpoch ?? -1))),
            ]
        case .leaderChange: return RecordDecoder.control("LeaderChange", LeaderChangeMessage.self, value)
        case .snapshotHeader: return RecordDecoder.control("SnapshotHeader", SnapshotHeaderRecord.self, value)
        case .snapshotFooter: return RecordDecoder.control("SnapshotFooter", SnapshotFooterRecord.self, value)
        case .kraftVersion: return RecordDecoder.control("KRaftVersion", KRaftVersionRecord.self, value)
        case .kraftVoters: return RecordDecoder.control("KRaftVoters", VotersRecord.self, value)
        }
    }
}
