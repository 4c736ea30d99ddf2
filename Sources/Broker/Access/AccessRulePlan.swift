// Changes of access rules, judged by Kafka's rules.
internal import Base
internal import Protocol
internal import Security

/// A rule that is to be there, in the numbers and names of whoever wants it.
struct AccessRuleCreation: Sendable {
    let resourceType: Int8
    let resourceName: Name
    let patternType: Int8
    let principal: Name
    let host: Name
    let operation: Int8
    let permissionType: Int8

    /// The rule that it says; throws if there is no such one.
    fileprivate func rule() throws(Refusal) -> AccessRule {
        if resourceType == ResourceKind.cluster.rawValue, resourceName != Resource.clusterName {
            throw .invalidRequest("The only valid name for the CLUSTER resource is \(Resource.clusterName)")
        }
        guard !resourceName.isEmpty else { throw .invalidRequest("Invalid empty resource name") }
        guard let kind = ResourceKind(rawValue: resourceType) else {
            throw Self.invalid("resourceType", resourceType)
        }
        guard let match = ResourcePattern.Match(rawValue: patternType) else {
            throw Self.invalid("patternType", patternType)
        }
        let isAll = operation == AccessRule.allOperations
        guard isAll || Operation(rawValue: operation) != nil else {
            throw Self.invalid("operation", operation)
        }
        guard let permission = AccessRule.Permission(rawValue: permissionType) else {
            throw Self.invalid("permissionType", permissionType)
        }
        guard Principal(principal) != nil else {
            throw .invalidRequest(
                "Could not parse principal from `\(principal)` (no colon is present separating the principal "
                    + "type from the principal name)")
        }
        return AccessRule(
            ResourcePattern(kind, match, resourceName), principal: principal, host: host,
            operation: isAll ? nil : Operation(rawValue: operation), permission: permission)
    }

    /// What stands for several things is for filters alone, and so are numbers that nobody knows.
    private static func invalid(_ what: String, _ number: Int8) -> Refusal {
        let name =
            switch number {
            case 1: "ANY"
            case 2 where what == "patternType": "MATCH"
            default: "UNKNOWN"
            }
        return .invalidRequest("Invalid \(what) \(name)")
    }
}

/// What new rules lead to, decided one by one.
struct AccessCreationPlan: Sendable {
    private let rules: AccessRules
    private var added: [AccessRule] = []
    private var seen: Set<AccessRule> = []
    /// What became of each wish, in order; nil where the rule is there.
    private var refusals: [Refusal?] = []

    init(_ rules: AccessRules) { self.rules = rules }

    mutating func add(_ creation: AccessRuleCreation) {
        do throws(Refusal) {
            let rule = try creation.rule()
            if !rules.contains(rule), seen.insert(rule).inserted { added.append(rule) }
            refusals.append(nil)
        } catch {
            refusals.append(error)
        }
    }

    /// What is written, and then holds.
    var alteration: MetadataAlteration<(refusals: [Refusal?], added: [AccessRule])> {
        MetadataAlteration(
            records: added.map { .accessRule($0.record(UUID.random())) }, result: (refusals, added),
            news: .accessRules(added.map { AccessRuleChange(rule: $0, isAdded: true) }))
    }
}

/// What the deletion of rules leads to.
struct AccessDeletionPlan: Sendable {
    private let rules: AccessRules
    private var deleted: [UUID: AccessRule] = [:]
    private var found: [Result<[AccessRule], Refusal>] = []

    init(_ rules: AccessRules) { self.rules = rules }

    /// Takes in that what passes a filter is to go, or that there is no such filter.
    mutating func add(_ filter: Result<AccessRuleFilter, Refusal>) {
        found.append(
            filter.map { filter in
                let passing = rules.all.filter { filter.matches($0.value) }
                // A rule that two filters find is told of twice, as in Kafka, and deleted once.
                deleted.merge(passing) { $1 }
                return Array(passing.values)
            })
    }

    /// What is written, and then holds; told are the rules that each filter found, in order.
    var alteration: MetadataAlteration<[Result<[AccessRule], Refusal>]> {
        let records = deleted.keys.map { id in
            var record = RemoveAccessControlEntryRecord()
            record.id = id
            return MetadataRecord.removeAccessRule(record)
        }
        return MetadataAlteration(
            records: records, result: found,
            news: .accessRules(deleted.values.map { AccessRuleChange(rule: $0, isAdded: false) }))
    }
}
