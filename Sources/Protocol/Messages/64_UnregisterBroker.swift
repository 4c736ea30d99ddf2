// UnregisterBroker (key 64, v0, flexible): removes a broker that is gone for good.

/// The body of a UnregisterBroker request; answered by `UnregisterBrokerResponse`.
package struct UnregisterBrokerRequest: RequestMessage {
    package typealias Reply = UnregisterBrokerResponse
    package static let key = APIKey.unregisterBroker
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var brokerID: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("brokerId", &brokerID)
        try c.tags()
    }
}

/// The body of the reply to `UnregisterBrokerRequest`.
package struct UnregisterBrokerResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.unregisterBroker
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String? = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.tags()
    }
}
