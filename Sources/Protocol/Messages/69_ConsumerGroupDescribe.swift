// ConsumerGroupDescribe (key 69, v0–1, flexible): the state and the members of groups of the new kind
// (KIP-848).
// Request: v1 same fields (KIP-1099).
// Reply: v1 memberType (KIP-1099).
package import Base

/// The body of a ConsumerGroupDescribe request; answered by `ConsumerGroupDescribeResponse`.
package struct ConsumerGroupDescribeRequest: RequestMessage {
    package typealias Reply = ConsumerGroupDescribeResponse
    package static let key = APIKey.consumerGroupDescribe
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var groupIDs: [Name] = []
    package var includeAuthorizedOperations = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("groupIds", &groupIDs)
        try c.bool("includeAuthorizedOperations", &includeAuthorizedOperations)
        try c.tags()
    }
}

/// The body of the reply to `ConsumerGroupDescribeRequest`.
package struct ConsumerGroupDescribeResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.consumerGroupDescribe
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var groups: [DescribedGroup] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("groups", &groups)
        try c.tags()
    }

    /// An element of `groups`.
    package struct DescribedGroup: Structure {
        package var errorCode: Int16 = 0
        package var errorMessage: String?
        package var groupID: Name = ""
        package var groupState: Name = ""
        /// Grows with each change of members or subscriptions.
        package var groupEpoch: Int32 = 0
        /// The group epoch for which the target assignment was computed.
        package var assignmentEpoch: Int32 = 0
        package var assignorName: Name = ""
        package var members: [Member] = []
        /// A bit for each operation that the sender may do; the least number where it was not asked for.
        package var authorizedOperations: Int32 = .min

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.string("groupId", &groupID)
            try c.string("groupState", &groupState)
            try c.int32("groupEpoch", &groupEpoch)
            try c.int32("assignmentEpoch", &assignmentEpoch)
            try c.string("assignorName", &assignorName)
            try c.array("members", &members)
            try c.int32("authorizedOperations", &authorizedOperations)
            try c.tags()
        }
    }

    /// An element of `members`.
    package struct Member: Structure {
        package var memberID: Name = ""
        package var instanceID: Name?
        package var rackID: Name?
        /// The group epoch up to which the member has got its assignment.
        package var memberEpoch: Int32 = 0
        package var clientID: Name = ""
        package var clientHost = ""
        package var subscribedTopicNames: [Name] = []
        package var subscribedTopicRegex: Name?
        /// What the member owns now.
        package var assignment = Assignment()
        /// What it shall own in the end.
        package var targetAssignment = Assignment()
        /// Since v1: 0 classic, 1 of the new kind, -1 unknown (KIP-1099).
        package var memberType: Int8 = -1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("memberId", &memberID)
            try c.nullableString("instanceId", &instanceID)
            try c.nullableString("rackId", &rackID)
            try c.int32("memberEpoch", &memberEpoch)
            try c.string("clientId", &clientID)
            try c.string("clientHost", &clientHost)
            try c.array("subscribedTopicNames", &subscribedTopicNames)
            try c.nullableString("subscribedTopicRegex", &subscribedTopicRegex)
            try c.structure("assignment", &assignment)
            try c.structure("targetAssignment", &targetAssignment)
            if c.version >= 1 { try c.int8("memberType", &memberType) }
            try c.tags()
        }
    }

    /// The value of `assignment` and `targetAssignment`.
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
        package var topicName: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.string("topicName", &topicName)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}
