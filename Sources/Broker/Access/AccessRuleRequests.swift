// What requests about access rules (ACLs) have in common.
import Base
import Protocol
import Security

/// A rule, or which rules, as a request says it in numbers.
struct AccessRuleNumbers {
    let resourceType: Int8
    let patternType: Int8
    let operation: Int8
    let permissionType: Int8

    /// Why a request that says this is not answered at all; nil if it is.
    var refusal: String? {
        // 0 stands for what nobody knows; other numbers are looked at by an authorizer alone.
        let isUnknown = [resourceType, patternType, operation, permissionType].contains(0)
        return isUnknown ? "an access rule has an element that nobody knows" : nil
    }
}

/// A filter as a request says it.
struct AccessRuleFilterWords {
    /// The number that stands for anything.
    private static let any: Int8 = 1
    /// The number of a kind of patterns that stands for all that are about a name.
    private static let covering: Int8 = 2

    let numbers: AccessRuleNumbers
    let resourceName: Name?
    let principal: Name?
    let host: Name?

    /// The filter; throws where a number is one that nobody knows, which no rule passes.
    func filter() throws(Refusal) -> AccessRuleFilter {
        var filter = AccessRuleFilter()
        filter.name = resourceName
        filter.principal = principal
        filter.host = host
        filter.kind = try Self.part(numbers.resourceType, "patternFilter") { ResourceKind(rawValue: $0) }
        if numbers.patternType == Self.covering {
            filter.nameMatch = .covering
        } else if let match = try Self.part(
            numbers.patternType, "patternFilter", { ResourcePattern.Match(rawValue: $0) })
        {
            filter.nameMatch = .exactly(match)
        }
        filter.operation = try Self.part(numbers.operation, "entryFilter") { number in
            let isKnown = number == AccessRule.allOperations || Operation(rawValue: number) != nil
            return isKnown ? number : nil
        }
        filter.permission = try Self.part(numbers.permissionType, "entryFilter") {
            AccessRule.Permission(rawValue: $0)
        }
        return filter
    }

    /// What a number stands for; nil for anything.
    private static func part<Part>(
        _ number: Int8, _ what: String, _ known: (Int8) -> Part?
    ) throws(Refusal) -> Part? {
        if number == any { return nil }
        guard let part = known(number) else { throw .invalidRequest("Unknown \(what).") }
        return part
    }
}

extension RequestContext {
    /// Why whoever asks about rules, and has to be allowed `operation`, is told of none; nil if he is: where
    /// there is no authorizer, `sentence` says so.
    func accessRuleRefusal(_ operation: Operation, _ sentence: String) -> Refusal? {
        guard authorize(operation, .cluster) else { return clusterRefusal }
        guard administration.keepsAccessRules else {
            return Refusal(code: .securityDisabled, message: sentence)
        }
        return nil
    }
}
