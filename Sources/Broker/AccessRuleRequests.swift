// What requests about access rules (ACLs) have in common: there is no authorizer that would keep any, which
// is what they are told, once they make sense and their sender may ask.
import Base
import Protocol

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

extension RequestContext {
    /// What whoever asks about rules, and may do `operation`, is told.
    func accessRuleRefusal(_ operation: Operation, _ sentence: String) -> Refusal {
        guard authorize(operation, .cluster) else { return clusterRefusal }
        return Refusal(code: .securityDisabled, message: sentence)
    }
}
