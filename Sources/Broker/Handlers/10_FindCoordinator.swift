/// FindCoordinator (key 10, v0–6): which broker looks after a group or a transactional id. v1 kinds, throttle
/// time · v3 flexible · v4 many keys (KIP-699) · v6 share partitions (KIP-932).
///
/// It is always this one. The topic that holds the groups, or the transactions, is made now if it is not
/// there, so that the answer is never "not yet".
internal import Base
internal import Network
internal import Protocol
internal import Security

enum FindCoordinatorHandler: RequestHandler {
    typealias Request = FindCoordinatorRequest
    /// It may create topics.
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        let each = EntryBytes.topic + context.broker.advertisedAddress(for: context).host.utf8.count
        return EntryBytes.sum(of: request.coordinatorKeys, limitBytes) { $0.utf8.count + each }
    }

    /// What a coordinator looks after, numbered as in the protocol.
    private enum Kind: Int8 {
        case group = 0
        case transaction = 1
        case share = 2
    }

    /// The first version that asks for many keys.
    private static let manyKeysFrom: Int16 = 4

    static func handle(_ request: FindCoordinatorRequest, _ context: RequestContext) -> Outcome<
        FindCoordinatorResponse
    > {
        let keys = context.version >= manyKeysFrom ? request.coordinatorKeys : [request.key]
        guard let kind = Kind(rawValue: request.keyType) else {
            return .now(refusal(of: keys, .invalidRequest, context))
        }
        switch kind {
        case .group:
            // What nobody may ask for makes no topic.
            guard keys.contains(where: { context.authorize(.describe, .group($0)) }) else {
                return .now(response(keys, .none, ofKind: .group, context))
            }
            return .later(made(context.broker.groups, keys, ofKind: .group, context))
        case .transaction:
            guard keys.contains(where: { context.authorize(.describe, .transactionalID($0)) }) else {
                return .now(response(keys, .none, ofKind: .transaction, context))
            }
            return .later(made(context.broker.transactions, keys, ofKind: .transaction, context))
        case .share:
            guard context.version >= shareFrom else {
                return .now(response(keys, context) { _ in .invalidRequest })
            }
            guard context.authorize(.clusterAction, .cluster) else {
                return .now(refusal(of: keys, .clusterAuthorizationFailed, context))
            }
            return .now(
                response(keys, context) { isSharePartition($0) ? .coordinatorNotAvailable : .invalidRequest })
        }
    }

    /// The answer when the topic of a coordinator is there.
    private static func made<State>(
        _ host: StateTopicHost<State>, _ keys: [Name], ofKind kind: Kind, _ context: RequestContext
    ) -> Deferred<FindCoordinatorResponse> {
        let reply = Deferred<FindCoordinatorResponse>()
        host.withShards { shards in
            let code: ErrorCode = shards == nil ? .coordinatorNotAvailable : .none
            reply.complete(response(keys, code, ofKind: kind, context))
        }
        return DiskWait.limited(reply, on: context.loop) {
            response(keys, .coordinatorNotAvailable, ofKind: kind, context)
        }
    }

    /// The first version that may ask about share partitions.
    private static let shareFrom: Int16 = 6

    /// Whether a key names a group, the id of a topic, and a partition, as in `group:id:0`.
    static func isSharePartition(_ key: Name) -> Bool {
        var parts = key.text.split(separator: ":", omittingEmptySubsequences: false)
        // As when Java splits.
        while parts.last?.isEmpty == true { parts.removeLast() }
        guard parts.count > 2, UUID(parts[parts.count - 2]) != nil, Int32(parts[parts.count - 1]) != nil
        else {
            return false
        }
        return parts.dropLast(2).contains { $0.utf8.contains { $0 > UInt8(ascii: " ") } }
    }

    /// The answer where all of a request fails; only such errors come with a text for each key.
    private static func refusal(
        of keys: [Name], _ code: ErrorCode, _ context: RequestContext
    ) -> FindCoordinatorResponse {
        var refusal = response(keys, context) { _ in code }
        for index in refusal.coordinators.indices { refusal.coordinators[index].errorMessage = message(code) }
        return refusal
    }

    /// `code` for those that the sender may see.
    private static func response(
        _ keys: [Name], _ code: ErrorCode, ofKind kind: Kind, _ context: RequestContext
    ) -> FindCoordinatorResponse {
        response(keys, context) { key in
            let resource: Resource = kind == .group ? .group(key) : .transactionalID(key)
            return context.authorize(.describe, resource) ? code : resource.refusal
        }
    }

    private static func response(
        _ keys: [Name], _ context: RequestContext, _ code: (Name) -> ErrorCode
    ) -> FindCoordinatorResponse {
        var response = FindCoordinatorResponse()
        response.coordinators = keys.map { coordinator($0, code($0), context) }
        // Lists have no texts, not even beside errors.
        guard context.version < manyKeysFrom, let only = response.coordinators.first else { return response }
        response.errorCode = only.errorCode
        response.errorMessage = message(ErrorCode(rawValue: only.errorCode) ?? .none)
        (response.nodeID, response.host, response.port) = (only.nodeID, only.host, only.port)
        return response
    }

    private static func message(_ code: ErrorCode) -> String {
        code == .none ? "NONE" : "The coordinator cannot be told (\(code.name))."
    }

    private static func coordinator(
        _ key: Name, _ code: ErrorCode, _ context: RequestContext
    ) -> FindCoordinatorResponse.Coordinator {
        var coordinator = FindCoordinatorResponse.Coordinator()
        coordinator.key = key
        coordinator.errorCode = code.rawValue
        guard code == .none else {
            (coordinator.nodeID, coordinator.host, coordinator.port) = (-1, "", -1)
            return coordinator
        }
        let address = context.broker.advertisedAddress(for: context)
        coordinator.nodeID = context.broker.nodeID
        (coordinator.host, coordinator.port) = address
        return coordinator
    }
}
