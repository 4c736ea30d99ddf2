// Prints what lies beside a log: its indexes and the snapshots of its producers.
internal import Base
internal import LocalStorage
internal import Protocol
internal import Storage

extension FileDump {
    func dumpNotes(
        _ kind: String, _ bytes: [UInt8], base: Int64, _ path: String
    ) throws(InspectionError) {
        switch kind {
        case "index": dumpOffsets(bytes, base: base)
        case "timeindex": dumpTimes(bytes, base: base)
        case "txnindex":
            guard let entries = TransactionIndexFile.entries(in: bytes) else {
                throw InspectionError("\(path) is no index of transactions of version 0")
            }
            for entry in entries {
                print(
                    DumpLine([
                        ("version", .integer(0)), ("producerId", .integer(entry.producerID.value)),
                        ("firstOffset", .integer(entry.first.value)),
                        ("lastOffset", .integer(entry.last.value)),
                        ("lastStableOffset", .integer(entry.lastStable.value)),
                    ]))
            }
        default: try dumpProducers(bytes, path)
        }
    }

    /// Entries up to the zeros that an index is preallocated with.
    private func dumpOffsets(_ bytes: [UInt8], base: Int64) {
        var reader = ByteReader(unsafe bytes.span.bytes)
        var number = 0
        while let offset = try? reader.integer(Int32.self), let position = try? reader.integer(Int32.self) {
            guard offset != 0 || number == 0 else { return }
            print(
                DumpLine([
                    ("offset", .integer(base + Int64(offset))), ("position", .integer(Int64(position))),
                ]))
            number += 1
        }
    }

    private func dumpTimes(_ bytes: [UInt8], base: Int64) {
        var reader = ByteReader(unsafe bytes.span.bytes)
        var number = 0
        while let time = try? reader.integer(Int64.self), let offset = try? reader.integer(Int32.self) {
            guard offset != 0 || number == 0 else { return }
            print(DumpLine([("timestamp", .integer(time)), ("offset", .integer(base + Int64(offset)))]))
            number += 1
        }
    }

    private func dumpProducers(_ bytes: [UInt8], _ path: String) throws(InspectionError) {
        guard let snapshot = ProducerSnapshot.checked(bytes) else {
            throw InspectionError(
                "\(path) is no snapshot of producers of version 1, or its checksum is wrong")
        }
        for entry in snapshot.producerEntries {
            let start = entry.currentTxnFirstOffset
            var line = DumpLine([
                ("producerId", .integer(entry.producerID)), ("producerEpoch", .integer(Int64(entry.epoch))),
                ("coordinatorEpoch", .integer(Int64(entry.coordinatorEpoch))),
                ("currentTxnFirstOffset", .optional(start >= 0 ? start : nil)),
                ("lastTimestamp", .integer(entry.timestamp)),
            ])
            if entry.lastSequence >= 0 {
                let first = (Int64(entry.lastSequence) - Int64(entry.offsetDelta)) & Int64(Int32.max)
                line.fields += [
                    ("firstSequence", .integer(first)),
                    ("lastSequence", .integer(Int64(entry.lastSequence))),
                    ("lastOffset", .integer(entry.lastOffset)),
                    ("offsetDelta", .integer(Int64(entry.offsetDelta))),
                    ("timestamp", .integer(entry.timestamp)),
                ]
            }
            print(line)
        }
    }
}

extension ProducerSnapshot {
    /// The producers in the bytes of a `.snapshot` file; nil if it is damaged.
    static func checked(_ bytes: [UInt8]) -> ProducerSnapshot? {
        guard bytes.count >= 6, bytes[0] == 0, bytes[1] == 1,
            let snapshot = try? ProducerSnapshot(reading: Array(bytes[2...]), version: 1)
        else { return nil }
        let covered = unsafe bytes.span.bytes.extracting(6...)
        return CRC32C.checksum(covered) == snapshot.crc ? snapshot : nil
    }
}
