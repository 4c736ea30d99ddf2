// ConsumerGroupHeartbeat (key 68, v0–1, flexible): joining, staying in and leaving a group of the new kind,
// all in one request (KIP-848).
// Request: v1 subscribedTopicRegex (KIP-848, KIP-1082).
package import Base

/// The body of a ConsumerGroupHeartbeat request; answered by `ConsumerGroupHeartbeatResponse`.
package struct ConsumerGroupHeartbeatRequest: RequestMessage {
    package typealias Reply = ConsumerGroupHeartbeatResponse
    package static let key = APIKey.consumerGroupHeartbeat
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var groupID: Name = ""
    /// Chosen by the client since v1; empty at first in v0 (KIP-1082).
    package var memberID: Name = ""
    /// 0 joins, -1 leaves, -2 leaves for a while as a static member; else the epoch that the coordinator
    /// gave.
    package var memberEpoch: Int32 = 0
    /// The name of a static member; null if it is none, or nothing changed.
    package var instanceID: Name?
    package var rackID: Name?
    /// How long the member may take to give up partitions; -1 if nothing changed.
    package var rebalanceTimeoutMs: Int32 = -1
    /// Null if nothing changed.
    package var subscribedTopicNames: [Name]?
    /// Since v1: topics by a pattern of RE2; null if nothing changed, empty for none.
    package var subscribedTopicRegex: Name?
    /// Null if nothing changed, or the coordinator may choose.
    package var serverAssignor: Name?
    /// What the member owns; null if nothing changed.
    package var topicPartitions: [TopicPartitions]?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
        try c.int32("memberEpoch", &memberEpoch)
        try c.nullableString("instanceId", &instanceID)
        try c.nullableString("rackId", &rackID)
        try c.int32("rebalanceTimeoutMs", &rebalanceTimeoutMs)
        try c.nullableArray("subscribedTopicNames", &subscribedTopicNames)
        if c.version >= 1 { try c.nullableString("subscribedTopicRegex", &subscribedTopicRegex) }
        try c.nullableString("serverAssignor", &serverAssignor)
        try c.nullableArray("topicPartitions", &topicPartitions)
        try c.tags()
    }

    /// An element of `topicPartitions`.
    package struct TopicPartitions: Structure {
        package var topicID = UUID.zero
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}

/// The body of the reply to `ConsumerGroupHeartbeatRequest`.
package struct ConsumerGroupHeartbeatResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.consumerGroupHeartbeat
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String?
    package var memberID: Name?
    /// To be sent with the next heartbeat.
    package var memberEpoch: Int32 = 0
    package var heartbeatIntervalMs: Int32 = 0
    /// What the member shall own; null if nothing changed.
    package var assignment: Assignment?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.nullableString("memberId", &memberID)
        try c.int32("memberEpoch", &memberEpoch)
        try c.int32("heartbeatIntervalMs", &heartbeatIntervalMs)
        try c.nullableStructure("assignment", &assignment)
        try c.tags()
    }

    /// The value of `assignment`.
    package struct Assignment: Structure {
        package var topicPartitions: [TopicPartitions] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.array("topicPartitions", &topicPartitions)
            try c.tags()
        }
    }

    /// An element of `topicPartitions`.
    package struct TopicPartitions: Structure {
        package var topicID = UUID.zero
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}
