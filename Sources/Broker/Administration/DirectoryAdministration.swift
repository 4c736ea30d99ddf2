// Where partitions lie, and how much room they take there.
internal import Base
internal import Network
internal import Storage

/// A data directory, and what lies there.
struct DirectoryDescription: Sendable {
    /// A topic with some of its partitions.
    struct Topic: Sendable {
        let name: Name
        let partitions: [HeldPartition]
    }

    /// What lies there of a partition.
    struct HeldPartition: Sendable {
        let index: PartitionIndex
        let sizeBytes: Int64
        /// How many offsets are still to come, at most, where it is on its way here.
        var lag: Int64 = 0
        var isFuture = false
    }

    let path: String
    /// Whether it could not be had at the start, or has failed since.
    let isOffline: Bool
    /// What its file system has room for; nil where that cannot be told.
    let space: PlaceSpace?
    /// By their names.
    let topics: [Topic]
}

extension Administration {
    /// Describes all data directories with what lies there of the partitions that are named, or with nil of
    /// all of them.
    ///
    /// Waits for logs that are not open yet.
    func describeDirectories<Reply: Sendable>(
        of wanted: [TopicPartition]?, answer: @escaping @Sendable ([DirectoryDescription]) -> Reply,
        late: @escaping @Sendable () -> Reply
    ) -> Deferred<Reply> {
        let topics = broker.catalog.topics
        let partitions =
            if let wanted { Set(wanted).compactMap { topics.partition($0) } } else {
                topics.all.flatMap(\.partitions)
            }
        let reply = Deferred<Reply>()
        whenSettled(partitions, for: reply) {
            // File systems are asked, which may take as long as the disk.
            broker.sockets.pool.run { reply.complete(answer(describe(partitions))) }
        }
        return DiskWait.limited(reply, on: loop, late: late)
    }

    private func describe(_ partitions: [Partition]) -> [DirectoryDescription] {
        var found: [ObjectIdentifier: [Name: [DirectoryDescription.HeldPartition]]] = [:]
        for partition in partitions {
            // One that was deleted meanwhile lies nowhere.
            guard let log = partition.log, let place = broker.storage.place(of: partition.id) else {
                continue
            }
            found[ObjectIdentifier(place), default: [:]][partition.id.topic, default: []].append(
                .init(index: partition.id.partition, sizeBytes: log.sizeBytes))
        }
        let named = Set(partitions.map { ObjectIdentifier($0) })
        for moving in broker.moves.all where named.contains(ObjectIdentifier(moving.partition)) {
            let (id, work) = (moving.partition.id, moving.work)
            let end = moving.partition.log?.bounds.logEnd ?? .zero
            found[ObjectIdentifier(work.target), default: [:]][id.topic, default: []].append(
                .init(
                    index: id.partition, sizeBytes: work.copied.bytes, lag: max(0, end - work.copied.end),
                    isFuture: true))
        }
        let places = broker.storage.places.map { place in
            let topics = (found[ObjectIdentifier(place)] ?? [:]).sorted { $0.key < $1.key }
                .map { name, partitions in
                    DirectoryDescription.Topic(
                        name: name, partitions: partitions.sorted { $0.index.value < $1.index.value })
                }
            let isOffline = place.hasFailed
            return DirectoryDescription(
                path: place.path, isOffline: isOffline, space: isOffline ? nil : place.space,
                topics: isOffline ? [] : topics)
        }
        return places
            + broker.storage.missingPlaces.map { path in
                DirectoryDescription(path: path, isOffline: true, space: nil, topics: [])
            }
    }
}
