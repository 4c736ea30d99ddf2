// Kafka's small text files: a version line `0`, a line with the number of entries, then one entry a line. A
// log directory has three of them, with an offset for each partition: recovery points, high watermarks, and
// log starts that lie inside a segment.
package import Base
package import Storage

/// Reads the lines of a checkpoint.
struct CheckpointLines {
    private let lines: [Substring]
    private let path: String
    private var next = 0
    private var position: Int64 = 0

    init(_ bytes: [UInt8], path: String) {
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true)
        self.path = path
    }

    /// The number of entries; 0 for an empty file, as Kafka leaves them behind a crash.
    mutating func header() throws(StorageError) -> Int {
        if lines.isEmpty { return 0 }
        guard try fields(1) == ["0"], let count = Int(try fields(1)[0]), count >= 0, count <= lines.count
        else {
            throw malformed()
        }
        return count
    }

    mutating func fields(_ count: Int) throws(StorageError) -> [Substring] {
        guard next < lines.count else { throw malformed() }
        let fields = lines[next].split(separator: " ")
        guard fields.count == count else { throw malformed() }
        position += Int64(lines[next].utf8.count + 1)
        next += 1
        return fields
    }

    /// Throws unless every line was read.
    func end() throws(StorageError) {
        guard next >= lines.count else { throw malformed() }
    }

    func malformed() -> StorageError {
        .corrupt(path: path, position: position, reason: "this is not a line of a checkpoint file")
    }
}

/// An offset for each partition of a log directory.
package struct OffsetCheckpoint: Equatable, Sendable {
    /// Which of the files.
    package enum Kind: String, CaseIterable, Sendable {
        /// What lies below is durable and was verified.
        case recoveryPoint = "recovery-point-offset-checkpoint"
        case highWatermark = "replication-offset-checkpoint"
        /// Only where the log does not start with its first segment.
        case logStart = "log-start-offset-checkpoint"
        /// Up to here logs were compacted.
        case cleaner = "cleaner-offset-checkpoint"
    }

    /// The offset of each partition that the file names.
    package var offsets: [TopicPartition: Offset]

    /// A checkpoint of these offsets.
    package init(_ offsets: [TopicPartition: Offset] = [:]) { self.offsets = offsets }

    /// Reads the text of a checkpoint; `path` is named in errors.
    package init(reading bytes: [UInt8], path: String) throws(StorageError) {
        var lines = CheckpointLines(bytes, path: path)
        offsets = [:]
        for _ in 0..<(try lines.header()) {
            let fields = try lines.fields(3)
            guard let partition = Int32(fields[1]), let offset = Int64(fields[2]), partition >= 0, offset >= 0
            else {
                throw lines.malformed()
            }
            offsets[TopicPartition(topic: Name(fields[0]), partition: PartitionIndex(partition))] = Offset(
                offset)
        }
        try lines.end()
    }

    /// The text of the file, sorted by partition.
    package var bytes: [UInt8] {
        let sorted = offsets.sorted { left, right in
            (left.key.topic, left.key.partition.value) < (right.key.topic, right.key.partition.value)
        }
        var text = "0\n\(sorted.count)\n"
        for (partition, offset) in sorted {
            text += "\(partition.topic) \(partition.partition.value) \(offset.value)\n"
        }
        return Array(text.utf8)
    }
}

extension OffsetCheckpoint {
    /// The lines of a damaged file that name a partition and an offset.
    init(salvaging bytes: [UInt8]) {
        offsets = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            guard fields.count == 3, let partition = Int32(fields[1]), let offset = Int64(fields[2]),
                partition >= 0, offset >= 0
            else { continue }
            let name = TopicPartition(topic: Name(fields[0]), partition: PartitionIndex(partition))
            offsets[name] = Offset(offset)
        }
    }
}

/// `partition.metadata`: which topic a partition directory belongs to.
package struct PartitionMetadata: Equatable, Sendable {
    /// The name of the file in the directory of a partition.
    package static let fileName = "partition.metadata"
    /// The id of the topic.
    var topicID: TopicID

    /// The metadata of a partition of `topicID`.
    package init(topicID: TopicID) { self.topicID = topicID }

    /// Reads `version: 0` and `topic_id: …`.
    package init(reading bytes: [UInt8], path: String) throws(StorageError) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 2, lines[0] == "version: 0", lines[1].hasPrefix("topic_id: "),
            let id = TopicID(lines[1].dropFirst("topic_id: ".count))
        else {
            throw .corrupt(
                path: path, position: 0, reason: "this is not a partition.metadata file of version 0")
        }
        topicID = id
    }

    /// The text of the file.
    package var bytes: [UInt8] { Array("version: 0\ntopic_id: \(topicID)".utf8) }
}
