// What the logs of partitions know of their producers.
internal import Base
internal import Storage

internal import enum Protocol.ErrorCode

extension Administration {
    /// The producers that the partition's log knows, by their ids.
    func describeProducers(of partition: TopicPartition) throws(Refusal) -> [KnownProducer] {
        guard let found = broker.catalog.topics.partition(partition) else {
            throw Refusal(.unknownTopicOrPartition)
        }
        guard let log = found.log else { throw Refusal(.kafkaStorageError) }
        return log.knownProducers
    }
}
