// A consumer that reads from anywhere, mostly on from where it was.
import Base
import Protocol
import Simulation

extension FetchRequest {
    init(_ wanted: [(place: Place, offset: Int64)], maxWait milliseconds: Int32, isCommitted: Bool) {
        self.init()
        maxWaitMs = milliseconds
        minBytes = 1
        isolationLevel = isCommitted ? 1 : 0
        for (place, offset) in wanted {
            var partition = FetchPartition()
            partition.partition = place.index
            partition.fetchOffset = offset
            partition.partitionMaxBytes = 1 << 20
            if topics.last?.topicID != place.topic {
                var topic = FetchTopic()
                topic.topicID = place.topic
                topics.append(topic)
            }
            topics[topics.count - 1].partitions.append(partition)
        }
    }
}

final class Fetcher: SimulatedClient {
    private var positions: [Place: Int64] = [:]
    static let version: Int16 = 16

    init(_ number: Int, _ history: BrokerHistory) { super.init("fetcher \(number)", history) }

    override func proceed(_ wire: Wire) throws -> Bool {
        guard wire.inFlight == 0, !history.isSettling, history.random.chance(60) else { return false }
        let places = history.promise.places.filter { _ in history.random.chance(60) }
        guard !places.isEmpty else { return false }
        var wanted: [(place: Place, offset: Int64)] = []
        for place in places {
            var offset = positions[place, default: 0]
            if history.random.chance(20) {
                offset = Int64.random(in: 0...(offset + 2), using: &history.random)
            }
            wanted.append((place, offset))
        }
        let before = places.map { history.promise.partitions[$0] ?? PartitionPromise() }
        let wait = Int32.random(in: 0...500, using: &history.random)
        let isCommitted = history.random.chance(50)
        let request = FetchRequest(wanted, maxWait: wait, isCommitted: history.asksFor(isCommitted))
        let asked = wanted
        try send(request, Self.version) { [unowned self] reply in
            for topic in reply.responses {
                for data in topic.partitions {
                    let place = Place(topic: topic.topicID, index: data.partitionIndex)
                    guard let index = asked.firstIndex(where: { $0.place == place }) else {
                        throw violated("a partition is fetched that nobody asked for")
                    }
                    let part = try FetchedPart(data, isCommitted: isCommitted)
                    try take(part, of: place, from: asked[index].offset, sentAt: before[index])
                }
            }
        }
        return true
    }

    private func take(
        _ part: FetchedPart, of place: Place, from offset: Int64, sentAt before: PartitionPromise
    ) throws {
        try history.promise.check(part, of: place, from: offset, sentAt: before)
        if part.error == .offsetOutOfRange {
            positions[place] = history.promise.partitions[place]?.startMin ?? 0
        } else if let last = part.records.last {
            positions[place] = last.offset + 1
        }
    }
}
