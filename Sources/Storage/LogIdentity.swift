// Which log it is, among all that are, were and will be.
package import Base

/// Which log it is.
package struct LogIdentity: Sendable {
    /// Topic and number.
    package var partition: TopicPartition
    /// The id of the topic, which a new topic of the same name does not share.
    package var topicID: TopicID
    /// Whether producers are tracked.
    package var kind: LogKind

    /// The log of `partition` of the topic `topicID`.
    package init(partition: TopicPartition, topicID: TopicID, kind: LogKind = .data) {
        self.partition = partition
        self.topicID = topicID
        self.kind = kind
    }
}

/// What kind of log it is.
package enum LogKind: Sendable {
    /// Records of clients or coordinators: producers are tracked.
    case data
    /// The metadata log: the broker is its only writer.
    case metadata
}
