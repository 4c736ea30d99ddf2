// ApiVersions (key 18, v0–4): which API keys and versions the broker serves; the first request of most
// clients.
// Request: v3 flexible, clientSoftwareName, clientSoftwareVersion.
// Reply: v1 throttleTimeMs · v3 flexible, supportedFeatures, finalizedFeaturesEpoch, finalizedFeatures,
// zkMigrationReady (KIP-511).
package import Base

/// The body of an ApiVersions request; answered by `ApiVersionsResponse`.
package struct ApiVersionsRequest: RequestMessage {
    package typealias Reply = ApiVersionsResponse
    package static let key = APIKey.apiVersions
    package static let versions = MessageVersions(0...4, flexibleFrom: 3)

    /// Since v3: the library, for statistics (KIP-511).
    package var clientSoftwareName: Name = ""
    package var clientSoftwareVersion: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 3 {
            try c.string("clientSoftwareName", &clientSoftwareName)
            try c.string("clientSoftwareVersion", &clientSoftwareVersion)
        }
        try c.tags()
    }
}

/// The body of the reply to `ApiVersionsRequest`.
package struct ApiVersionsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.apiVersions
    package static let versions = MessageVersions(0...4, flexibleFrom: 3)

    package var errorCode: Int16 = 0
    package var apiKeys: [ApiVersion] = []
    package var throttleTimeMs: Int32 = 0
    /// Since v3: the levels of features that the broker can do (KIP-584).
    package var supportedFeatures: [SupportedFeatureKey] = []
    /// Since v3: grows with each change of `finalizedFeatures`; -1 if unknown.
    package var finalizedFeaturesEpoch: Int64 = -1
    /// Since v3: the levels of features that the cluster works with.
    package var finalizedFeatures: [FinalizedFeatureKey] = []
    /// Since v3: of no meaning without ZooKeeper.
    package var zkMigrationReady = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("errorCode", &errorCode)
        try c.array("apiKeys", &apiKeys)
        if c.version >= 1 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: !supportedFeatures.isEmpty) {
            try c.array("supportedFeatures", &supportedFeatures)
        }
        if try c.tag(1, &tags, when: finalizedFeaturesEpoch != -1) {
            try c.int64("finalizedFeaturesEpoch", &finalizedFeaturesEpoch)
        }
        if try c.tag(2, &tags, when: !finalizedFeatures.isEmpty) {
            try c.array("finalizedFeatures", &finalizedFeatures)
        }
        if try c.tag(3, &tags, when: zkMigrationReady) { try c.bool("zkMigrationReady", &zkMigrationReady) }
        try c.endTags(&tags)
    }

    /// An element of `apiKeys`.
    package struct ApiVersion: Structure {
        package var apiKey: Int16 = 0
        package var minVersion: Int16 = 0
        package var maxVersion: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("apiKey", &apiKey)
            try c.int16("minVersion", &minVersion)
            try c.int16("maxVersion", &maxVersion)
            try c.tags()
        }
    }

    /// An element of `supportedFeatures`.
    package struct SupportedFeatureKey: Structure {
        package var name: Name = ""
        package var minVersion: Int16 = 0
        package var maxVersion: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int16("minVersion", &minVersion)
            try c.int16("maxVersion", &maxVersion)
            try c.tags()
        }
    }

    /// An element of `finalizedFeatures`.
    package struct FinalizedFeatureKey: Structure {
        package var name: Name = ""
        package var maxVersionLevel: Int16 = 0
        package var minVersionLevel: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int16("maxVersionLevel", &maxVersionLevel)
            try c.int16("minVersionLevel", &minVersionLevel)
            try c.tags()
        }
    }
}
