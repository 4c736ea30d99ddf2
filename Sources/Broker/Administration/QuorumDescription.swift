// What there is to tell of the quorum of the metadata log, which is one node.
internal import Base
internal import Storage

/// The quorum at one moment.
struct QuorumDescription: Sendable {
    /// The leader and only voter.
    let nodeID: Int32
    /// The directory that the log names the voter with; zero where the configuration alone names voters.
    let directoryID: UUID
    let epoch: LeaderEpoch
    /// Up to here the log is durable.
    let durableEnd: Offset
    let end: Offset
    let time: Timestamp
}

extension Administration {
    /// What is known of the quorum without waiting for anything.
    func describeQuorum() -> QuorumDescription {
        let metadata = broker.catalog.metadata
        let isNamed = metadata.quorum.kraftVersion > 0
        return QuorumDescription(
            nodeID: broker.nodeID, directoryID: isNamed ? broker.storage.metadata.directoryID : .zero,
            epoch: metadata.lastEpoch, durableEnd: metadata.durableEnd, end: metadata.endOffset,
            time: broker.clock.wallTime())
    }
}
