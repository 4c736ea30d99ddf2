// `apus check`: reads everything in a data directory and changes nothing. Whatever is damaged is a finding;
// what only costs time at the next start is none.
internal import Base
package import LocalStorage
internal import Storage

/// Looks through a data directory.
package struct DirectoryCheck {
    let disk: any Disk
    let report: (String) -> Void
    private(set) var findings = 0
    private var partitions = 0
    var segments = 0
    var batches = 0

    /// A check that reads from `disk` and hands each finding, one sentence, to `report`.
    package init(_ disk: any Disk, report: @escaping (String) -> Void) {
        self.disk = disk
        self.report = report
    }

    /// Looks through the directory at `path`; the number of findings.
    ///
    /// Throws if it is no data directory, or in use.
    package mutating func check(_ path: String) throws(InspectionError) -> Int {
        do {
            guard let properties = try disk.contents(path + "/" + MetaProperties.fileName, limit: 1 << 20)
            else {
                throw InspectionError("\(path) is no data directory: it has no \(MetaProperties.fileName)")
            }
            do throws(StorageError) {
                _ = try MetaProperties(reading: properties, path: path + "/" + MetaProperties.fileName)
            } catch { find(error.description) }
            let lock = try holdLock(path)
            defer { lock?.release() }
            let checkpoints = try checkpoints(path)
            var found: Set<TopicPartition> = []
            for name in try disk.directories(in: path).sorted() {
                guard case .partition(let partition) = NamedDirectory(name) else {
                    if NamedDirectory(name) == .foreign {
                        find(StorageError.unexpectedDirectory(path: path, name: name).description)
                    }
                    continue
                }
                partitions += 1
                found.insert(partition)
                var log = PartitionCheck(
                    disk: disk, directory: path + "/" + name, partition: partition,
                    checkpoints: checkpoints)
                try log.check()
                for finding in log.findings { find(finding) }
                segments += log.segments
                batches += log.batches
            }
            for (partition, end) in checkpoints.reached where end > .zero && !found.contains(partition) {
                find(StorageError.partitionMissing(path: "\(path)/\(partition)", end: end).description)
            }
        } catch let error as InspectionError {
            throw error
        } catch {
            throw InspectionError("\(error)")
        }
        return findings
    }

    /// What was looked at, in one sentence.
    package var summary: String {
        let damage = findings == 0 ? "no damage" : findings == 1 ? "1 finding" : "\(findings) findings"
        return "\(partitions) partitions, \(segments) segments, \(batches) batches: \(damage)"
    }

    private mutating func find(_ sentence: String) {
        findings += 1
        report(sentence)
    }

    /// A broker that writes meanwhile would look like damage.
    private func holdLock(_ path: String) throws(StorageError) -> (any DiskLock)? {
        let file = path + "/.lock"
        guard try disk.entry(at: file) != nil else { return nil }
        guard let lock = try disk.lock(file) else { throw .directoryInUse(path: path, process: nil) }
        return lock
    }

    private mutating func checkpoints(_ path: String) throws(StorageError) -> CheckedCheckpoints {
        var found = CheckedCheckpoints()
        let names = OffsetCheckpoint.Kind.allCases.map { Name($0.rawValue) } + [CheckedCheckpoints.cleaner]
        for name in names {
            let file = "\(path)/\(name)"
            guard let bytes = try disk.contents(file) else { continue }
            do throws(StorageError) {
                found.offsets[name] = try OffsetCheckpoint(reading: bytes, path: file).offsets
            } catch { find(error.description) }
        }
        let marker = path + "/.kafka_cleanshutdown"
        found.isClean = try disk.entry(at: marker) != nil
        if found.isClean, let bytes = try disk.contents(marker), (try? JSONValue(parsing: bytes)) == nil {
            find("\(marker) is no JSON")
        }
        let bootstrap = path + "/bootstrap.checkpoint"
        if try disk.entry(at: bootstrap) != nil { metadataFile(bootstrap) }
        return found
    }

    private mutating func metadataFile(_ path: String) {
        do throws(InspectionError) {
            try FileDump.verify(path, disk)
        } catch { find(error.description) }
    }
}

/// The checkpoints of a directory, by file.
struct CheckedCheckpoints {
    static let cleaner: Name = "cleaner-offset-checkpoint"
    var offsets: [Name: [TopicPartition: Offset]] = [:]
    var isClean = false

    func offset(_ kind: OffsetCheckpoint.Kind, of partition: TopicPartition) -> Offset? {
        offsets[Name(kind.rawValue)]?[partition]
    }

    /// How far each partition reached, by its recovery point.
    var reached: [(partition: TopicPartition, end: Offset)] {
        (offsets[Name(OffsetCheckpoint.Kind.recoveryPoint.rawValue)] ?? [:]).sorted { left, right in
            left.key.description < right.key.description
        }.map { ($0.key, $0.value) }
    }
}
