// ListConfigResources (key 74, v0–1, flexible): which resources have a configuration; at first for client
// metrics alone (KIP-714).
// Request: v1 resourceTypes (KIP-1142).
// Reply: v1 resourceType (KIP-1142).
package import Base

/// The body of a ListConfigResources request; answered by `ListConfigResourcesResponse`.
package struct ListConfigResourcesRequest: RequestMessage {
    package typealias Reply = ListConfigResourcesResponse
    package static let key = APIKey.listConfigResources
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var resourceTypes: [Int8] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 1 { try c.array("resourceTypes", &resourceTypes) }
        try c.tags()
    }
}

/// The body of the reply to `ListConfigResourcesRequest`.
package struct ListConfigResourcesResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.listConfigResources
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var configResources: [ConfigResource] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.array("configResources", &configResources)
        try c.tags()
    }

    /// An element of `configResources`.
    package struct ConfigResource: Structure {
        package var resourceName: Name = ""
        package var resourceType: Int8 = 16

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("resourceName", &resourceName)
            if c.version >= 1 { try c.int8("resourceType", &resourceType) }
            try c.tags()
        }
    }
}
