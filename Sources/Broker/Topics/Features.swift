// The features of KRaft (KIP-584): which levels this broker can run at, and the levels that a new data
// directory is given.
import Base

/// Feature levels.
enum Features {
    struct Feature: Sendable {
        let name: Name
        let levels: ClosedRange<Int16>
    }

    /// Kafka's number for the newest metadata format that we write: 4.3-IV0.
    static let metadataVersion: Int16 = 30

    /// The first format that has users (KIP-900): 3.5-IV2.
    static let metadataVersionOfUsers: Int16 = 11

    /// The feature that says which format the metadata has.
    static let metadata: Name = "metadata.version"

    /// The formats of metadata that brought records, or fields of records, which older ones do not know.
    static let newFormats: [Int16] = [8, 11, 13, 14, 15, 17, 23, 30]

    /// What else Kafka 4.3 has: directories of its may have levels of these.
    static let unserved: Set<Name> = [
        "eligible.leader.replicas.version", "share.version", "streams.version",
    ]

    /// What this broker can run at.
    ///
    /// Those of share groups follow with their coordinator.
    static let supported = [
        Feature(name: "group.version", levels: 0...1),
        Feature(name: "kraft.version", levels: 0...1),
        Feature(name: "metadata.version", levels: 7...metadataVersion),
        Feature(name: "transaction.version", levels: 0...2),
    ]

    /// The levels of a new directory.
    static let initial: [(name: Name, level: Int16)] = [
        ("metadata.version", metadataVersion), ("group.version", 1),
        ("transaction.version", 2),
    ]
}
