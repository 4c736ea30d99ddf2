// The file `quorum-state`: who leads the metadata quorum in which epoch. It is durable before the epoch's
// first record.
internal import Base
internal import Storage

/// The contents of `quorum-state`.
struct QuorumState: Equatable, Sendable {
    /// The name of the file, in the directory of the metadata log.
    static let fileName = "quorum-state"

    var leaderID: Int32
    var epoch: LeaderEpoch
    /// The configured voters, where the log does not name them.
    var voters: [Int32] = []

    init(leaderID: Int32, epoch: LeaderEpoch) {
        self.leaderID = leaderID
        self.epoch = epoch
        voters = [leaderID]
    }

    /// What `bytes` say; nil if they are no such JSON: the epoch is then only what the log tells.
    init?(reading bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes),
            let epoch = json["leaderEpoch"]?.integer.flatMap({ Int32(exactly: $0) })
        else { return nil }
        self.epoch = LeaderEpoch(epoch)
        leaderID = json["leaderId"]?.integer.flatMap { Int32(exactly: $0) } ?? -1
        if case .array(let found) = json["currentVoters"] {
            voters = found.compactMap { $0["voterId"]?.integer.flatMap { Int32(exactly: $0) } }
        }
    }

    /// The state that the directory holds; nil if it holds none that can be read.
    static func find(of log: TopicPartition, in storage: any StoragePlace) throws(StorageError)
        -> QuorumState?
    {
        try storage.contents(of: fileName, in: log, limit: 1 << 20).flatMap { QuorumState(reading: $0) }
    }

    /// Kafka's JSON: version 0 names the voters, version 1 leaves them to the log.
    func text(kraftVersion: Int16) -> String {
        guard kraftVersion == 0 else {
            return """
                {"leaderId":\(leaderID),"leaderEpoch":\(epoch.value),"votedId":-1,\
                "votedDirectoryId":"\(UUID.zero)","data_version":1}
                """
        }
        let list = voters.map { "{\"voterId\":\($0)}" }.joined(separator: ",")
        return """
            {"clusterId":"","leaderId":\(leaderID),"leaderEpoch":\(epoch.value),"votedId":-1,\
            "appliedOffset":0,"currentVoters":[\(list)],"data_version":0}
            """
    }
}
