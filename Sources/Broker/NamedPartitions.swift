// Which partitions a request needs: after a start, and of a new topic, some are not open yet, and a request
// waits for its own.
internal import Base
internal import Protocol

/// Finds the partitions that requests name.
enum NamedPartitions {
    /// The partitions that a request reads or writes and that are not open yet.
    static func unopened(
        _ context: RequestContext, _ frame: RawSpan, _ start: Int
    ) throws(WireError) -> [Partition] {
        guard context.broker.catalog.opening.isAtWork else { return [] }
        let version = context.version
        let topics = context.topics
        var found: [ObjectIdentifier: Partition] = [:]
        func add(_ topic: Topic?, _ numbers: some Sequence<Int32>) {
            guard let topic else { return }
            for partition in numbers.lazy.compactMap({ topic.partition($0) }) where !partition.isSettled {
                found[ObjectIdentifier(partition)] = partition
            }
        }
        switch context.header.key {
        case .produce:
            for data in try ProduceRequest(reading: frame, from: start, version: version).topicData {
                add(topics[data.name] ?? topics[data.topicID], data.partitionData.lazy.map(\.index))
            }
        case .fetch:
            for asked in try FetchRequest(reading: frame, from: start, version: version).topics {
                add(topics[asked.topic] ?? topics[asked.topicID], asked.partitions.lazy.map(\.partition))
            }
        case .listOffsets:
            for asked in try ListOffsetsRequest(reading: frame, from: start, version: version).topics {
                add(topics[asked.name], asked.partitions.lazy.map(\.partitionIndex))
            }
        case .deleteRecords:
            for asked in try DeleteRecordsRequest(reading: frame, from: start, version: version).topics {
                add(topics[asked.name], asked.partitions.lazy.map(\.partitionIndex))
            }
        case .offsetForLeaderEpoch:
            let body = try OffsetForLeaderEpochRequest(reading: frame, from: start, version: version)
            for asked in body.topics {
                add(topics[asked.topic], asked.partitions.lazy.map(\.partition))
            }
        default: break
        }
        return Array(found.values)
    }
}
