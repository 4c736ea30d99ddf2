// CreateTopics (key 19, v0–7): creates topics.
// Request: v1 validateOnly · v4 same fields (KIP-464) · v5 flexible (KIP-525) · v6 same fields (KIP-599).
// Reply: v1 errorMessage · v2 throttleTimeMs · v4 same fields (KIP-464) · v5 flexible,
// topicConfigErrorCode, numPartitions, replicationFactor, configs (KIP-525) · v6 same fields (KIP-599) · v7
// topicId.
package import Base

/// The body of a CreateTopics request; answered by `CreateTopicsResponse`.
package struct CreateTopicsRequest: RequestMessage {
    package typealias Reply = CreateTopicsResponse
    package static let key = APIKey.createTopics
    package static let versions = MessageVersions(0...7, flexibleFrom: 5)

    package var topics: [CreatableTopic] = []
    /// How long to wait until the topics are there on all brokers.
    package var timeoutMs: Int32 = 60000
    /// Since v1: whether only to say what would come of it.
    package var validateOnly = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("topics", &topics)
        try c.int32("timeoutMs", &timeoutMs)
        if c.version >= 1 { try c.bool("validateOnly", &validateOnly) }
        try c.tags()
    }

    /// An element of `topics`.
    package struct CreatableTopic: Structure {
        package var name: Name = ""
        /// -1 for the default of the broker (v4), or where `assignments` say it.
        package var numPartitions: Int32 = 0
        /// -1 for the default of the broker (v4), or where `assignments` say it.
        package var replicationFactor: Int16 = 0
        /// The brokers of each partition; empty lets the controller choose.
        package var assignments: [CreatableReplicaAssignment] = []
        package var configs: [CreatableTopicConfig] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int32("numPartitions", &numPartitions)
            try c.int16("replicationFactor", &replicationFactor)
            try c.array("assignments", &assignments)
            try c.array("configs", &configs)
            try c.tags()
        }
    }

    /// An element of `assignments`.
    package struct CreatableReplicaAssignment: Structure {
        package var partitionIndex: Int32 = 0
        package var brokerIDs: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.array("brokerIds", &brokerIDs)
            try c.tags()
        }
    }

    /// An element of `configs`.
    package struct CreatableTopicConfig: Structure {
        package var name: Name = ""
        package var value: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.nullableString("value", &value)
            try c.tags()
        }
    }
}

/// The body of the reply to `CreateTopicsRequest`.
package struct CreateTopicsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.createTopics
    package static let versions = MessageVersions(0...7, flexibleFrom: 5)

    package var throttleTimeMs: Int32 = 0
    package var topics: [CreatableTopicResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 2 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct CreatableTopicResult: Structure {
        package var name: Name = ""
        package var topicID = UUID.zero
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""
        /// Since v5: why `configs` are not told (KIP-525).
        package var topicConfigErrorCode: Int16 = 0
        package var numPartitions: Int32 = -1
        package var replicationFactor: Int16 = -1
        /// Since v5: the configuration of the new topic.
        package var configs: [CreatableTopicConfigs]? = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            if c.version >= 7 { try c.uuid("topicId", &topicID) }
            try c.int16("errorCode", &errorCode)
            if c.version >= 1 { try c.nullableString("errorMessage", &errorMessage) }
            if c.version >= 5 {
                try c.int32("numPartitions", &numPartitions)
                try c.int16("replicationFactor", &replicationFactor)
                try c.nullableArray("configs", &configs)
            }
            var tags = try c.beginTags()
            if try c.tag(0, &tags, when: topicConfigErrorCode != 0) {
                try c.int16("topicConfigErrorCode", &topicConfigErrorCode)
            }
            try c.endTags(&tags)
        }
    }

    /// An element of `configs`.
    package struct CreatableTopicConfigs: Structure {
        package var name: Name = ""
        package var value: String? = ""
        package var readOnly = false
        /// Where the value comes from: see `DescribeConfigsResponse`.
        package var configSource: Int8 = -1
        package var isSensitive = false

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.nullableString("value", &value)
            try c.bool("readOnly", &readOnly)
            try c.int8("configSource", &configSource)
            try c.bool("isSensitive", &isSensitive)
            try c.tags()
        }
    }
}
