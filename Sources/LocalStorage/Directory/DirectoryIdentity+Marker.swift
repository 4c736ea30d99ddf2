// The marker of a clean stop, and the id of the directory: what a start changes before anything else. None of
// it may keep a broker from starting and stopping on a full disk.
internal import Base
internal import Storage

extension DirectoryIdentity {
    static let markerName = ".kafka_cleanshutdown"
    /// What the marker is called while the broker runs: a stop on a full disk needs no space for a new one.
    private static let spareName = ".kafka_cleanshutdown.spare"

    var marker: String { path + "/" + Self.markerName }
    private var spare: String { path + "/" + Self.spareName }

    /// What the marker in a directory says; nil if there is none.
    static func readCleanStop(_ path: String, _ disk: any Disk) throws(StorageError) -> CleanStop? {
        guard let bytes = try disk.contents(path + "/" + markerName, limit: 4096) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        let digits = text.split(separator: ":").last.map { $0.filter { $0.isNumber || $0 == "-" } } ?? ""
        return CleanStop(brokerEpoch: Int64(digits) ?? -1)
    }

    /// Takes the marker of the last clean stop away, for good when the call returns.
    func takeMarker() throws(StorageError) {
        if cleanStop != nil {
            do throws(StorageError) { try disk.rename(marker, to: spare) } catch {
                // A longer name may need space in the directory.
                guard error.isLackOfSpace else { throw error }
                try disk.remove(marker)
            }
        } else {
            try disk.removeIfPresent(marker)
        }
        try disk.syncDirectory(path)
        use.withLock { $0 = .inUse }
    }

    /// Puts the marker in its place, for good when the call returns.
    func putMarker(brokerEpoch: Int64) throws(StorageError) {
        use.withLock { $0 = .left }
        let text = Array("{\"version\":0,\"brokerEpoch\":\(brokerEpoch)}".utf8)
        guard try disk.entry(at: spare) != nil else {
            return try disk.replace(marker, with: text, isDurable: true)
        }
        try disk.recycle(spare, as: marker, with: text)
    }

    private static func doubtful(_ path: String) -> String { path + "/.apus_doubtful" }

    /// The partitions that the marker does not vouch for.
    static func readDoubtful(
        _ path: String, _ disk: any Disk
    ) throws(StorageError) -> Set<TopicPartition> {
        guard let bytes = try disk.contents(doubtful(path)) else { return [] }
        return Set(OffsetCheckpoint(salvaging: bytes).offsets.keys)
    }

    /// Writes down, before the marker, which partitions it does not vouch for.
    func writeDoubtful(_ doubtful: Set<TopicPartition>) throws(StorageError) {
        let file = Self.doubtful(path)
        guard !doubtful.isEmpty else { return try disk.removeIfPresent(file) }
        guard try Self.readDoubtful(path, disk) != doubtful else { return }
        let checkpoint = OffsetCheckpoint(Dictionary(uniqueKeysWithValues: doubtful.map { ($0, .zero) }))
        try disk.replace(file, with: checkpoint.bytes, isDurable: true)
    }

    /// Writes down the id of a directory that Kafka left without one.
    func identify() throws(StorageError) {
        guard try Self.properties(path, disk) != properties else { return }
        let file = path + "/" + MetaProperties.fileName
        try disk.replace(file, with: properties.bytes, isDurable: true)
    }
}
