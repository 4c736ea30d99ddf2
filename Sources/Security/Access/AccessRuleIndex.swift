// Looks up what access rules say, as Kafka's StandardAuthorizer decides it: whatever denies wins, then
// whatever allows; where rules cover a resource, and none of them is about who asks, that denies too.
package import Base

/// Who asks, as rules know him.
package struct AccessSubject: Hashable, Sendable {
    /// As `Principal` spells it.
    package let principal: Name
    /// The peer's address.
    package let host: Name

    /// Somebody at an address.
    package init(_ principal: Principal, host: Name) {
        self.principal = principal.text
        self.host = host
    }
}

/// What rules say to a question.
package enum AccessFinding: Equatable, Sendable {
    case denied(by: AccessRule)
    case allowed(by: AccessRule)
    /// There are rules about the resource, and none for this.
    case unmatched
    /// There is no rule about the resource.
    case uncovered
}

/// The rules, by what questions are about.
package struct AccessRuleIndex: Sendable {
    /// The rules about one kind of resources.
    private struct Kind: Sendable {
        var literals: [Name: PatternEffects] = [:]
        var prefixes = PrefixTable<PatternEffects>()
        /// What each principal has rules about, and how many.
        var patterns: [Name: [ResourcePattern: Int]] = [:]

        func effects(_ pattern: ResourcePattern) -> PatternEffects? {
            switch pattern.match {
            case .literal: literals[pattern.name]
            case .prefixed: prefixes[pattern.name]
            }
        }
    }

    private var kinds: [ResourceKind: Kind] = [:]

    /// An index without rules.
    package init() {}

    /// The index of some rules, none of which is there twice.
    package init(_ rules: some Sequence<AccessRule>) {
        // In order, so that none moves those that are there.
        for rule in rules.sorted(by: { $0.resources.name < $1.resources.name }) {
            change(AccessRuleChange(rule: rule, isAdded: true))
        }
    }

    /// Takes a rule in that was not there, or one out that was.
    package mutating func change(_ change: AccessRuleChange) {
        let (rule, isAdded) = (change.rule, change.isAdded)
        // Taken out while it changes, so that nothing of it is copied.
        var kind = kinds.removeValue(forKey: rule.resources.kind) ?? Kind()
        defer { kinds[rule.resources.kind] = kind }
        var counts = kind.patterns.removeValue(forKey: rule.principal) ?? [:]
        let count = counts[rule.resources, default: 0] + (isAdded ? 1 : -1)
        counts[rule.resources] = count == 0 ? nil : count
        if !counts.isEmpty { kind.patterns[rule.principal] = counts }
        let name = rule.resources.name
        switch rule.resources.match {
        case .literal:
            var effects = kind.literals.removeValue(forKey: name) ?? PatternEffects()
            effects.change(rule, isAdded: isAdded)
            if !effects.isEmpty { kind.literals[name] = effects }
        case .prefixed:
            var effects = kind.prefixes[name] ?? PatternEffects()
            effects.change(rule, isAdded: isAdded)
            kind.prefixes[name] = effects.isEmpty ? nil : effects
        }
    }

    /// What they say to `subject`, who wants to do `operation` to the resource `name`.
    package func finding(
        _ operation: Operation, _ resourceKind: ResourceKind, _ name: Name, for subject: AccessSubject
    ) -> AccessFinding {
        guard let kind = kinds[resourceKind] else { return .uncovered }
        var search = AccessSearch(operation, resourceKind, subject)
        if let effects = kind.literals[name] { search.look(at: effects, .literal, name) }
        if !search.isDenied {
            kind.prefixes.forEachPrefix(of: name) { prefix, effects in
                search.look(at: effects, .prefixed, prefix)
                return !search.isDenied
            }
        }
        if !search.isDenied, name != ResourcePattern.all, let effects = kind.literals[ResourcePattern.all] {
            search.look(at: effects, .literal, ResourcePattern.all)
        }
        return search.finding
    }

    /// Whether they let `subject` do `operation` to some resource of a kind, there or not (KIP-679).
    ///
    /// As in Kafka an operation is not implied by others here, and a resource counts as denied where a denial
    /// covers all of the pattern that allows it.
    package func allowsSome(
        _ operation: Operation, _ kind: ResourceKind, for subject: AccessSubject
    ) -> Bool {
        guard let kind = kinds[kind] else { return false }
        let operations = OperationSet(operation).union(.all)
        var allowed: Set<ResourcePattern> = []
        var denied: Set<ResourcePattern> = []
        for principal in [subject.principal, AccessRule.everybody] {
            for pattern in (kind.patterns[principal] ?? [:]).keys {
                kind.effects(pattern)?.forEach(subject) { _, _, effects in
                    if !effects.denied.isDisjoint(with: operations) { denied.insert(pattern) }
                    if !effects.allowed.isDisjoint(with: operations) { allowed.insert(pattern) }
                }
            }
        }
        return Self.leavesSome(allowed, without: denied)
    }

    private static func leavesSome(
        _ allowed: Set<ResourcePattern>, without denied: Set<ResourcePattern>
    ) -> Bool {
        func isAll(_ pattern: ResourcePattern) -> Bool {
            pattern.match == .literal && pattern.name == ResourcePattern.all
        }
        if denied.contains(where: isAll) { return false }
        if allowed.contains(where: isAll) { return true }
        var prefixes = PrefixTable<Bool>()
        for pattern in denied.sorted(by: { $0.name < $1.name }) where pattern.match == .prefixed {
            prefixes[pattern.name] = true
        }
        return allowed.contains { pattern in
            if pattern.match == .literal, denied.contains(pattern) { return false }
            var isDenied = false
            prefixes.forEachPrefix(of: pattern.name) { _, _ in
                isDenied = true
                return false
            }
            return !isDenied
        }
    }
}

/// Gathers what patterns say to one question.
private struct AccessSearch {
    private let kind: ResourceKind
    private let subject: AccessSubject
    private let allowing: OperationSet
    private let denying: OperationSet
    private(set) var finding = AccessFinding.uncovered

    init(_ operation: Operation, _ kind: ResourceKind, _ subject: AccessSubject) {
        self.kind = kind
        self.subject = subject
        allowing = .allowing(operation)
        denying = .denying(operation)
    }

    var isDenied: Bool { if case .denied = finding { true } else { false } }

    mutating func look(at effects: PatternEffects, _ match: ResourcePattern.Match, _ name: Name) {
        if finding == .uncovered { finding = .unmatched }
        var found = finding
        effects.forEach(subject) { principal, host, effects in
            func rule(_ operations: OperationSet, _ permission: AccessRule.Permission) -> AccessRule {
                AccessRule(
                    ResourcePattern(kind, match, name), principal: principal, host: host,
                    operation: operations.first, permission: permission)
            }
            let denied = effects.denied.intersection(denying)
            let allowed = effects.allowed.intersection(allowing)
            if case .denied = found { return }
            if !denied.isEmpty { found = .denied(by: rule(denied, .deny)) }
            if found == .unmatched, !allowed.isEmpty { found = .allowed(by: rule(allowed, .allow)) }
        }
        finding = found
    }
}
