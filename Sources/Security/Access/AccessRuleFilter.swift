// Which rules somebody asks for, or wants to be deleted.
package import Base

/// Says for each part of a rule what it has to be; nil for anything.
package struct AccessRuleFilter: Sendable {
    /// How the names of resources are compared.
    package enum NameMatch: Sendable {
        /// With the names of patterns, whatever they are.
        case any
        /// With the names of all patterns that are about a resource of this name.
        case covering
        /// With the names of patterns of one sort.
        case exactly(ResourcePattern.Match)
    }

    package var kind: ResourceKind?
    package var name: Name?
    package var nameMatch: NameMatch
    package var principal: Name?
    package var host: Name?
    /// As the protocol numbers it, as "all operations" is one of them here.
    package var operation: Int8?
    package var permission: AccessRule.Permission?

    /// The filter that every rule passes.
    package init() { nameMatch = .any }

    /// Whether a rule is one of those.
    package func matches(_ rule: AccessRule) -> Bool {
        if let kind, kind != rule.resources.kind { return false }
        if let principal, principal != rule.principal { return false }
        if let host, host != rule.host { return false }
        if let operation, operation != rule.operationNumber { return false }
        if let permission, permission != rule.permission { return false }
        return matchesName(of: rule.resources)
    }

    private func matchesName(of pattern: ResourcePattern) -> Bool {
        if case .exactly(let match) = nameMatch, match != pattern.match { return false }
        guard let name else { return true }
        guard case .covering = nameMatch else { return name == pattern.name }
        switch pattern.match {
        case .literal: return name == pattern.name || pattern.name == ResourcePattern.all
        case .prefixed: return name.hasPrefix(pattern.name)
        }
    }
}
