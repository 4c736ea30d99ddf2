// Partitions are moved between log directories.
internal import Base
internal import Storage

internal import enum Protocol.ErrorCode

/// A partition that is to lie in another log directory.
struct ReplicaMove: Sendable {
    let partition: TopicPartition
    /// The path of the directory, as it is described.
    let directory: Name
}

extension Administration {
    /// Has partitions move to other log directories; complete when all are on their way, which waits for the
    /// turn of one that is under way already.
    ///
    /// The answer is given why each was not begun, in the order of `wanted`. A partition that is under way to
    /// another directory turns round.
    func moveReplicas<Reply: Sendable>(
        _ wanted: [ReplicaMove], answer: @escaping @Sendable ([Refusal?]) -> Reply
    ) -> Deferred<Reply> {
        let reply = Deferred<Reply>()
        broker.moves.run { [broker] in
            reply.complete(
                answer(
                    wanted.map { wanted in
                        do throws(Refusal) {
                            try broker.begin(wanted)
                            return nil
                        } catch { return error }
                    }))
        }
        return DiskWait.limited(reply, on: loop) { answer(wanted.map { _ in .outOfTime }) }
    }
}

extension Broker {
    /// How long the name of a directory may be, and how much of it Kafka adds to that of a partition while it
    /// is on its way: a dot, 32 digits and a mark.
    private static let (nameBytesMax, addedBytes) = (255, 1 + 32 + "-future".utf8.count)

    fileprivate func begin(_ wanted: ReplicaMove) throws(Refusal) {
        guard wanted.partition.description.utf8.count + Self.addedBytes <= Self.nameBytesMax else {
            throw Refusal(code: .invalidTopicException, message: "The topic name is too long.")
        }
        let isMissing = storage.missingPlaces.contains { Name($0) == wanted.directory }
        let target = storage.places.first { Name($0.path) == wanted.directory }
        guard target != nil || isMissing else {
            throw Refusal(
                code: .logDirNotFound, message: "Log dir \(wanted.directory) is not found in the config.")
        }
        guard let target, !target.hasFailed else {
            throw Refusal(code: .kafkaStorageError, message: "Log directory \(wanted.directory) is offline")
        }
        let id = wanted.partition
        guard let topic = catalog.topics[id.topic], let partition = topic.partition(id.partition.value) else {
            throw Refusal(.unknownTopicOrPartition)
        }
        guard !partition.isOffline else {
            throw Refusal(code: .kafkaStorageError, message: "Partition \(id) is offline")
        }
        do throws(StorageError) { try moves.begin(partition, of: topic.id, to: target) } catch {
            throw Refusal(code: ErrorCode(error), message: error.description)
        }
    }
}
