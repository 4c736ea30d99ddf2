// Decides who may do what: super users first, then the rules, then what holds where there is none.
package import Base

/// What holds beside the rules.
package struct AccessPolicy: Sendable, Equatable {
    /// Who may do everything, as `Principal` spells them (`super.users`).
    package var superUsers: Set<Name> = []
    /// Whether everybody may do what there is no rule about (`allow.everyone.if.no.acl.found`).
    package var allowsUncovered = false

    /// Nobody may do anything without a rule.
    package init() {}

    /// The super users that the value of `super.users` names; nil if one of them has no type.
    ///
    /// They stand between semicolons, as the names of certificates have commas.
    package static func superUsers(_ text: String) -> Set<Name>? {
        var users: Set<Name> = []
        for part in text.split(separator: ";") {
            let name = Name(part.trimmed)
            guard !name.isEmpty else { continue }
            guard Principal(name) != nil else { return nil }
            users.insert(name)
        }
        return users
    }
}

/// Why somebody may do something, or not.
package enum AccessBasis: Equatable, Sendable {
    case superUser
    case rule(AccessRule)
    /// No rule is about the resource.
    case uncovered
    /// Rules are about the resource, and none for this.
    case unmatched
}

/// Whether somebody may do something.
package struct AccessDecision: Equatable, Sendable {
    package let isAllowed: Bool
    package let basis: AccessBasis

    /// A decision and its reason.
    package init(isAllowed: Bool, basis: AccessBasis) {
        self.isAllowed = isAllowed
        self.basis = basis
    }
}

/// The rules and what holds beside them.
package struct AccessControl: Sendable {
    package var policy: AccessPolicy
    package var rules: AccessRuleIndex

    /// The rules under a policy.
    package init(_ policy: AccessPolicy, _ rules: AccessRuleIndex) {
        self.policy = policy
        self.rules = rules
    }

    /// Whether `subject` may do `operation` to the resource `name`.
    package func decide(
        _ operation: Operation, _ kind: ResourceKind, _ name: Name, for subject: AccessSubject
    ) -> AccessDecision {
        if policy.superUsers.contains(subject.principal) {
            return AccessDecision(isAllowed: true, basis: .superUser)
        }
        switch rules.finding(operation, kind, name, for: subject) {
        case .denied(let rule): return AccessDecision(isAllowed: false, basis: .rule(rule))
        case .allowed(let rule): return AccessDecision(isAllowed: true, basis: .rule(rule))
        case .unmatched: return AccessDecision(isAllowed: false, basis: .unmatched)
        case .uncovered: return AccessDecision(isAllowed: policy.allowsUncovered, basis: .uncovered)
        }
    }

    /// Whether he may do it to some resource of a kind, there or not (KIP-679).
    package func allowsSome(
        _ operation: Operation, _ kind: ResourceKind, for subject: AccessSubject
    ) -> Bool {
        decide(operation, kind, Self.anyName, for: subject).isAllowed
            || rules.allowsSome(operation, kind, for: subject)
    }

    /// The name with which Kafka asks whether somebody may do something to whatever there is.
    private static let anyName: Name = "hardcode"
}
