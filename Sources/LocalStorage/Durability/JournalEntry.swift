// The form of the journal's entries. Each stands for itself, with its own checksums; the first entry of each
// turn begins at a block of the disk, so that a write that was torn spoils nothing of an earlier turn.
internal import Base
internal import Records
internal import Storage

/// Limits of the journal.
enum JournalLimits {
    /// How far each of the two areas of the journal's file may grow.
    static let areaBytes = 64 << 20
    /// The share of an area that is used as long as the other one can be begun anew by then.
    static let usualShare = 2
    /// The share of the free space, an eighth for both areas, that may be taken before it is needed.
    static let aheadShare: Int64 = 16
    /// Behind so many bytes without a whole entry nothing more is looked for: entries stand close together,
    /// and several turns may be damaged.
    static let silenceBytes: Int64 = 32 << 20
    /// The end of an area that only entries use which retire others.
    static let retireReserveBytes = 64 << 10
    /// What the entries of one turn begin and end at.
    static let blockBytes = 4096
    /// So much of the file is filled with zeros at a time: a turn may wait for that.
    static let fillBytes = 256 << 10
    /// A longer run is synced in its own file.
    static let runBytesMax = 256 << 10
    /// A turn of so many bytes takes no further entry.
    static let turnBytesMax = 4 << 20
    /// Fewer files than these are synced themselves.
    static let filesMin = 4
    /// The longest name of a topic that an entry can hold; Kafka's limit is 249.
    static let topicBytesMax = 1024
    /// Durable ends that wait for the next turn to note them.
    static let notesPending = 10_000
}

/// Whose bytes an entry is about.
struct JournalKey: Hashable, Sendable {
    var topicID: TopicID
    var partition: TopicPartition

    init(_ identity: LogIdentity) {
        topicID = identity.topicID
        partition = identity.partition
    }

    init(topicID: TopicID, partition: TopicPartition) {
        self.topicID = topicID
        self.partition = partition
    }
}

/// One entry of the journal.
struct JournalEntry: Equatable, Sendable {
    /// What an entry says.
    enum Kind: UInt8 {
        /// These bytes are part of a segment.
        case run = 1
        /// The log was durable up to the base offset.
        case note = 2
        /// All runs and notes of this incarnation and earlier ones are void.
        case retire = 3
    }

    var kind: Kind
    /// Counts how often the area was begun, from a random number on.
    var generation: UInt64 = 0
    /// Counts the entries of all generations.
    var sequence: UInt64 = 0
    var key: JournalKey
    /// Which of the logs of this topic id and number, one after another: a log that leaves the journal comes
    /// back as a new one.
    var incarnation: UInt64
    var segmentBase = Offset.zero
    /// Where in the segment the run begins.
    var position: Int64 = 0
    /// The first offset of a run; what was durable of a note.
    var baseOffset = Offset.zero
    /// The epoch of the last batch.
    var leaderEpoch = LeaderEpoch(-1)
    /// The length of the run, and its CRC-32C.
    var length = 0
    var checksum: UInt32 = 0

    private static let magic: UInt32 = 0x4150_4a31
    /// The fields before the topic's name.
    static let headerBytes = 96
    /// The longest header with its name.
    static let headBytesMax = headerBytes + JournalLimits.topicBytesMax

    /// The length of the header with the name.
    var headBytes: Int { Self.headerBytes + key.partition.topic.utf8.count }
    /// The length of everything.
    var sizeInBytes: Int { headBytes + length }

    /// Appends the header; the bytes of a run must follow.
    func writeHead(into writer: inout ByteWriter) {
        let start = writer.count
        writer.integer(Self.magic)
        writer.integer(UInt32.zero)
        writer.integer(generation)
        writer.integer(sequence)
        writer.integer(key.topicID.high)
        writer.integer(key.topicID.low)
        writer.integer(key.partition.partition.value)
        writer.integer(leaderEpoch.value)
        writer.integer(incarnation)
        writer.integer(segmentBase.value)
        writer.integer(position)
        writer.integer(baseOffset.value)
        writer.integer(UInt32(length))
        writer.integer(checksum)
        writer.integer(UInt32(kind.rawValue))
        let topic = Array(key.partition.topic.utf8)
        writer.integer(UInt32(topic.count))
        writer.raw(topic)
        let sum = CRC32C.checksum(writer.bytes.rawSpan.extracting((start + 8)...))
        writer.replace(at: start + 4, with: sum)
    }

    /// The entry whose header stands at the beginning of `bytes`; nil if none does, or a damaged one.
    init?(reading bytes: RawSpan) {
        do throws(ByteError) {
            var reader = ByteReader(bytes)
            guard try reader.integer(UInt32.self) == Self.magic else { return nil }
            let sum = try reader.integer(UInt32.self)
            generation = try reader.integer()
            sequence = try reader.integer()
            let id = TopicID(high: try reader.integer(), low: try reader.integer())
            let partition = PartitionIndex(try reader.integer())
            leaderEpoch = LeaderEpoch(try reader.integer())
            incarnation = try reader.integer()
            segmentBase = Offset(try reader.integer())
            position = try reader.integer()
            baseOffset = Offset(try reader.integer())
            length = Int(try reader.integer(UInt32.self))
            checksum = try reader.integer()
            guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: try reader.integer(UInt32.self))) else {
                return nil
            }
            self.kind = kind
            let nameBytes = Int(try reader.integer(UInt32.self))
            guard nameBytes <= JournalLimits.topicBytesMax, length <= JournalLimits.runBytesMax else {
                return nil
            }
            let topic = String(decoding: try reader.array(nameBytes), as: UTF8.self)
            key = JournalKey(topicID: id, partition: TopicPartition(topic: Name(topic), partition: partition))
            guard CRC32C.checksum(bytes.extracting(8..<reader.position)) == sum else { return nil }
        } catch { return nil }
    }

    init(_ kind: Kind, _ identity: LogIdentity, incarnation: UInt64) {
        self.kind = kind
        key = JournalKey(identity)
        self.incarnation = incarnation
    }
}

/// Bytes at the end of a segment that are not durable yet, as a store offers them to the journal: they are
/// read from where the system keeps them.
struct JournalRun: Sendable {
    var file: any DiskFile
    var identity: LogIdentity
    var incarnation: UInt64
    var segmentBase: Offset
    var position: Int64
    var length: Int
    var leaderEpoch: LeaderEpoch

    /// Its entry, but for what only its bytes tell.
    var entry: JournalEntry {
        var entry = JournalEntry(.run, identity, incarnation: incarnation)
        entry.segmentBase = segmentBase
        entry.position = position
        entry.leaderEpoch = leaderEpoch
        entry.length = length
        return entry
    }
}
