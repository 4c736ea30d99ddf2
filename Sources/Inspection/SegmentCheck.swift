// Looks through one segment: every batch with its checksum and records, then each index against the batches.
internal import Base
internal import LocalStorage
internal import Records
internal import Storage

/// The check of one segment.
struct SegmentCheck {
    private struct Place {
        var position: Int64
        var first: Int64
        var last: Int64
        var time: Int64
    }

    let disk: any Disk
    let directory: String
    let base: Int64
    /// The base of the next segment.
    let limit: Int64?
    /// Whether a torn end would be damage; the last segment may have one after a crash.
    let isTrusted: Bool
    let topic: Name
    private(set) var findings: [String] = []
    private(set) var end: Int64
    /// Whether offsets were found to be missing, here or before.
    private(set) var hasHoles: Bool
    private(set) var batches = 0
    /// Whether the log is damaged, so that its end is not known; a torn one ends before what was torn.
    private(set) var isBroken = false
    private var places: [Place] = []

    init(
        disk: any Disk, directory: String, base: Int64, limit: Int64?, isTrusted: Bool, topic: Name,
        hasHoles: Bool
    ) {
        self.disk = disk
        self.directory = directory
        self.base = base
        self.limit = limit
        self.isTrusted = isTrusted
        self.topic = topic
        self.hasHoles = hasHoles
        end = base
    }

    mutating func check(_ producers: inout ProducerCheck) {
        do {
            var file = try SegmentFile(path(".log"), disk)
            var position: Int64 = 0
            while let bytes = try file.batch(at: position) {
                if let reason = judge(bytes, at: position, &producers) {
                    throw InspectionError("\(file.path) is damaged at byte \(position): \(reason)")
                }
                batches += 1
                position += Int64(bytes.count)
            }
        } catch {
            // What lies behind the damage is not known, so the indexes are not judged.
            end = limit ?? end
            isBroken = isTrusted
            if limit != nil { producers.giveUp() }
            if isTrusted { findings.append("\(error)") }
            return
        }
        checkIndexes(&producers)
        producers.endSegment()
    }

    private func path(_ suffix: String) -> String {
        let digits = String(base)
        return "\(directory)/\(String(repeating: "0", count: max(0, 20 - digits.count)))\(digits)\(suffix)"
    }

    /// What is wrong with a batch; nil if it is whole.
    private mutating func judge(
        _ bytes: [UInt8], at position: Int64, _ producers: inout ProducerCheck
    ) -> String? {
        do {
            let batch = try unsafe RecordBatch(reading: bytes.span.bytes)
            try batch.verifyChecksum()
            let header = batch.header
            let (first, last) = (header.baseOffset.value, header.lastOffset.value)
            guard first >= end, last < limit ?? .max else {
                return "the batch of the offsets \(first) to \(last) is out of order"
            }
            for record in try batch.records(limitBytes: LogDump.recordsBytesMax)
            where topic == "__cluster_metadata" && !header.attributes.isControl {
                guard let value = record.value else { continue }
                _ = try RecordDecoder.metadata(value)
            }
            if first > end || Int64(header.recordCount) != last - first + 1 { hasHoles = true }
            producers.reached(first, hasHoles: hasHoles)
            producers.apply(batch)
            end = last + 1
            places.append(
                Place(position: position, first: first, last: last, time: header.maxTimestamp.milliseconds))
            return nil
        } catch {
            return "\(error)"
        }
    }

    private mutating func checkIndexes(_ producers: inout ProducerCheck) {
        if let bytes = contents(".index"), let number = firstWrongOffset(bytes) {
            findings.append("\(path(".index")) is wrong in entry \(number)")
        }
        if let bytes = contents(".timeindex"), let number = firstWrongTime(bytes) {
            findings.append("\(path(".timeindex")) is wrong in entry \(number)")
        }
        if let bytes = contents(TransactionIndexFile.suffix) { checkTransactions(bytes, &producers) }
    }

    private mutating func checkTransactions(_ bytes: [UInt8], _ producers: inout ProducerCheck) {
        let path = path(TransactionIndexFile.suffix)
        guard let entries = TransactionIndexFile.entries(in: bytes),
            entries.allSatisfy({ $0.last.value >= base && $0.last.value < max(end, base) })
        else {
            findings.append("\(path) is damaged")
            return
        }
        // Compaction takes what was aborted away.
        guard !hasHoles, let difference = producers.difference(of: entries, isComplete: isTrusted) else {
            return
        }
        findings.append("\(path) is not what the log says: \(difference)")
    }

    private func contents(_ suffix: String) -> [UInt8]? {
        (try? disk.contents(path(suffix), limit: FileDump.wholeBytesMax)) ?? nil
    }

    /// The first entry that does not name the batch to which it points; zeros end an index that was
    /// preallocated.
    private func firstWrongOffset(_ bytes: [UInt8]) -> Int? {
        let known = Dictionary(places.map { ($0.position, $0.last - base) }, uniquingKeysWith: { $1 })
        var reader = ByteReader(unsafe bytes.span.bytes)
        var number = 0
        while let offset = try? reader.integer(Int32.self), let position = try? reader.integer(Int32.self) {
            if offset == 0, position == 0 { return nil }
            guard known[Int64(position)] == Int64(offset) else { return number }
            number += 1
        }
        return isTrusted && reader.remaining > 0 ? number : nil
    }

    /// The first entry whose batch is not there, or is of another time.
    private func firstWrongTime(_ bytes: [UInt8]) -> Int? {
        var reader = ByteReader(unsafe bytes.span.bytes)
        var number = 0
        var last = Int64.min
        while let time = try? reader.integer(Int64.self), let relative = try? reader.integer(Int32.self) {
            if time == 0, relative == 0 { return nil }
            let offset = base + Int64(relative)
            guard time >= last, let place = place(of: offset), place.time == time else { return number }
            last = time
            number += 1
        }
        return isTrusted && reader.remaining > 0 ? number : nil
    }

    private func place(of offset: Int64) -> Place? {
        var low = 0
        var high = places.count - 1
        while low < high {
            let middle = (low + high) / 2
            if places[middle].last < offset { low = middle + 1 } else { high = middle }
        }
        guard low < places.count, places[low].first <= offset, offset <= places[low].last else { return nil }
        return places[low]
    }
}
