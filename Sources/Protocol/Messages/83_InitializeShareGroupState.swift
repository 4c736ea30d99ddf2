// InitializeShareGroupState (key 83, v0, flexible): the state of a share partition begins (KIP-932).
package import Base

/// The body of an InitializeShareGroupState request; answered by `InitializeShareGroupStateResponse`.
package struct InitializeShareGroupStateRequest: RequestMessage {
    package typealias Reply = InitializeShareGroupStateResponse
    package static let key = APIKey.initializeShareGroupState
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var groupID: Name = ""
    package var topics: [InitializeStateData] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct InitializeStateData: Structure {
        package var topicID = UUID.zero
        package var partitions: [PartitionData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct PartitionData: Structure {
        package var partition: Int32 = 0
        package var stateEpoch: Int32 = 0
        package var startOffset: Int64 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partition", &partition)
            try c.int32("stateEpoch", &stateEpoch)
            try c.int64("startOffset", &startOffset)
            try c.tags()
        }
    }
}

/// The body of the reply to `InitializeShareGroupStateRequest`.
package struct InitializeShareGroupStateResponse: ReplyMessage {
    package static let key = APIKey.initializeShareGroupState
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var results: [InitializeStateResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct InitializeStateResult: Structure {
        package var topicID = UUID.zero
        package var partitions: [PartitionResult] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct PartitionResult: Structure {
        package var partition: Int32 = 0
        package var errorCode: Int16 = 0
        package var errorMessage: String?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partition", &partition)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
