/// ApiVersions (key 18, v0–4): which requests the broker serves, in which versions. v1 throttle time · v3
/// flexible, client software, features · v4 features whose lowest version is 0.
///
/// Its response header is always v0, so that any client can read it.
import Base
import Network
import Protocol

enum ApiVersionsHandler: RequestHandler {
    typealias Request = ApiVersionsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    /// The first version in which a client tells its software.
    private static let softwareFrom: Int16 = 3

    static func handle(_ request: ApiVersionsRequest, _ context: RequestContext) -> Outcome<
        ApiVersionsResponse
    > {
        var response = ApiVersionsResponse()
        if context.version >= softwareFrom {
            guard isValid(request.clientSoftwareName), isValid(request.clientSoftwareVersion) else {
                response.errorCode = ErrorCode.invalidRequest.rawValue
                return .now(response)
            }
            context.session.software = Session.Software(
                name: request.clientSoftwareName, version: request.clientSoftwareVersion)
        }
        response.apiKeys = HandlerTable.rows.map { ApiVersionsResponse.ApiVersion($0.key, $0.versions) }
        response.supportedFeatures = Features.supported.compactMap {
            feature -> ApiVersionsResponse.SupportedFeatureKey? in
            // Clients below v4 take a lowest version of 0 for an error.
            if context.version < 4, feature.levels.lowerBound == 0 { return nil }
            var supported = ApiVersionsResponse.SupportedFeatureKey()
            supported.name = feature.name
            supported.minVersion = feature.levels.lowerBound
            supported.maxVersion = feature.levels.upperBound
            return supported
        }
        response.finalizedFeaturesEpoch = context.broker.catalog.metadataOffset.value
        // A directory of Kafka has levels of features that are not served here yet.
        let supported = Set(Features.supported.map(\.name))
        let levels = context.broker.catalog.features.filter { supported.contains($0.key) }
        response.finalizedFeatures = levels.sorted { $0.key < $1.key }.map { name, level in
            var finalized = ApiVersionsResponse.FinalizedFeatureKey()
            finalized.name = name
            finalized.maxVersionLevel = level
            finalized.minVersionLevel = level
            return finalized
        }
        return .now(response)
    }

    /// The answer to a version that is not served: the body of v0 with the one range that lets the client try
    /// again (KIP-511).
    static func unsupportedVersion() -> ApiVersionsResponse {
        var response = ApiVersionsResponse()
        response.errorCode = ErrorCode.unsupportedVersion.rawValue
        if let versions = APIKey.apiVersions.served {
            response.apiKeys = [ApiVersionsResponse.ApiVersion(.apiVersions, versions)]
        }
        return response
    }

    /// Letters, digits, dots and dashes, beginning and ending with a letter or digit (KIP-511).
    private static func isValid(_ text: Name) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        guard let first = text.utf8.first, let last = text.utf8.last, isAlphanumeric(first),
            isAlphanumeric(last)
        else {
            return false
        }
        return text.utf8.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
    }
}

extension ApiVersionsResponse.ApiVersion {
    fileprivate init(_ key: APIKey, _ versions: ClosedRange<Int16>) {
        self.init()
        apiKey = key.rawValue
        minVersion = versions.lowerBound
        maxVersion = versions.upperBound
    }
}
