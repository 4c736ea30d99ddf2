// ElectLeaders (key 43, v0–2): asks for leader elections.
// Request: v1 electionType (KIP-460) · v2 flexible.
// Reply: v1 errorCode · v2 flexible.
package import Base

/// The body of an ElectLeaders request; answered by `ElectLeadersResponse`.
package struct ElectLeadersRequest: RequestMessage {
    package typealias Reply = ElectLeadersResponse
    package static let key = APIKey.electLeaders
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var electionType: Int8 = 0
    package var topicPartitions: [TopicPartitions]? = []
    package var timeoutMs: Int32 = 60000

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 1 { try c.int8("electionType", &electionType) }
        try c.nullableArray("topicPartitions", &topicPartitions)
        try c.int32("timeoutMs", &timeoutMs)
        try c.tags()
    }

    /// An element of `topicPartitions`.
    package struct TopicPartitions: Structure {
        package var topic: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topic", &topic)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}

/// The body of the reply to `ElectLeadersRequest`.
package struct ElectLeadersResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.electLeaders
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var replicaElectionResults: [ReplicaElectionResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        if c.version >= 1 { try c.int16("errorCode", &errorCode) }
        try c.array("replicaElectionResults", &replicaElectionResults)
        try c.tags()
    }

    /// An element of `replicaElectionResults`.
    package struct ReplicaElectionResult: Structure {
        package var topic: Name = ""
        package var partitionResult: [PartitionResult] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topic", &topic)
            try c.array("partitionResult", &partitionResult)
            try c.tags()
        }
    }

    /// An element of `partitionResult`.
    package struct PartitionResult: Structure {
        package var partitionID: Int32 = 0
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionId", &partitionID)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
