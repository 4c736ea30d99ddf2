// DeleteShareGroupState (key 86, v0, flexible): deletes the state of share partitions (KIP-932).
package import Base

/// The body of a DeleteShareGroupState request; answered by `DeleteShareGroupStateResponse`.
package struct DeleteShareGroupStateRequest: RequestMessage {
    package typealias Reply = DeleteShareGroupStateResponse
    package static let key = APIKey.deleteShareGroupState
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var groupID: Name = ""
    package var topics: [DeleteStateData] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct DeleteStateData: Structure {
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

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partition", &partition)
            try c.tags()
        }
    }
}

/// The body of the reply to `DeleteShareGroupStateRequest`.
package struct DeleteShareGroupStateResponse: ReplyMessage {
    package static let key = APIKey.deleteShareGroupState
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var results: [DeleteStateResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct DeleteStateResult: Structure {
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
