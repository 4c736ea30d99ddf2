// Looks through one partition: its segments one after another, and what lies beside them.
internal import Base
internal import LocalStorage
internal import Protocol
internal import Storage

/// The check of one partition's directory.
struct PartitionCheck {
    let disk: any Disk
    let directory: String
    let partition: TopicPartition
    let checkpoints: CheckedCheckpoints
    private(set) var findings: [String] = []
    private(set) var segments = 0
    private(set) var batches = 0

    init(disk: any Disk, directory: String, partition: TopicPartition, checkpoints: CheckedCheckpoints) {
        self.disk = disk
        self.directory = directory
        self.partition = partition
        self.checkpoints = checkpoints
    }

    mutating func check() throws(StorageError) {
        let names = try disk.list(directory).filter { !$0.isDirectory }.map(\.name)
        let bases = names.filter { $0.hasSuffix(".log") }.compactMap { Int64($0.dropLast(4)) }.sorted()
        var end = bases.first ?? 0
        var isBroken = false
        var producers = ProducerCheck(
            disk, directory: directory, names: names, firstBase: bases.first ?? 0)
        var hasHoles = checkpoints.offsets[CheckedCheckpoints.cleaner]?[partition] != nil
        for (number, base) in bases.enumerated() {
            let isLast = number == bases.count - 1
            if base > end, !hasHoles {
                findings.append("\(directory) lacks the offsets \(end) to \(base - 1): a segment is missing")
            }
            var segment = SegmentCheck(
                disk: disk, directory: directory, base: base, limit: isLast ? nil : bases[number + 1],
                isTrusted: checkpoints.isClean || !isLast,
                topic: partition.topic, hasHoles: hasHoles)
            segment.check(&producers)
            findings += segment.findings
            isBroken = segment.isBroken
            hasHoles = segment.hasHoles
            end = max(end, segment.end)
            segments += 1
            batches += segment.batches
        }
        producers.reached(end, hasHoles: hasHoles)
        findings += producers.findings
        checkNotes(names, end: end)
        if !isBroken { checkReach(names, bases, end: end) }
    }

    /// What is beside the log, and above its directory, says how far it reached.
    private mutating func checkReach(_ names: [String], _ bases: [Int64], end: Int64) {
        var reached = [OffsetCheckpoint.Kind.recoveryPoint, .logStart].compactMap { kind in
            checkpoints.offset(kind, of: partition).map { (kind.rawValue, $0.value) }
        }
        // Kafka's high watermark is durable only once it stopped.
        let kind = OffsetCheckpoint.Kind.highWatermark
        if checkpoints.isClean, let offset = checkpoints.offset(kind, of: partition) {
            reached.append((kind.rawValue, offset.value))
        }
        if checkpoints.isClean {
            reached += names.filter { $0.hasSuffix(".snapshot") }.compactMap { name in
                Int64(name.dropLast(".snapshot".count)).map { (name, $0) }
            }
        }
        for (file, offset) in reached where offset > end {
            findings.append(
                "\(directory) ends at offset \(end), but it reached \(offset) by \(file); restore what is "
                    + "gone from a copy, or give up what it held by moving the directory away: it is made "
                    + "anew, and goes on at that offset")
        }
        for name in names where name.hasSuffix(".index") || name.hasSuffix(".timeindex") {
            let stem = name.split(separator: ".")[0]
            guard let base = Int64(stem), !bases.contains(base), checkpoints.isClean else { continue }
            findings.append("\(directory)/\(stem).log is missing, but \(name) is there")
        }
    }

    private mutating func checkNotes(_ names: [String], end: Int64) {
        for name in names {
            let path = directory + "/" + name
            guard let bytes = try? disk.contents(path) else { continue }
            if name.hasSuffix(".snapshot") {
                if ProducerSnapshot.checked(bytes) == nil { findings.append("\(path) is damaged") }
            } else if name == PartitionMetadata.fileName {
                note { () throws(StorageError) in _ = try PartitionMetadata(reading: bytes, path: path) }
            } else if name == "leader-epoch-checkpoint" {
                note { () throws(StorageError) in _ = try LeaderEpochs(reading: bytes, path: path) }
            } else if name == "quorum-state" {
                if (try? JSONValue(parsing: bytes)) == nil { findings.append("\(path) is no JSON") }
            } else if name.hasSuffix(".checkpoint") {
                do throws(InspectionError) { try FileDump.verify(path, disk) } catch {
                    findings.append(error.description)
                }
            }
        }
    }

    private mutating func note(_ read: () throws(StorageError) -> Void) {
        do throws(StorageError) { try read() } catch { findings.append(error.description) }
    }
}
