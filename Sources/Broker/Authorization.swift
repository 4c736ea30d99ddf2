// The questions that an authorizer will answer. Until there is one, everything is allowed, as in Kafka
// without one; every handler asks all the same, so that nothing has to be found again later.
package import Base

/// What someone wants to do, numbered as in the protocol (KIP-133).
package enum Operation: Int8, CaseIterable, Sendable {
    case read = 3, write, create, delete, alter, describe, clusterAction, describeConfigs, alterConfigs,
        idempotentWrite
}

/// To what.
package enum Resource: Sendable {
    case topic(Name)
    case group(Name)
    case transactionalID(Name)
    case cluster

    /// The operations that this kind of thing knows, as the bit field of Metadata and DescribeCluster: bit n
    /// stands for operation n.
    package var operationBits: Int32 {
        let operations: [Operation] =
            switch self {
            case .topic:
                [.read, .write, .create, .delete, .alter, .describe, .describeConfigs, .alterConfigs]
            case .group: [.read, .delete, .describe, .describeConfigs, .alterConfigs]
            case .transactionalID: [.write, .describe]
            case .cluster:
                [
                    .create, .alter, .describe, .clusterAction, .describeConfigs, .alterConfigs,
                    .idempotentWrite,
                ]
            }
        return operations.reduce(0) { $0 | 1 << Int32($1.rawValue) }
    }
}

/// Who sent a request.
package struct Principal: Hashable, Sendable {
    package let type: Name
    package let name: Name

    /// Whoever connects to a listener without authentication.
    package static let anonymous = Principal(type: "User", name: "ANONYMOUS")
}
