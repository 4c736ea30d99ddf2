// DescribeCluster (key 60, v0–2, flexible): brokers, controller and cluster id.
// Request: v1 endpointType (KIP-919) · v2 includeFencedBrokers (KIP-1073).
// Reply: v1 endpointType · v2 isFenced (KIP-1073).
package import Base

/// The body of a DescribeCluster request; answered by `DescribeClusterResponse`.
package struct DescribeClusterRequest: RequestMessage {
    package typealias Reply = DescribeClusterResponse
    package static let key = APIKey.describeCluster
    package static let versions = MessageVersions(0...2, flexibleFrom: 0)

    package var includeClusterAuthorizedOperations = false
    /// Since v1: 1 brokers, 2 controllers (KIP-919).
    package var endpointType: Int8 = 1
    /// Since v2: whether brokers are told of too that may not lead anything (KIP-1073).
    package var includeFencedBrokers = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.bool("includeClusterAuthorizedOperations", &includeClusterAuthorizedOperations)
        if c.version >= 1 { try c.int8("endpointType", &endpointType) }
        if c.version >= 2 { try c.bool("includeFencedBrokers", &includeFencedBrokers) }
        try c.tags()
    }
}

/// The body of the reply to `DescribeClusterRequest`.
package struct DescribeClusterResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeCluster
    package static let versions = MessageVersions(0...2, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String?
    package var endpointType: Int8 = 1
    package var clusterID: Name = ""
    package var controllerID: Int32 = -1
    package var brokers: [DescribeClusterBroker] = []
    /// A bit for each operation that the sender may do; the least number where it was not asked for.
    package var clusterAuthorizedOperations: Int32 = .min

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        if c.version >= 1 { try c.int8("endpointType", &endpointType) }
        try c.string("clusterId", &clusterID)
        try c.int32("controllerId", &controllerID)
        try c.array("brokers", &brokers)
        try c.int32("clusterAuthorizedOperations", &clusterAuthorizedOperations)
        try c.tags()
    }

    /// An element of `brokers`.
    package struct DescribeClusterBroker: Structure {
        package var brokerID: Int32 = 0
        package var host = ""
        package var port: Int32 = 0
        package var rack: Name?
        package var isFenced = false

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("brokerId", &brokerID)
            try c.string("host", &host)
            try c.int32("port", &port)
            try c.nullableString("rack", &rack)
            if c.version >= 2 { try c.bool("isFenced", &isFenced) }
            try c.tags()
        }
    }
}
