// The questions that an authorizer answers. Every handler asks what Kafka's handlers ask, in their order, and
// before it tells whether something exists, but for topics by id: ids are no secrets.
internal import Base
internal import Protocol
internal import Security

extension Resource {
    /// The operations that this kind of thing knows.
    var operations: [Operation] {
        switch self {
        case .topic: [.read, .write, .create, .delete, .alter, .describe, .describeConfigs, .alterConfigs]
        case .group: [.read, .delete, .describe, .describeConfigs, .alterConfigs]
        case .transactionalID: [.write, .describe]
        case .cluster:
            [.create, .alter, .describe, .clusterAction, .describeConfigs, .alterConfigs, .idempotentWrite]
        }
    }

    /// What a client is told that may not do what it asked for.
    var refusal: ErrorCode {
        switch self {
        case .topic: .topicAuthorizationFailed
        case .group: .groupAuthorizationFailed
        case .transactionalID: .transactionalIDAuthorizationFailed
        case .cluster: .clusterAuthorizationFailed
        }
    }
}

/// Decides who may do what.
protocol Authorizer: Sendable {
    /// Whether whoever is at the other end of `session` may do `operation` to `resource`.
    ///
    /// Of a denial an operator hears, unless it only leaves something out of a list (`isFilter`).
    func allows(
        _ operation: Operation, _ resource: Resource, for session: Session, isFilter: Bool
    ) -> Bool
    /// Whether he may do `operation` to some topic, there or not (KIP-679).
    func allowsForSomeTopic(_ operation: Operation, for session: Session) -> Bool
}

/// No authorizer: everybody may do everything.
struct AllowsAll: Authorizer {
    func allows(
        _ operation: Operation, _ resource: Resource, for session: Session, isFilter: Bool
    ) -> Bool { true }
    func allowsForSomeTopic(_ operation: Operation, for session: Session) -> Bool { true }
}

extension RequestContext {
    /// Whether the sender may do `operation` to `resource`, which his request asks for.
    func authorize(_ operation: Operation, _ resource: Resource) -> Bool {
        broker.authorizer.allows(operation, resource, for: session, isFilter: false)
    }

    /// The same for something that a reply goes without otherwise.
    func sees(_ operation: Operation, _ resource: Resource) -> Bool {
        broker.authorizer.allows(operation, resource, for: session, isFilter: true)
    }

    /// What the sender may do to `resource`, as the bit field of replies: bit n stands for operation n.
    func operationBits(_ resource: Resource) -> Int32 {
        resource.operations.reduce(0) {
            sees($1, resource) ? $0 | 1 << Int32($1.rawValue) : $0
        }
    }

    /// What the sender is told who may not do to the cluster what he asked for.
    var clusterRefusal: Refusal {
        let name = header.key?.name ?? "\(header.requestAPIKey)"
        return Refusal(code: .clusterAuthorizationFailed, message: "Request \(name) is not authorized.")
    }

    /// The same for the cluster, which nothing is told of to who may not describe it.
    var clusterOperationBits: Int32 { sees(.describe, .cluster) ? operationBits(.cluster) : 0 }
}
