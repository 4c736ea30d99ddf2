// Moves between directories that an earlier run, of this broker or of Kafka, did not bring to their end. A
// partition that lies where it always did is served from there, and goes on its way again; one that lies
// nowhere else had come to the end of it.
internal import Base
internal import Storage

/// Makes up for what is missing of moves, before partitions are looked for.
struct UnfinishedMoves {
    /// Those that are to begin anew.
    private(set) var again: [(partition: TopicPartition, topicID: TopicID, target: any StoragePlace)] = []

    /// Looks through all places; what cannot be told to be of a topic of `image` is left alone, with a line
    /// in the log.
    init(_ image: MetadataImage, _ storage: any StorageEngine, _ logger: Logger) throws(StartError) {
        do throws(StorageError) {
            for place in storage.places {
                for move in try place.unfinishedMoves() {
                    try resolve(move, in: place, image, storage, logger)
                }
            }
        } catch {
            throw StartError(error.description)
        }
    }

    private mutating func resolve(
        _ move: UnfinishedMove, in place: any StoragePlace, _ image: MetadataImage,
        _ storage: any StorageEngine, _ logger: Logger
    ) throws(StorageError) {
        // The crash came before it was written down whose it is.
        if move.topicID == nil, move.isEmpty { return place.discard(move) }
        guard let id = move.topicID, image.topics[id] != nil || image.removedTopics.contains(id) else {
            return logger.log(
                .warning, "stray_partition.found",
                ["directory": move.path, "reason": "it does not tell which topic it belongs to"])
        }
        guard let known = image.topics[id]?.partitions[move.partition.partition.value] else {
            return place.discard(move)
        }
        var isElsewhere = false
        for other in storage.places where try other.partitionNames().contains(move.partition) {
            if try other.look(at: move.partition).topicID == id { isElsewhere = true }
        }
        if isElsewhere {
            place.discard(move)
            if !again.contains(where: { $0.partition == move.partition }) {
                again.append((move.partition, id, place))
            }
        } else if known.directory == place.directoryID {
            try place.complete(move)
            logger.logLimited(
                .info, "partition.moved", ["partition": "\(move.partition)", "to": place.path])
        } else {
            logger.log(
                .warning, "stray_partition.found",
                ["directory": move.path, "reason": "the partition was given another directory"])
        }
    }
}
