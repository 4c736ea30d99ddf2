/// DescribeConfigs (key 32, v0–4): the configuration of topics, the broker, its loggers, groups and client
/// metrics. v1 synonyms · v3 types and documentation · v4 flexible.
import Base
import Network
import Protocol
import Security

enum DescribeConfigsHandler: RequestHandler {
    typealias Request = DescribeConfigsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        let topics = context.topics
        return EntryBytes.sum(of: request.resources, limitBytes) { resource in
            let kind = ConfigResourceKind(rawValue: resource.resourceType)
            let count = min(kind?.entryCount ?? 0, resource.configurationKeys?.count.nonZero ?? .max)
            // Topics without values of their own share what is told of them.
            let isShared = kind == .topic && topics[resource.resourceName]?.overrides.isEmpty == true
            let meaning = request.includeDocumentation ? EntryBytes.repeatedConfigMeaning : 0
            let entry = isShared ? EntryBytes.repeatedConfig + meaning : EntryBytes.describedConfig
            return EntryBytes.refusal + resource.resourceName.utf8.count + count * entry
        }
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        // One that makes no sense is the answer to all, as what may be asked is not known then.
        if let other = request.resources.first(where: {
            ConfigResourceKind(rawValue: $0.resourceType) == nil
        }) {
            let refusal = context.administration.describeConfigs(
                of: .init(type: other.resourceType, name: other.resourceName), keys: [])
            return .now(answer(request.resources.map { result($0, refusal, request) }))
        }
        var results: [Reply.DescribeConfigsResult] = []
        var denied: [Reply.DescribeConfigsResult] = []
        // Topics with the same values of their own are described alike: consoles ask about all of thousands,
        // most of which have none.
        var known: [[Name: String]: Reply.DescribeConfigsResult] = [:]
        let topics = context.topics
        for wanted in request.resources {
            let resource = MetadataImage.ConfigResource(
                type: wanted.resourceType, name: wanted.resourceName)
            if let refusal = context.denial(.describeConfigs, resource) {
                denied.append(result(wanted, .failure(refusal), request))
                continue
            }
            let isWhole = resource.kind == .topic && wanted.configurationKeys == nil
            let overrides = isWhole ? topics[wanted.resourceName]?.overrides : nil
            if let overrides, var same = known[overrides] {
                same.resourceName = wanted.resourceName
                results.append(same)
                continue
            }
            let entries = context.administration.describeConfigs(
                of: resource, keys: wanted.configurationKeys ?? [])
            let result = result(wanted, entries, request)
            results.append(result)
            if let overrides, result.errorCode == 0 { known[overrides] = result }
        }
        return .now(answer(results + denied))
    }

    private static func answer(_ results: [Reply.DescribeConfigsResult]) -> Reply {
        var reply = Reply()
        reply.results = results
        return reply
    }

    private static func result(
        _ wanted: Request.DescribeConfigsResource, _ entries: Result<[ConfigEntry], Refusal>,
        _ request: Request
    ) -> Reply.DescribeConfigsResult {
        var result = Reply.DescribeConfigsResult()
        result.resourceType = wanted.resourceType
        result.resourceName = wanted.resourceName
        switch entries {
        case .success(let entries): result.configs = entries.map { config($0, request) }
        case .failure(let refusal):
            result.errorCode = refusal.code.rawValue
            result.errorMessage = refusal.message ?? ""
        }
        return result
    }

    private static func config(
        _ entry: ConfigEntry, _ request: Request
    ) -> Reply.DescribeConfigsResourceResult {
        var config = Reply.DescribeConfigsResourceResult()
        config.name = entry.name
        config.value = entry.value
        config.readOnly = entry.isReadOnly
        config.isDefault = entry.origin == .default
        config.configSource = entry.origin.rawValue
        config.isSensitive = entry.isSensitive
        config.configType = entry.type?.rawValue ?? 0
        config.documentation =
            request.includeDocumentation || entry.origin == .logger ? entry.documentation : nil
        guard request.includeSynonyms else { return config }
        config.synonyms = entry.synonyms.map { synonym in
            var told = Reply.DescribeConfigsSynonym()
            told.name = synonym.name
            told.value = synonym.value
            told.source = synonym.origin.rawValue
            return told
        }
        return config
    }
}

extension ConfigResourceKind {
    /// About how many configurations one such thing has.
    fileprivate var entryCount: Int {
        switch self {
        case .topic: TopicSettings.rules.count
        case .broker: BrokerSettings.rules.count
        case .logger: BrokerLoggers.components.count
        case .clientMetrics: ClientMetricsConfig.rules.count
        case .group: GroupConfig.rules.count
        }
    }
}

extension Int {
    fileprivate var nonZero: Int? { self == 0 ? nil : self }
}
