// UpdateFeatures (key 57, v0–2, flexible): raises or lowers feature levels.
// Request: v1 upgradeType, validateOnly, without allowDowngrade.
// Reply: v2 without results.
package import Base

/// The body of a UpdateFeatures request; answered by `UpdateFeaturesResponse`.
package struct UpdateFeaturesRequest: RequestMessage {
    package typealias Reply = UpdateFeaturesResponse
    package static let key = APIKey.updateFeatures
    package static let versions = MessageVersions(0...2, flexibleFrom: 0)

    package var timeoutMs: Int32 = 60000
    package var featureUpdates: [FeatureUpdateKey] = []
    package var validateOnly = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("timeoutMs", &timeoutMs)
        try c.array("featureUpdates", &featureUpdates)
        if c.version >= 1 { try c.bool("validateOnly", &validateOnly) }
        try c.tags()
    }

    /// An element of `featureUpdates`.
    package struct FeatureUpdateKey: Structure {
        package var feature: Name = ""
        package var maxVersionLevel: Int16 = 0
        package var allowDowngrade = false
        package var upgradeType: Int8 = 1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("feature", &feature)
            try c.int16("maxVersionLevel", &maxVersionLevel)
            if c.version <= 0 { try c.bool("allowDowngrade", &allowDowngrade) }
            if c.version >= 1 { try c.int8("upgradeType", &upgradeType) }
            try c.tags()
        }
    }
}

/// The body of the reply to `UpdateFeaturesRequest`.
package struct UpdateFeaturesResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.updateFeatures
    package static let versions = MessageVersions(0...2, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String? = ""
    package var results: [UpdatableFeatureResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        if c.version <= 1 { try c.array("results", &results) }
        try c.tags()
    }

    /// An element of `results`.
    package struct UpdatableFeatureResult: Structure {
        package var feature: Name = ""
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("feature", &feature)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
