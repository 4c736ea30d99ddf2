// Replicas that a client assigns itself, where there is one node.

internal import enum Protocol.ErrorCode

/// Checks of assigned replicas.
enum ManualAssignment {
    /// Refuses replicas of one partition that cannot be, in the order of Kafka's checks.
    static func check(_ replicas: [Int32], on node: Int32) throws(Refusal) {
        guard !replicas.isEmpty else {
            throw refusal("includes an empty replica list.")
        }
        var previous: Int32?
        for replica in replicas.sorted() {
            guard replica == node else {
                throw refusal("includes broker \(replica), but no such broker is registered.")
            }
            guard replica != previous else {
                throw refusal("includes the broker \(replica) more than once.")
            }
            previous = replica
        }
    }

    private static func refusal(_ what: String) -> Refusal {
        Refusal(code: .invalidReplicaAssignment, message: "The manual partition assignment \(what)")
    }
}
