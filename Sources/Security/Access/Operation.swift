// What access rules are about: operations, and to what.
package import Base

/// What someone wants to do, numbered as in the protocol (KIP-133).
package enum Operation: Int8, CaseIterable, Sendable {
    case read = 3, write, create, delete, alter, describe, clusterAction, describeConfigs, alterConfigs,
        idempotentWrite, createTokens, describeTokens, twoPhaseCommit
}

/// The kinds of things that have rules, numbered as in the protocol.
package enum ResourceKind: Int8, CaseIterable, Sendable {
    case topic = 2, group, cluster, transactionalID, delegationToken, user
}

/// Something that an operation is done to.
package enum Resource: Hashable, Sendable {
    case topic(Name)
    case group(Name)
    case transactionalID(Name)
    case cluster

    /// The name that rules about the cluster have.
    package static let clusterName: Name = "kafka-cluster"

    /// What it is.
    package var kind: ResourceKind {
        switch self {
        case .topic: .topic
        case .group: .group
        case .transactionalID: .transactionalID
        case .cluster: .cluster
        }
    }

    /// The name by which rules know it.
    package var name: Name {
        switch self {
        case .topic(let name), .group(let name), .transactionalID(let name): name
        case .cluster: Self.clusterName
        }
    }
}

/// Who sent a request.
package struct Principal: Hashable, Sendable {
    /// `User`, with all that Apus knows of.
    package let type: Name
    /// Whoever it is.
    package let name: Name
    /// Both as rules and configurations spell them: `User:alice`.
    package let text: Name

    /// The principal of a type and a name.
    package init(type: Name, name: Name) {
        self.type = type
        self.name = name
        text = "\(type):\(name)"
    }

    /// The principal that `text` spells; nil unless it has a type, a colon and a name.
    package init?(_ text: Name) {
        let parts = text.text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        type = Name(parts[0])
        name = Name(parts[1])
        self.text = text
    }

    /// Whoever connects to a listener without authentication.
    package static let anonymous = Principal(type: "User", name: "ANONYMOUS")
}
