// Groups are listed, described and deleted, and forget offsets, of whichever kind they are.
internal import Base
internal import Coordinator

internal import enum Protocol.ErrorCode

/// The groups that there are.
struct GroupListing: Sendable {
    /// By their ids.
    let groups: [ListedGroup]
    /// Why some are missing; nil if none is.
    let problem: Refusal?
}

/// The functions that name groups take a question, `denial`: why someone must not do this to one of them. It
/// is asked in the order of the names, and before the group is.
extension Administration {
    /// The groups that `filter` shows.
    func listGroups<Reply: Sendable>(
        _ filter: GroupFilter = GroupFilter(), answer: @escaping @Sendable (GroupListing) -> Reply
    ) -> Deferred<Reply> {
        // There are no shards before somebody made use of groups.
        let shards = broker.groups.existingShards() ?? []
        return broker.groups.gather(count: shards.count) { answers in
            var groups: [ListedGroup] = []
            var problem: Refusal?
            for answer in answers {
                let part: Result<[ListedGroup], Refusal> = answer.read {
                    if case .list(let listed) = $0 { .success(listed) } else { nil }
                } _: {
                    .failure(Refusal($0))
                }
                switch part {
                case .success(let listed): groups += listed
                case .failure(let refusal): problem = refusal
                }
            }
            return answer(GroupListing(groups: groups.sorted { $0.id < $1.id }, problem: problem))
        } ask: { index, tell in
            shards[index].ask({ .request(.list(filter), $0) }, answer: tell)
        }
    }

    /// What there is to tell of classic groups, in the order of `ids`.
    func describeGroups<Reply: Sendable>(
        _ ids: [Name], denial: (Name) -> ErrorCode? = { _ in nil },
        answer: @escaping @Sendable ([Result<DescribedGroup, Refusal>]) -> Reply
    ) -> Deferred<Reply> {
        askEach(ids, denial, { .describe($0) }, answer) { reply in
            if case .describe(let snapshot) = reply { snapshot.described.mapError(Refusal.init) } else { nil }
        }
    }

    /// What there is to tell of consumer groups, in the order of `ids`.
    func describeConsumerGroups<Reply: Sendable>(
        _ ids: [Name], denial: (Name) -> ErrorCode? = { _ in nil },
        answer: @escaping @Sendable ([Result<DescribedConsumerGroup, Refusal>]) -> Reply
    ) -> Deferred<Reply> {
        askEach(
            ids, { denial($0) ?? ($0.isEmpty ? .invalidGroupID : nil) }, { .describeConsumers($0) }, answer
        ) { reply in
            guard case .describeConsumers(let snapshot) = reply else { return nil }
            return snapshot.described.mapError(Refusal.init)
        }
    }

    /// Deletes groups without members, with their offsets, and says in the order of `ids` what became of
    /// each; complete when that is durable.
    func deleteGroups<Reply: Sendable>(
        _ ids: [Name], denial: (Name) -> ErrorCode? = { _ in nil },
        answer: @escaping @Sendable ([Result<Void, Refusal>]) -> Reply
    ) -> Deferred<Reply> {
        askEach(ids, denial, { .delete($0) }, answer) { reply in
            guard case .delete(let code) = reply else { return nil }
            return code == .none ? .success(()) : .failure(Refusal(code))
        }
    }

    /// Asks about each group, and reads each answer.
    private func askEach<Value: Sendable, Reply: Sendable>(
        _ ids: [Name], _ denial: (Name) -> ErrorCode?, _ request: (Name) -> GroupRequest,
        _ answer: @escaping @Sendable ([Result<Value, Refusal>]) -> Reply,
        read: @escaping @Sendable (GroupReply) -> Result<Value, Refusal>?
    ) -> Deferred<Reply> {
        broker.groups.gather(count: ids.count) { answers in
            answer(answers.map { $0.read(read) { .failure(Refusal($0)) } })
        } ask: { index, tell in
            if let code = denial(ids[index]) { return tell(.failure(ErrorCodeError(code))) }
            let request = request(ids[index])
            broker.groups.ask(ids[index], on: loop, { .request(request, $0) }, answer: tell)
        }
    }
}

// MARK: - Offsets

extension Administration {
    /// Has a group forget offsets; complete when that is durable.
    ///
    /// `denial` says of each topic, in order, why its offsets must not be deleted. Answers stand together
    /// where their topic was named first, those about what there is not, or must not be, in front.
    func deleteOffsets<Reply: Sendable>(
        of group: Name, _ wanted: [OffsetPlaces], denial: (Name) -> ErrorCode? = { _ in nil },
        answer: @escaping @Sendable (Result<[DeletedOffsets], Refusal>) -> Reply
    ) -> Deferred<Reply> {
        let (accepted, refused) = sort(wanted, denial)
        return broker.groups.gather(count: 1) { answers in
            let result: Result<[DeletedOffsets], Refusal> = answers[0].read {
                if case .deleteOffsets(let done) = $0 { done.mapError(Refusal.init) } else { nil }
            } _: {
                .failure(Refusal($0))
            }
            return answer(result.map { Self.merge(refused, $0) })
        } ask: { _, tell in
            broker.groups.ask(
                group, on: loop, { .request(.deleteOffsets(of: group, accepted), $0) }, answer: tell)
        }
    }

    /// What can be deleted, and the answers for the rest.
    private func sort(
        _ wanted: [OffsetPlaces], _ denial: (Name) -> ErrorCode?
    ) -> (accepted: [OffsetPlaces], refused: [DeletedOffsets]) {
        let topics = broker.catalog.topics
        var accepted: [OffsetPlaces] = []
        var refused = TopicsTogether<Name, DeletedOffsets>()
        for asked in wanted {
            let topic = topics[asked.topic]
            let denied = denial(asked.topic)
            let good = asked.partitions.filter { denied == nil && topic?.partition($0) != nil }
            if !good.isEmpty { accepted.append(OffsetPlaces(topic: asked.topic, partitions: good)) }
            let isGood = denied == nil && topic != nil
            guard !isGood || good.count < asked.partitions.count else { continue }
            let bad = asked.partitions.filter { !isGood || topic?.partition($0) == nil }.map {
                DeletedOffsets.Partition(index: $0, code: denied ?? .unknownTopicOrPartition)
            }
            refused.add(DeletedOffsets(topic: asked.topic, partitions: bad), asked.topic, join: Self.join)
        }
        return (accepted, refused.topics)
    }

    /// One answer for each topic, where some are refused.
    private static func merge(
        _ refused: [DeletedOffsets], _ answered: [DeletedOffsets]
    ) -> [DeletedOffsets] {
        guard !refused.isEmpty else { return answered }
        var merged = TopicsTogether<Name, DeletedOffsets>()
        for topic in refused + answered { merged.add(topic, topic.topic, join: join) }
        return merged.topics
    }

    private static func join(_ topic: inout DeletedOffsets, _ more: DeletedOffsets) {
        topic.partitions += more.partitions
    }
}

extension Refusal {
    /// What the coordinator says.
    fileprivate init(_ refusal: GroupRefusal) {
        if let message = refusal.message {
            self.init(code: refusal.code, message: message)
        } else {
            self.init(refusal.code)
        }
    }
}
