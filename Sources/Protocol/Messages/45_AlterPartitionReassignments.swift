// AlterPartitionReassignments (key 45, v0–1, flexible): starts or cancels moves of replicas.
// Request: v1 allowReplicationFactorChange.
// Reply: v1 allowReplicationFactorChange.
package import Base

/// The body of an AlterPartitionReassignments request; answered by `AlterPartitionReassignmentsResponse`.
package struct AlterPartitionReassignmentsRequest: RequestMessage {
    package typealias Reply = AlterPartitionReassignmentsResponse
    package static let key = APIKey.alterPartitionReassignments
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var timeoutMs: Int32 = 60000
    package var allowReplicationFactorChange = true
    package var topics: [ReassignableTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("timeoutMs", &timeoutMs)
        if c.version >= 1 { try c.bool("allowReplicationFactorChange", &allowReplicationFactorChange) }
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct ReassignableTopic: Structure {
        package var name: Name = ""
        package var partitions: [ReassignablePartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct ReassignablePartition: Structure {
        package var partitionIndex: Int32 = 0
        package var replicas: [Int32]?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.nullableArray("replicas", &replicas)
            try c.tags()
        }
    }
}

/// The body of the reply to `AlterPartitionReassignmentsRequest`.
package struct AlterPartitionReassignmentsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.alterPartitionReassignments
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var allowReplicationFactorChange = true
    package var errorCode: Int16 = 0
    package var errorMessage: String? = ""
    package var responses: [ReassignableTopicResponse] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        if c.version >= 1 { try c.bool("allowReplicationFactorChange", &allowReplicationFactorChange) }
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.array("responses", &responses)
        try c.tags()
    }

    /// An element of `responses`.
    package struct ReassignableTopicResponse: Structure {
        package var name: Name = ""
        package var partitions: [ReassignablePartitionResponse] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct ReassignablePartitionResponse: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
