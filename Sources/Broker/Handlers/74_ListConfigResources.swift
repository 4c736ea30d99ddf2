/// ListConfigResources (key 74, v0–1): the things that have configurations. v0 client metrics alone
/// (KIP-1000) · v1 by their kinds (KIP-1142).
import Base
import Network
import Protocol
import Security

enum ListConfigResourcesHandler: RequestHandler {
    typealias Request = ListConfigResourcesRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        guard let kinds = kinds(of: request, context), kinds.contains(.topic) else { return 0 }
        return EntryBytes.sum(of: context.topics.all, limitBytes) { EntryBytes.code + $0.name.utf8.count }
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        var reply = Reply()
        guard context.authorize(.describeConfigs, .cluster) else {
            reply.errorCode = ErrorCode.clusterAuthorizationFailed.rawValue
            return .now(reply)
        }
        guard let kinds = kinds(of: request, context) else {
            reply.errorCode = ErrorCode.unsupportedVersion.rawValue
            return .now(reply)
        }
        reply.configResources = context.administration.listConfigResources(kinds).map { resource in
            var told = Reply.ConfigResource()
            told.resourceType = resource.type
            told.resourceName = resource.name
            return told
        }
        return .now(reply)
    }

    /// What is asked for; nil if there is no such kind.
    private static func kinds(
        of request: Request, _ context: RequestContext
    ) -> Set<ConfigResourceKind>? {
        guard context.version >= 1 else { return [.clientMetrics] }
        guard !request.resourceTypes.isEmpty else { return Set(ConfigResourceKind.allCases) }
        let kinds = request.resourceTypes.compactMap { ConfigResourceKind(rawValue: $0) }
        return kinds.count == request.resourceTypes.count ? Set(kinds) : nil
    }
}
