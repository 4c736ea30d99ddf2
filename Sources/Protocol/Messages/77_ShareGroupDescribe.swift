// ShareGroupDescribe (key 77, v1, flexible): the state and the members of share groups (KIP-932).
package import Base

/// The body of a ShareGroupDescribe request; answered by `ShareGroupDescribeResponse`.
package struct ShareGroupDescribeRequest: RequestMessage {
    package typealias Reply = ShareGroupDescribeResponse
    package static let key = APIKey.shareGroupDescribe
    package static let versions = MessageVersions(1...1, flexibleFrom: 1)

    package var groupIDs: [Name] = []
    package var includeAuthorizedOperations = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("groupIds", &groupIDs)
        try c.bool("includeAuthorizedOperations", &includeAuthorizedOperations)
        try c.tags()
    }
}

/// The body of the reply to `ShareGroupDescribeRequest`.
package struct ShareGroupDescribeResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.shareGroupDescribe
    package static let versions = MessageVersions(1...1, flexibleFrom: 1)

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
        package var groupEpoch: Int32 = 0
        package var assignmentEpoch: Int32 = 0
        package var assignorName: Name = ""
        package var members: [Member] = []
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
        package var rackID: Name?
        package var memberEpoch: Int32 = 0
        package var clientID: Name = ""
        package var clientHost = ""
        package var subscribedTopicNames: [Name] = []
        package var assignment = Assignment()

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("memberId", &memberID)
            try c.nullableString("rackId", &rackID)
            try c.int32("memberEpoch", &memberEpoch)
            try c.string("clientId", &clientID)
            try c.string("clientHost", &clientHost)
            try c.array("subscribedTopicNames", &subscribedTopicNames)
            try c.structure("assignment", &assignment)
            try c.tags()
        }
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
