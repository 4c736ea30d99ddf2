// What there is to tell of the cluster, which is one node.
internal import Base

/// The cluster as a whole.
struct ClusterDescription: Sendable {
    /// A broker; where it is reached depends on who asks.
    struct Node: Sendable {
        let id: Int32
        let rack: Name?
    }

    let id: Name
    /// The node that decides on topics.
    let controllerID: Int32
    let nodes: [Node]
}

extension Administration {
    /// What is known of the cluster without waiting for anything.
    func describeCluster() -> ClusterDescription {
        let node = ClusterDescription.Node(
            id: broker.nodeID, rack: broker.rack)
        return ClusterDescription(id: broker.clusterID, controllerID: node.id, nodes: [node])
    }
}
