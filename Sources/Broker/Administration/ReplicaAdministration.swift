// Leaders and replicas of partitions, of which each has one: there is never another one to elect, or to move
// to.
internal import Base
internal import Storage

internal import enum Protocol.ErrorCode

/// Which replica is to lead a partition (KIP-460).
enum ElectionKind: Int8, Sendable {
    /// The first one of its list.
    case preferred = 0
    /// Any, where none leads.
    case unclean = 1
}

/// Where a partition is to have its replicas.
struct Reassignment: Sendable {
    let partition: TopicPartition
    /// Nil gives up a change that is under way.
    let replicas: [Int32]?
}

extension Administration {
    /// Why no leader was elected; it is never another one than before.
    func electLeader(of id: TopicPartition, _ kind: ElectionKind) -> Refusal {
        guard let topic = broker.catalog.topics[id.topic] else {
            return Refusal(code: .unknownTopicOrPartition, message: "No such topic as \(id.topic)")
        }
        guard let partition = topic.partition(id.partition.value) else {
            return Refusal(
                code: .unknownTopicOrPartition,
                message: "No such partition as \(id.topic)-\(id.partition.value)")
        }
        return electLeader(of: partition, kind)
    }

    private func electLeader(of partition: Partition, _ kind: ElectionKind) -> Refusal {
        guard partition.isOffline else {
            return Refusal(
                code: .electionNotNeeded, message: "Leader election not needed for topic partition.")
        }
        return switch kind {
        case .preferred:
            Refusal(
                code: .preferredLeaderNotAvailable, message: "The preferred leader was not available.")
        case .unclean:
            Refusal(
                code: .eligibleLeadersNotAvailable,
                message: "Eligible topic partition leaders are not available.")
        }
    }

    /// What of all partitions lacks a leader that cannot be elected, by topics.
    func electLeaders(
        _ kind: ElectionKind
    ) -> [(topic: Name, refusals: [(partition: PartitionIndex, refusal: Refusal)])] {
        broker.catalog.topics.inOrder.map { topic in
            let offline = topic.partitions.lazy.filter(\.isOffline)
            return (topic.name, offline.map { ($0.id.partition, electLeader(of: $0, kind)) })
        }
    }

    /// Lets a partition have its replicas where it has them.
    func reassign(_ wanted: Reassignment) throws(Refusal) {
        let name = wanted.partition.topic
        let index = wanted.partition.partition.value
        guard let topic = broker.catalog.topics[name] else {
            throw Refusal(
                code: .unknownTopicOrPartition, message: "Unable to find a topic named \(name).")
        }
        guard topic.partition(index) != nil else {
            throw Refusal(
                code: .unknownTopicOrPartition, message: "Unable to find partition \(name):\(index).")
        }
        guard let replicas = wanted.replicas else { throw Refusal(.noReassignmentInProgress) }
        // What passes is the one replica that there is.
        try ManualAssignment.check(replicas, on: broker.nodeID)
    }
}
