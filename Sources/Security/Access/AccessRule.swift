// Access rules (ACLs) as the metadata has them (KIP-11, KIP-290).
package import Base
package import Protocol

/// The resources that a rule is about: one by its name, or all whose names begin with something.
package struct ResourcePattern: Hashable, Sendable {
    /// How the name is meant, numbered as in the protocol.
    package enum Match: Int8, Sendable {
        case literal = 3, prefixed
    }

    /// The literal name that stands for all resources of a kind.
    package static let all: Name = "*"

    package let kind: ResourceKind
    package let match: Match
    package let name: Name

    /// The pattern of a name.
    package init(_ kind: ResourceKind, _ match: Match, _ name: Name) {
        self.kind = kind
        self.match = match
        self.name = name
    }
}

/// Says that somebody may, or may not, do something to some resources.
package struct AccessRule: Hashable, Sendable {
    /// Whether it gives or takes a right, numbered as in the protocol.
    package enum Permission: Int8, Sendable {
        case deny = 2, allow
    }

    /// The principal that stands for everybody.
    package static let everybody: Name = "User:*"
    /// The host that stands for all of them.
    package static let everywhere: Name = "*"
    /// The number of an operation that stands for all of them.
    package static let allOperations: Int8 = 2

    package let resources: ResourcePattern
    /// As `Principal` spells it.
    package let principal: Name
    /// An address, as a peer's is spelt.
    package let host: Name
    /// Nil for all operations.
    package let operation: Operation?
    package let permission: Permission

    /// The rule of these parts.
    package init(
        _ resources: ResourcePattern, principal: Name, host: Name, operation: Operation?,
        permission: Permission
    ) {
        self.resources = resources
        self.principal = principal
        self.host = host
        self.operation = operation
        self.permission = permission
    }
}

extension AccessRule {
    /// The rule that a record says; nil if it is about something that this version does not know, and no
    /// request can be about.
    package init?(_ record: AccessControlEntryRecord) {
        let isAll = record.operation == Self.allOperations
        guard let kind = ResourceKind(rawValue: record.resourceType),
            let match = ResourcePattern.Match(rawValue: record.patternType),
            let permission = Permission(rawValue: record.permissionType),
            isAll || Operation(rawValue: record.operation) != nil
        else { return nil }
        self.init(
            ResourcePattern(kind, match, record.resourceName), principal: record.principal,
            host: record.host, operation: isAll ? nil : Operation(rawValue: record.operation),
            permission: permission)
    }

    /// The number of the operation.
    package var operationNumber: Int8 { operation?.rawValue ?? Self.allOperations }

    /// The record that says it under `id`.
    package func record(_ id: UUID) -> AccessControlEntryRecord {
        var record = AccessControlEntryRecord()
        record.id = id
        record.resourceType = resources.kind.rawValue
        record.resourceName = resources.name
        record.patternType = resources.match.rawValue
        record.principal = principal
        record.host = host
        record.operation = operationNumber
        record.permissionType = permission.rawValue
        return record
    }
}

extension AccessRule: CustomStringConvertible {
    /// For people, such as `User:alice may read topic orders from *`.
    package var description: String {
        let verb = permission == .allow ? "may" : "must not"
        let name = resources.match == .prefixed ? "\(resources.name)…" : resources.name.text
        return "\(principal) \(verb) \(operation.map { "\($0)" } ?? "do everything to") "
            + "\(resources.kind) \(name) from \(host)"
    }
}
