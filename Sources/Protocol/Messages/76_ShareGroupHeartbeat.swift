// ShareGroupHeartbeat (key 76, v1, flexible): joining, staying in and leaving a share group (KIP-932).
package import Base

/// The body of a ShareGroupHeartbeat request; answered by `ShareGroupHeartbeatResponse`.
package struct ShareGroupHeartbeatRequest: RequestMessage {
    package typealias Reply = ShareGroupHeartbeatResponse
    package static let key = APIKey.shareGroupHeartbeat
    package static let versions = MessageVersions(1...1, flexibleFrom: 1)

    package var groupID: Name = ""
    package var memberID: Name = ""
    package var memberEpoch: Int32 = 0
    package var rackID: Name?
    package var subscribedTopicNames: [Name]?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
        try c.int32("memberEpoch", &memberEpoch)
        try c.nullableString("rackId", &rackID)
        try c.nullableArray("subscribedTopicNames", &subscribedTopicNames)
        try c.tags()
    }
}

/// The body of the reply to `ShareGroupHeartbeatRequest`.
package struct ShareGroupHeartbeatResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.shareGroupHeartbeat
    package static let versions = MessageVersions(1...1, flexibleFrom: 1)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String?
    package var memberID: Name?
    package var memberEpoch: Int32 = 0
    package var heartbeatIntervalMs: Int32 = 0
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
