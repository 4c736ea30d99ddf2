// All access rules that there are.
package import Base
package import Protocol

/// A rule that came or went.
package struct AccessRuleChange: Sendable {
    package let rule: AccessRule
    package let isAdded: Bool

    /// A rule that came, or else went.
    package init(rule: AccessRule, isAdded: Bool) {
        self.rule = rule
        self.isAdded = isAdded
    }
}

/// Access rules by the ids that the metadata log gives them.
package struct AccessRules: Sendable {
    /// Rules by ids.
    package private(set) var all: [UUID: AccessRule] = [:]
    private var ids: [AccessRule: UUID] = [:]

    /// No rules.
    package init() {}

    /// How many there are.
    package var count: Int { all.count }

    /// Whether there is such a rule.
    package func contains(_ rule: AccessRule) -> Bool { ids[rule] != nil }

    /// Takes a rule in, in the place of another one with its id.
    package mutating func apply(_ record: AccessControlEntryRecord) {
        remove(record.id)
        guard let rule = AccessRule(record) else { return }
        all[record.id] = rule
        ids[rule] = record.id
    }

    /// Takes a rule away.
    package mutating func apply(_ record: RemoveAccessControlEntryRecord) { remove(record.id) }

    private mutating func remove(_ id: UUID) {
        guard let rule = all.removeValue(forKey: id), ids[rule] == id else { return }
        ids[rule] = nil
    }
}
