// Deleting topics: record, invisible, directories.
package import Base
internal import Protocol
internal import Storage

/// A topic that a reference led to.
package struct TopicReferenceFound: Sendable {
    package let name: Name
    package let id: TopicID
}

extension TopicCatalog {
    /// Deletes what `deletion` names; one record for each in as few batches as may be.
    func deleteNow(_ deletion: Deletion) {
        var results: [Result<TopicReferenceFound, Refusal>] = []
        var deleted: [Topic] = []
        var seen: Set<TopicID> = []
        for target in deletion.targets {
            do throws(Refusal) {
                let topic = try find(target)
                // The second time it is gone.
                guard seen.insert(topic.id).inserted else { throw Refusal.unknown(target) }
                deleted.append(topic)
                results.append(.success(TopicReferenceFound(name: topic.name, id: topic.id)))
            } catch {
                results.append(.failure(error))
            }
        }
        do throws(MetadataError) {
            var rest = deleted[...]
            while !rest.isEmpty {
                let part = rest.prefix(CreationLimits.recordsMax)
                try metadata.append(part.map { .removeTopic(RemoveTopicRecord(of: $0.id)) })
                rest = rest.dropFirst(part.count)
            }
        } catch {
            let refusal = Refusal(code: .kafkaStorageError, message: error.description)
            return deletion.done(
                results.map { result in if case .success = result { .failure(refusal) } else { result } })
        }
        change { $0.removing(deleted) }
        notePosition()
        tellDeleted(Set(deleted.map(\.name)))
        let names = Set(deleted.map(\.name))
        beginRemoval(of: names)
        removeDirectories(of: deleted[...], deletion.requester) { [self, results] in
            worker.run { [self] in
                endRemoval(of: names)
                deletion.done(results)
            }
        }
    }

    private func beginRemoval(of names: Set<Name>) {
        removals.withLock { removals in
            for name in names { removals.underWay[name, default: 0] += 1 }
        }
    }

    /// Has those come to their turn who waited for that.
    private func endRemoval(of names: Set<Name>) {
        let waiting = removals.withLock { removals in
            for name in names {
                let left = (removals.underWay[name] ?? 1) - 1
                removals.underWay[name] = left > 0 ? left : nil
            }
            defer { removals.waiting = [] }
            return removals.waiting
        }
        for creation in waiting { add(.create(creation)) }
    }

    /// Whether a creation waits until the directories of deleted topics are gone that had one of its names:
    /// what is noted of those could not be told from what is noted of the new ones.
    func postpone(_ creation: Creation) -> Bool {
        guard !creation.validateOnly else { return false }
        return removals.withLock { removals in
            let mustWait = creation.wanted.contains { removals.underWay[$0.name] != nil }
            if mustWait { removals.waiting.append(creation) }
            return mustWait
        }
    }

    private func find(_ target: TopicReference) throws(Refusal) -> Topic {
        guard settings.deleteTopics else {
            throw Refusal(code: .topicDeletionDisabled, message: "Topic deletion is disabled.")
        }
        guard let found = topics[target] else { throw Refusal.unknown(target) }
        return found
    }

    /// Deletes the partitions of one topic after another, in turns with what others want.
    private func removeDirectories(
        of topics: ArraySlice<Topic>, _ requester: String, then done: @escaping @Sendable () -> Void
    ) {
        guard let topic = topics.first else { return done() }
        let job = PartitionMaking.Job(
            work: { [self] in deletePartitions($0, of: topic) }, partitions: topic.partitions[...]
        ) { [self] in
            logger.logLimited(
                .info, "topic.deleted", ["topic": topic.name.text, "id": "\(topic.id)", "by": requester])
            removeDirectories(of: topics.dropFirst(), requester, then: done)
        }
        opening.making.add(job)
    }

    private func deletePartitions(_ partitions: [Partition], of topic: Topic) {
        for partition in partitions { partition.giveUpOpening() }
        let failures = storage.deletePartitions(partitions.map(\.id), of: topic.id)
        for partition in partitions { partition.topicWasDeleted() }
        for (partition, failure) in zip(partitions, failures) {
            guard let failure else { continue }
            // What was never made has no directory.
            if partition.isNew, partition.log == nil, case .partitionMissing = failure { continue }
            logger.logLimited(
                .error, "partition_deletion.failed",
                ["partition": "\(partition.id)", "error": "\(failure)"])
        }
    }
}

extension Refusal {
    /// There is no such topic.
    static func unknown(_ topic: TopicReference) -> Refusal {
        let byID = topic.name == nil
        return Refusal(
            code: byID ? .unknownTopicID : .unknownTopicOrPartition,
            message: "This server does not host this topic\(byID ? " ID" : "-partition").")
    }
}

extension RemoveTopicRecord {
    fileprivate init(of topic: TopicID) {
        self.init()
        topicID = topic
    }
}
