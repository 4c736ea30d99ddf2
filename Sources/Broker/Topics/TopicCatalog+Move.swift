// The end of a partition's way to another directory: its log is closed and copied to the last byte, the
// metadata log says where it lies, the new directory counts, and requests go on with the log there.
internal import Base
internal import Protocol
internal import Storage

extension TopicCatalog {
    /// Ends one; requests for the partition wait meanwhile.
    func moveNow(_ moving: PartitionMoves.Moving) {
        let (partition, work) = (moving.partition, moving.work)
        guard let topic = topics[moving.topicID],
            topic.partition(partition.id.partition.value) === partition,
            let source = storage.place(of: partition.id), partition.beginReopening()
        else { return work.abandon() }
        moving.quiesce()
        let config = SharedLogConfig(LogConfig(topic.settings, settings))
        var place: (any StoragePlace)? = source
        do {
            try work.finish()
            let directory = work.target.directoryID
            try metadata.append { image in
                guard image.topics[topic.id] != nil else { return [] }
                var change = PartitionChangeRecord()
                change.partitionID = partition.id.partition.value
                change.topicID = topic.id
                change.directories = [directory]
                return [.partitionChange(change)]
            }
            do throws(StorageError) { try work.commit() } catch {
                // Where nothing is left of it at the old place, the next start completes the move.
                if storage.isMissing(partition.id, in: source) { place = nil }
                throw error
            }
            place = work.target
            logger.logLimited(
                .info, "partition.moved",
                ["partition": "\(partition.id)", "from": source.path, "to": work.target.path])
        } catch {
            if place != nil { work.abandon() }
            logger.logLimited(
                .error, "partition_move.failed",
                ["partition": "\(partition.id)", "to": work.target.path, "reason": "\(error)"])
        }
        notePosition()
        guard let place else { return partition.settle(nil) }
        place.expect(1)
        partition.settle(
            opening.open(
                LogToOpen(
                    id: partition.id, topicID: topic.id, config: config, directory: place, isNew: false),
                leadingIn: partition.leaderEpoch))
        partition.catchUp()
    }
}

extension StorageEngine {
    /// Whether a place has nothing under the name of a partition.
    fileprivate func isMissing(_ partition: TopicPartition, in place: any StoragePlace) -> Bool {
        (try? place.partitionNames().contains(partition)) == false
    }
}
