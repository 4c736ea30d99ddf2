// CreatePartitions (key 37, v0–3): adds partitions to topics.
// Request: v2 flexible · v3 same fields (KIP-599).
// Reply: v2 flexible · v3 same fields (KIP-599).
package import Base

/// The body of a CreatePartitions request; answered by `CreatePartitionsResponse`.
package struct CreatePartitionsRequest: RequestMessage {
    package typealias Reply = CreatePartitionsResponse
    package static let key = APIKey.createPartitions
    package static let versions = MessageVersions(0...3, flexibleFrom: 2)

    package var topics: [CreatePartitionsTopic] = []
    package var timeoutMs: Int32 = 0
    package var validateOnly = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("topics", &topics)
        try c.int32("timeoutMs", &timeoutMs)
        try c.bool("validateOnly", &validateOnly)
        try c.tags()
    }

    /// An element of `topics`.
    package struct CreatePartitionsTopic: Structure {
        package var name: Name = ""
        package var count: Int32 = 0
        package var assignments: [CreatePartitionsAssignment]? = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int32("count", &count)
            try c.nullableArray("assignments", &assignments)
            try c.tags()
        }
    }

    /// An element of `assignments`.
    package struct CreatePartitionsAssignment: Structure {
        package var brokerIDs: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.array("brokerIds", &brokerIDs)
            try c.tags()
        }
    }
}

/// The body of the reply to `CreatePartitionsRequest`.
package struct CreatePartitionsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.createPartitions
    package static let versions = MessageVersions(0...3, flexibleFrom: 2)

    package var throttleTimeMs: Int32 = 0
    package var results: [CreatePartitionsTopicResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct CreatePartitionsTopicResult: Structure {
        package var name: Name = ""
        package var errorCode: Int16 = 0
        package var errorMessage: String?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
