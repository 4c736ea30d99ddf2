// ListPartitionReassignments (key 46, v0, flexible): lists the moves of replicas under way.
package import Base

/// The body of a ListPartitionReassignments request; answered by `ListPartitionReassignmentsResponse`.
package struct ListPartitionReassignmentsRequest: RequestMessage {
    package typealias Reply = ListPartitionReassignmentsResponse
    package static let key = APIKey.listPartitionReassignments
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var timeoutMs: Int32 = 60000
    package var topics: [ListPartitionReassignmentsTopics]?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("timeoutMs", &timeoutMs)
        try c.nullableArray("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct ListPartitionReassignmentsTopics: Structure {
        package var name: Name = ""
        package var partitionIndexes: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitionIndexes", &partitionIndexes)
            try c.tags()
        }
    }
}

/// The body of the reply to `ListPartitionReassignmentsRequest`.
package struct ListPartitionReassignmentsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.listPartitionReassignments
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String? = ""
    package var topics: [OngoingTopicReassignment] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct OngoingTopicReassignment: Structure {
        package var name: Name = ""
        package var partitions: [OngoingPartitionReassignment] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct OngoingPartitionReassignment: Structure {
        package var partitionIndex: Int32 = 0
        package var replicas: [Int32] = []
        package var addingReplicas: [Int32] = []
        package var removingReplicas: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.array("replicas", &replicas)
            try c.array("addingReplicas", &addingReplicas)
            try c.array("removingReplicas", &removingReplicas)
            try c.tags()
        }
    }
}
