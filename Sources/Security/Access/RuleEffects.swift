// What the rules about the same resources say, so that it can be looked up.
internal import Base

/// A set of operations, "all" among them as one more.
struct OperationSet: OptionSet, Sendable {
    var rawValue: UInt16

    static let all = OperationSet(rawValue: 1 << AccessRule.allOperations)

    init(rawValue: UInt16) { self.rawValue = rawValue }

    init(_ operation: Operation?) {
        self = operation.map { OperationSet(rawValue: 1 << UInt16($0.rawValue)) } ?? .all
    }

    init(_ operations: [Operation]) { self = operations.reduce(into: []) { $0.formUnion(OperationSet($1)) } }

    /// Any of these, where it is allowed, allows `operation` too.
    static func allowing(_ operation: Operation) -> OperationSet {
        switch operation {
        case .describe: OperationSet([.describe, .read, .write, .delete, .alter]).union(.all)
        case .describeConfigs: OperationSet([.describeConfigs, .alterConfigs]).union(.all)
        default: OperationSet(operation).union(.all)
        }
    }

    /// Any of these, where it is denied, denies `operation` too: nothing is implied.
    static func denying(_ operation: Operation) -> OperationSet { OperationSet(operation).union(.all) }

    /// The lowest of them, or nil for all operations.
    var first: Operation? {
        contains(.all) ? nil : Operation(rawValue: Int8(rawValue.trailingZeroBitCount))
    }
}

/// What is allowed and what is denied.
struct Effects: Sendable, Equatable {
    var allowed: OperationSet = []
    var denied: OperationSet = []

    var isEmpty: Bool { allowed.isEmpty && denied.isEmpty }

    mutating func change(_ rule: AccessRule, isAdded: Bool) {
        let operation = OperationSet(rule.operation)
        switch (rule.permission, isAdded) {
        case (.allow, true): allowed.formUnion(operation)
        case (.allow, false): allowed.subtract(operation)
        case (.deny, true): denied.formUnion(operation)
        case (.deny, false): denied.subtract(operation)
        }
    }
}

/// What rules about the same resources say to each principal.
struct PatternEffects: Sendable {
    /// The same by hosts, `*` among them.
    private(set) var principals: [Name: [Name: Effects]] = [:]

    var isEmpty: Bool { principals.isEmpty }

    mutating func change(_ rule: AccessRule, isAdded: Bool) {
        var hosts = principals.removeValue(forKey: rule.principal) ?? [:]
        var effects = hosts[rule.host] ?? Effects()
        effects.change(rule, isAdded: isAdded)
        hosts[rule.host] = effects.isEmpty ? nil : effects
        if !hosts.isEmpty { principals[rule.principal] = hosts }
    }

    /// Calls `body` with what they say to `subject`.
    @inline(__always)
    func forEach(_ subject: AccessSubject, _ body: (_ principal: Name, _ host: Name, Effects) -> Void) {
        for principal in [subject.principal, AccessRule.everybody] {
            guard let hosts = principals[principal] else { continue }
            if let effects = hosts[AccessRule.everywhere] { body(principal, AccessRule.everywhere, effects) }
            if let effects = hosts[subject.host] { body(principal, subject.host, effects) }
        }
    }
}
