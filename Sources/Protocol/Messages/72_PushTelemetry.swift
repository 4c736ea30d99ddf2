// PushTelemetry (key 72, v0, flexible): a client delivers its metrics (KIP-714).
package import Base

/// The body of a PushTelemetry request; answered by `PushTelemetryResponse`.
package struct PushTelemetryRequest: RequestMessage {
    package typealias Reply = PushTelemetryResponse
    package static let key = APIKey.pushTelemetry
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var clientInstanceID = UUID.zero
    package var subscriptionID: Int32 = 0
    package var terminating = false
    package var compressionType: Int8 = 0
    package var metrics: [UInt8] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.uuid("clientInstanceId", &clientInstanceID)
        try c.int32("subscriptionId", &subscriptionID)
        try c.bool("terminating", &terminating)
        try c.int8("compressionType", &compressionType)
        try c.bytes("metrics", &metrics)
        try c.tags()
    }
}

/// The body of the reply to `PushTelemetryRequest`.
package struct PushTelemetryResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.pushTelemetry
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.tags()
    }
}
