// Answers by topic of a request that may name a topic several times: they stand together where the topic was
// named first.

/// Collects answers about topics; a table finds the place of each, as there may be very many.
struct TopicsTogether<Key: Hashable, Topic> {
    /// In the order in which they first came.
    private(set) var topics: [Topic] = []
    private var places: [Key: Int] = [:]

    /// Adds the answer for a topic, or has `join` add its partitions to what stands there already.
    mutating func add(_ topic: Topic, _ key: Key, join: (inout Topic, Topic) -> Void) {
        if let place = places[key] {
            join(&topics[place], topic)
        } else {
            places[key] = topics.count
            topics.append(topic)
        }
    }
}
