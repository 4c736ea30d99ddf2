// OffsetDelete (key 47, v0): forgets offsets of a group.
package import Base

/// The body of an OffsetDelete request; answered by `OffsetDeleteResponse`.
package struct OffsetDeleteRequest: RequestMessage {
    package typealias Reply = OffsetDeleteResponse
    package static let key = APIKey.offsetDelete
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var topics: [OffsetDeleteRequestTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.array("topics", &topics)
    }

    /// An element of `topics`.
    package struct OffsetDeleteRequestTopic: Structure {
        package var name: Name = ""
        package var partitions: [OffsetDeleteRequestPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
        }
    }

    /// An element of `partitions`.
    package struct OffsetDeleteRequestPartition: Structure {
        package var partitionIndex: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
        }
    }
}

/// The body of the reply to `OffsetDeleteRequest`.
package struct OffsetDeleteResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.offsetDelete
    package static let versions = MessageVersions(0...0)

    package var errorCode: Int16 = 0
    package var throttleTimeMs: Int32 = 0
    package var topics: [OffsetDeleteResponseTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("errorCode", &errorCode)
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("topics", &topics)
    }

    /// An element of `topics`.
    package struct OffsetDeleteResponseTopic: Structure {
        package var name: Name = ""
        package var partitions: [OffsetDeleteResponsePartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
        }
    }

    /// An element of `partitions`.
    package struct OffsetDeleteResponsePartition: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
        }
    }
}
