// Topics get more partitions, several at a time: what stands in the way of one holds up no other.
internal import Base

/// What became of a topic that was to have more partitions.
struct PartitionCreation: Sendable {
    let topic: Name
    /// Nil if it has them.
    let refusal: Refusal?
}

extension Administration {
    /// Gives topics more partitions, or with `validateOnly` checks whether it could; complete when they can
    /// be used.
    ///
    /// A topic that is named twice gets none. `denial` says of each other name why it must not have more.
    /// Where there is no time left, all names are refused for that, if there would be anything to do. What is
    /// refused because of the names comes first in the result.
    func createPartitions<Reply: Sendable>(
        _ wanted: [PartitionIncrease], validateOnly: Bool = false, hasTime: Bool = true,
        denial: (Name) -> Refusal? = { _ in nil },
        answer: @escaping @Sendable ([PartitionCreation]) -> Reply
    ) -> Deferred<Reply> {
        let (increases, refused) = sort(wanted, denial)
        let reply = Deferred<Reply>()
        guard hasTime || increases.isEmpty else {
            reply.complete(answer(wanted.map { PartitionCreation(topic: $0.topic, refusal: .outOfTime) }))
            return reply
        }
        broker.catalog.increase(increases, by: requester, validateOnly: validateOnly) { refusals in
            let done = zip(increases, refusals).map { PartitionCreation(topic: $0.topic, refusal: $1) }
            reply.complete(answer(refused + done))
        }
        return DiskWait.limited(reply, on: loop) {
            answer(refused + increases.map { PartitionCreation(topic: $0.topic, refusal: .outOfTime) })
        }
    }

    private func sort(
        _ wanted: [PartitionIncrease], _ denial: (Name) -> Refusal?
    ) -> (increases: [PartitionIncrease], refused: [PartitionCreation]) {
        let counts = Dictionary(wanted.lazy.map { ($0.topic, 1) }, uniquingKeysWith: +)
        var named: Set<Name> = []
        var repeated: [PartitionCreation] = []
        var denied: [PartitionCreation] = []
        var increases: [PartitionIncrease] = []
        for increase in wanted where named.insert(increase.topic).inserted {
            if counts[increase.topic] != 1 {
                let refusal = Refusal.invalidRequest("Duplicate topic name.")
                repeated.append(PartitionCreation(topic: increase.topic, refusal: refusal))
            } else if let denial = denial(increase.topic) {
                denied.append(PartitionCreation(topic: increase.topic, refusal: denial))
            } else {
                increases.append(increase)
            }
        }
        return (increases, repeated + denied)
    }
}
