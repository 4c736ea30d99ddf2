// GetTelemetrySubscriptions (key 71, v0, flexible): which metrics the broker wants from a client (KIP-714).
package import Base

/// The body of a GetTelemetrySubscriptions request; answered by `GetTelemetrySubscriptionsResponse`.
package struct GetTelemetrySubscriptionsRequest: RequestMessage {
    package typealias Reply = GetTelemetrySubscriptionsResponse
    package static let key = APIKey.getTelemetrySubscriptions
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var clientInstanceID = UUID.zero

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.uuid("clientInstanceId", &clientInstanceID)
        try c.tags()
    }
}

/// The body of the reply to `GetTelemetrySubscriptionsRequest`.
package struct GetTelemetrySubscriptionsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.getTelemetrySubscriptions
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var clientInstanceID = UUID.zero
    package var subscriptionID: Int32 = 0
    package var acceptedCompressionTypes: [Int8] = []
    package var pushIntervalMs: Int32 = 0
    package var telemetryMaxBytes: Int32 = 0
    package var deltaTemporality = false
    package var requestedMetrics: [Name] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.uuid("clientInstanceId", &clientInstanceID)
        try c.int32("subscriptionId", &subscriptionID)
        try c.array("acceptedCompressionTypes", &acceptedCompressionTypes)
        try c.int32("pushIntervalMs", &pushIntervalMs)
        try c.int32("telemetryMaxBytes", &telemetryMaxBytes)
        try c.bool("deltaTemporality", &deltaTemporality)
        try c.array("requestedMetrics", &requestedMetrics)
        try c.tags()
    }
}
