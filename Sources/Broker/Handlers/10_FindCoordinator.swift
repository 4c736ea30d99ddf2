/// FindCoordinator (key 10, v0–6): which broker looks after a group or a transactional id. v1 kinds, throttle
/// time · v3 flexible · v4 many keys (KIP-699) · v6 share partitions (KIP-932).
///
/// It is always this one. The topic that holds the groups is made now if it is not there, so that the answer
/// is never "not yet".
internal import Base
internal import Network
internal import Protocol

enum FindCoordinatorHandler {
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
            return .now(response(keys, .invalidRequest, context))
        }
        switch kind {
        case .group:
            let reply = Deferred<FindCoordinatorResponse>()
            context.broker.groups.withShards { shards in
                reply.complete(response(keys, shards == nil ? .coordinatorNotAvailable : .none, context))
            }
            return .later(reply)
        case .transaction, .share:
            // Their coordinators are not served yet (GAPS.md).
            return .now(response(keys, .coordinatorNotAvailable, context))
        }
    }

    private static func response(
        _ keys: [String], _ code: ErrorCode, _ context: RequestContext
    ) -> FindCoordinatorResponse {
        var response = FindCoordinatorResponse()
        response.throttleTimeMs = context.throttleMilliseconds
        response.coordinators = keys.map { key in
            let isAllowed = context.authorize(.describe, .group(key))
            return coordinator(key, isAllowed ? code : .groupAuthorizationFailed, context)
        }
        guard context.version < manyKeysFrom, let only = response.coordinators.first else { return response }
        response.errorCode = only.errorCode
        response.errorMessage = only.errorMessage
        (response.nodeID, response.host, response.port) = (only.nodeID, only.host, only.port)
        return response
    }

    private static func coordinator(
        _ key: String, _ code: ErrorCode, _ context: RequestContext
    ) -> FindCoordinatorResponse.Coordinator {
        var coordinator = FindCoordinatorResponse.Coordinator()
        coordinator.key = key
        coordinator.errorCode = code.rawValue
        guard code == .none else {
            coordinator.errorMessage = "The coordinator is not available (\(code.name))."
            (coordinator.nodeID, coordinator.host, coordinator.port) = (-1, "", -1)
            return coordinator
        }
        let address = context.broker.advertisedAddress(for: context)
        coordinator.nodeID = context.broker.settings.nodeID
        (coordinator.host, coordinator.port) = address
        return coordinator
    }
}
