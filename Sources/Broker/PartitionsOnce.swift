// Requests name partitions; nothing keeps a client from naming one twice, with different wishes.

/// What a request asks of partitions, by topic and each once: of a repeated one the last wish counts, as in
/// Kafka, which keeps them in maps.
struct PartitionsOnce<Topic: Hashable, Asked> {
    private struct Place: Hashable {
        let topic: Topic
        let index: Int32
    }

    /// In the order in which they were first named.
    private(set) var topics: [(topic: Topic, partitions: [Asked])] = []
    private var topicPlaces: [Topic: Int] = [:]
    private var partitionPlaces: [Place: Int] = [:]
    private var repeated: Set<Place> = []

    /// Adds what is asked of the partition `index`.
    mutating func add(_ asked: Asked, _ index: Int32, of topic: Topic) {
        let place = Place(topic: topic, index: index)
        let topicPlace = topicPlaces[topic] ?? topics.count
        if topicPlace == topics.count {
            topics.append((topic, []))
            topicPlaces[topic] = topicPlace
        }
        if let partitionPlace = partitionPlaces[place] {
            topics[topicPlace].partitions[partitionPlace] = asked
            repeated.insert(place)
        } else {
            partitionPlaces[place] = topics[topicPlace].partitions.count
            topics[topicPlace].partitions.append(asked)
        }
    }

    /// Whether the partition was named more than once.
    func isRepeated(_ index: Int32, of topic: Topic) -> Bool {
        !repeated.isEmpty && repeated.contains(Place(topic: topic, index: index))
    }
}
