// Which partitions a request needs: after a start, and of a new topic, some are not open yet, and a request
// waits for its own.
internal import Base
internal import Protocol

/// The partitions that the requests of one kind name.
enum NamedPartitions<Request: RequestMessage>: Sendable {
    /// They name none.
    case none
    /// They name some, and do not need their logs: what is asked for is kept elsewhere, or is to be made.
    case withoutLogs
    /// They read or write the logs of those that `named` lists, which have to be open.
    case needed(_ named: @Sendable (_ request: Request) -> [(topic: TopicReference, numbers: [Int32])])
}

extension Handler {
    /// The partitions that the request in `frame` needs and that are not open yet.
    static func unopened(
        _ frame: RawSpan, _ start: Int, _ context: RequestContext
    ) throws(WireError) -> [Partition] {
        guard case .needed(let named) = partitions else { return [] }
        let topics = context.topics
        var found: [ObjectIdentifier: Partition] = [:]
        for (reference, numbers) in named(
            try Request(reading: frame, from: start, version: context.version))
        {
            guard let topic = reference.name.flatMap({ topics[$0] }) ?? topics[reference.id] else { continue }
            for partition in numbers.lazy.compactMap({ topic.partition($0) }) where !partition.isSettled {
                found[ObjectIdentifier(partition)] = partition
            }
        }
        return Array(found.values)
    }
}
