// Topics are created and deleted, several at a time: what stands in the way of one holds up no other.
internal import Base

internal import enum Protocol.ErrorCode

/// What became of a topic that was to be created.
struct TopicCreation: Sendable {
    let name: Name
    let outcome: Result<CreatedTopic, Refusal>
}

/// What became of a topic that was to be deleted.
struct TopicDeletion: Sendable {
    /// With name and id where it was deleted, and otherwise as it was asked for.
    let topic: TopicReference
    /// Nil if it was deleted.
    let refusal: Refusal?
}

extension Administration {
    /// Creates topics, or with `validateOnly` checks them; complete when their partitions can be used.
    ///
    /// A topic that is named twice is created in neither way. `denial` says of each name, once and in order,
    /// why it must not be created. What is refused because of the names comes first in the result.
    func createTopics<Reply: Sendable>(
        _ wanted: [NewTopic], validateOnly: Bool = false, denial: (Name) -> Refusal? = { _ in nil },
        answer: @escaping @Sendable ([TopicCreation]) -> Reply
    ) -> Deferred<Reply> {
        let (topics, refused) = sort(wanted, denial)
        let reply = Deferred<Reply>()
        broker.catalog.create(topics, by: requester, validateOnly: validateOnly) { results in
            let done = zip(topics, results).map { TopicCreation(name: $0.name, outcome: $1) }
            reply.complete(answer(refused + done))
        }
        return DiskWait.limited(reply, on: loop) {
            answer(refused + topics.map { TopicCreation(name: $0.name, outcome: .failure(.outOfTime)) })
        }
    }

    private func sort(
        _ wanted: [NewTopic], _ denial: (Name) -> Refusal?
    ) -> (topics: [NewTopic], refused: [TopicCreation]) {
        var counts = Dictionary(wanted.lazy.map { ($0.name, 1) }, uniquingKeysWith: +)
        var topics: [NewTopic] = []
        var refused: [TopicCreation] = []
        for topic in wanted {
            guard let count = counts.removeValue(forKey: topic.name) else { continue }
            if count > 1 {
                let refusal = Refusal.invalidRequest("Duplicate topic name.")
                refused.append(TopicCreation(name: topic.name, outcome: .failure(refusal)))
            }
            if let denial = denial(topic.name) {
                refused.append(TopicCreation(name: topic.name, outcome: .failure(denial)))
            } else if count == 1 {
                topics.append(topic)
            }
        }
        return (topics, refused)
    }

    /// Deletes topics; complete when their directories are gone.
    ///
    /// A topic that is named twice, or by its name and its id, is deleted in neither way. `denial` gives for
    /// each reference, once and in order, the answer to who must not delete its topic. What is refused
    /// because of the references comes first in the result.
    func deleteTopics<Reply: Sendable>(
        _ wanted: [TopicReference],
        denial: (TopicReference, TopicDirectory) -> TopicDeletion? = { _, _ in nil },
        answer: @escaping @Sendable ([TopicDeletion]) -> Reply
    ) -> Deferred<Reply> {
        let (targets, refused) = sort(wanted, denial)
        let reply = Deferred<Reply>()
        broker.catalog.delete(targets, by: requester) { results in
            let done = zip(targets, results).map { target, result in
                switch result {
                case .success(let deleted):
                    TopicDeletion(topic: TopicReference(name: deleted.name, id: deleted.id), refusal: nil)
                case .failure(let refusal): TopicDeletion(topic: target, refusal: refusal)
                }
            }
            reply.complete(answer(refused + done))
        }
        return DiskWait.limited(reply, on: loop) {
            answer(refused + targets.map { TopicDeletion(topic: $0, refusal: .outOfTime) })
        }
    }

    /// What can be deleted, and the answers for what is named in no way, in two ways, or twice, and for what
    /// must not be deleted.
    private func sort(
        _ wanted: [TopicReference], _ denial: (TopicReference, TopicDirectory) -> TopicDeletion?
    ) -> (targets: [TopicReference], refused: [TopicDeletion]) {
        func refuse(_ target: TopicReference, _ message: String) -> TopicDeletion {
            TopicDeletion(topic: target, refusal: .invalidRequest(message))
        }
        let topics = broker.catalog.topics
        var refused: [TopicDeletion] = []
        var counts: [TopicReference: Int] = [:]
        for target in wanted {
            switch (target.name, target.id) {
            case (nil, .zero): refused.append(refuse(target, "Neither topic name nor id were specified."))
            case (nil, _), (_, .zero): counts[target, default: 0] += 1
            default:
                refused.append(refuse(target, "You may not specify both topic name and topic id."))
            }
        }
        var targets: [TopicReference] = []
        for target in wanted {
            guard let count = counts.removeValue(forKey: target) else { continue }
            if count > 1 {
                let what = target.name == nil ? "id" : "name"
                refused.append(refuse(target, "Duplicate topic \(what)."))
            } else if let denial = denial(target, topics) {
                refused.append(denial)
            } else {
                targets.append(target)
            }
        }
        // Those that are named by their ids as well; Kafka then deletes them in neither way.
        let ids = Set(wanted.compactMap { $0.name == nil ? $0.id : nil })
        var inBothWays: Set<TopicReference> = []
        for target in targets {
            guard let name = target.name, let id = topics[name]?.id, ids.contains(id) else { continue }
            inBothWays.formUnion([target, TopicReference(name: nil, id: id)])
            refused.append(
                refuse(
                    TopicReference(name: name, id: id),
                    "The provided topic name maps to an ID that was already supplied."))
        }
        targets.removeAll(where: inBothWays.contains)
        return (targets, refused)
    }
}
