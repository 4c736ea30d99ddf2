// What the names in a data directory say. A name makes nothing ours by itself: whatever is to be deleted or
// taken over has to prove besides whose it is.
package import Base
internal import Storage

/// A directory in a log directory, by its name.
package enum NamedDirectory: Equatable, Sendable {
    /// `topic-N`.
    case partition(TopicPartition)
    /// `topic-N.UUID-delete`, as brokers rename what they delete; a long topic name is cut.
    case deleted
    /// `topic-N.UUID-future`: a partition that is being moved here.
    case future(TopicPartition)
    /// Like one of these but for its middle, or `-stray`: Kafka works with such directories, and we let them
    /// lie.
    case setAside
    /// The journal, what file systems make, and what is hidden.
    case tolerated
    /// Anything else.
    case foreign

    /// How the names of the directories of deleted partitions end.
    static let deletedSuffix = "-delete"
    /// And those of partitions on their way.
    static let futureSuffix = "-future"

    /// What `name` says.
    package init(_ name: String) {
        if let partition = TopicPartition(directoryName: name) {
            self = .partition(partition)
        } else if name.hasPrefix(".") || Self.toleratedNames.contains(Name(name)) {
            self = .tolerated
        } else {
            self = Self.marked(name) ?? .foreign
        }
    }

    /// The directory of the journal: Kafka refuses to start on a log directory that has a directory with such
    /// a name in it, instead of passing over what still has to be replayed.
    static let journalName = "apus-journal"

    /// Kafka passes over its cache of remote indexes too.
    private static let toleratedNames: Set<Name> = [
        "lost+found", Name(journalName), "remote-log-index-cache",
    ]

    private static func marked(_ name: String) -> NamedDirectory? {
        let marks = [deletedSuffix, "-stray", futureSuffix]
        guard let mark = marks.first(where: { name.hasSuffix($0) }) else { return nil }
        let stem = name.dropLast(mark.count)
        guard let dot = stem.lastIndex(of: "."),
            let partition = TopicPartition(directoryName: String(stem[..<dot]))
        else { return nil }
        let unique = stem[stem.index(after: dot)...].utf8
        guard unique.count == 32, unique.allSatisfy(isHexadecimal) else { return .setAside }
        switch mark {
        case deletedSuffix: return .deleted
        case futureSuffix: return .future(partition)
        default: return .setAside
        }
    }

    /// The partition whose name stands in front of the marks of a directory; a long one is cut, and then
    /// another one or none.
    static func partition(markedAs name: String) -> TopicPartition? {
        name.lastIndex(of: ".").flatMap { TopicPartition(directoryName: String(name[..<$0])) }
    }

    /// 32 hexadecimal digits that no other directory has in its name.
    static func uniquePart() -> String {
        var generator = BrokerRandom()
        return [generator.next(), generator.next()].map { (half: UInt64) in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39 || byte >= 0x61 && byte <= 0x66
    }
}

extension TopicPartition {
    /// The partition whose directory has this name; nil for names that no partition has, among them `-delete`
    /// and `-stray`.
    package init?(directoryName name: String) {
        guard let dash = name.lastIndex(of: "-"), dash != name.startIndex else { return nil }
        let (topic, digits) = (name[..<dash], name[name.index(after: dash)...])
        guard let index = Int32(digits), index >= 0, "\(index)" == digits,
            topic.utf8.count <= TopicNameRule.bytesMax, topic.utf8.allSatisfy(TopicNameRule.isAllowed)
        else { return nil }
        self.init(topic: Name(topic), partition: PartitionIndex(index))
    }
}

/// The files in the directory of a partition, by their names.
enum PartitionFileName {
    /// Files that are not named after an offset.
    private static let single: Set<Name> = [
        Name(LeaderEpochs.fileName), Name(PartitionMetadata.fileName), "quorum-state",
    ]
    private static let kinds: Set<Name> = [
        "log", "index", "timeindex", "txnindex", "snapshot", "checkpoint",
    ]
    private static let marks: Set<Name> = ["deleted", "cleaned", "swap", "tmp", "part", "quarantine"]

    /// Whether brokers give files such a name: `OFFSET.kind` with whatever marks behind it, and a few others.
    static func isOfBroker(_ name: String) -> Bool {
        let stem = name.hasSuffix(".tmp") ? String(name.dropLast(".tmp".count)) : name
        if single.contains(Name(stem)) { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, let offset = parts[0].split(separator: "-").first, offset.utf8.count == 20,
            parts[0].utf8.allSatisfy(isDigitOrDash)
        else { return false }
        // Quarantined tails have their position instead of a kind.
        let isTail = parts.count == 3 && parts[2] == "quarantine"
        guard isTail || kinds.contains(Name(parts[1])) else { return false }
        return parts.dropFirst(2).allSatisfy { part in
            marks.contains(Name(part)) || part.utf8.allSatisfy(isDigitOrDash)
        }
    }

    private static func isDigitOrDash(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39 || byte == UInt8(ascii: "-")
    }
}
