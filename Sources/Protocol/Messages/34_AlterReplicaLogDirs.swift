// AlterReplicaLogDirs (key 34, v0–2): moves replicas between log directories.
// Request: v2 flexible.
// Reply: v2 flexible.
package import Base

/// The body of an AlterReplicaLogDirs request; answered by `AlterReplicaLogDirsResponse`.
package struct AlterReplicaLogDirsRequest: RequestMessage {
    package typealias Reply = AlterReplicaLogDirsResponse
    package static let key = APIKey.alterReplicaLogDirs
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var dirs: [AlterReplicaLogDir] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("dirs", &dirs)
        try c.tags()
    }

    /// An element of `dirs`.
    package struct AlterReplicaLogDir: Structure {
        package var path: Name = ""
        package var topics: [AlterReplicaLogDirTopic] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("path", &path)
            try c.array("topics", &topics)
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct AlterReplicaLogDirTopic: Structure {
        package var name: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}

/// The body of the reply to `AlterReplicaLogDirsRequest`.
package struct AlterReplicaLogDirsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.alterReplicaLogDirs
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var throttleTimeMs: Int32 = 0
    package var results: [AlterReplicaLogDirTopicResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct AlterReplicaLogDirTopicResult: Structure {
        package var topicName: Name = ""
        package var partitions: [AlterReplicaLogDirPartitionResult] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct AlterReplicaLogDirPartitionResult: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            try c.tags()
        }
    }
}
