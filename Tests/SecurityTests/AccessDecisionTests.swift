// Access rules decide as Kafka's own authorizer does.
import Base
import Security
import TestSupport
import Testing

/// A question, and how Kafka decided it (fixtures/access).
struct DecidedQuestion {
    let kind: ResourceKind
    /// Nil for whether it may be done to some resource.
    let name: Name?
    let subject: AccessSubject
    let operation: Operation
    let isAllowed: Bool

    init(_ value: JSONValue, line: Int) throws {
        let parts = value.elements
        guard parts.count == 7, let kind = ResourceKind(rawValue: Int8(parts[0].integer ?? 0)),
            let type = parts[2].text, let principal = parts[3].text, let host = parts[4].text,
            let operation = Operation(rawValue: Int8(parts[5].integer ?? 0)),
            case .bool(let isAllowed) = parts[6]
        else { throw Fixture.Malformed(line: line) }
        self.kind = kind
        name = parts[1].text.map { Name($0) }
        subject = AccessSubject(Principal(type: Name(type), name: Name(principal)), host: Name(host))
        self.operation = operation
        self.isAllowed = isAllowed
    }
}

/// Rules, and what Kafka decided by them.
struct DecidedSet {
    let policy: AccessPolicy
    let rules: [AccessRule]
    let asked: [DecidedQuestion]
    /// Asked once every second rule is gone.
    let later: [DecidedQuestion]

    static func all() throws -> [DecidedSet] {
        try Fixture.objects("access/decisions.jsonl.gz").enumerated().map { index, value in
            try DecidedSet(value, line: index + 1)
        }
    }

    private init(_ value: JSONValue, line: Int) throws {
        func questions(_ key: String) throws -> [DecidedQuestion] {
            try (value[key]?.elements ?? []).map { try DecidedQuestion($0, line: line) }
        }
        guard case .bool(let everyone) = value["everyone"], let users = value["super"]?.text,
            let superUsers = AccessPolicy.superUsers(users)
        else { throw Fixture.Malformed(line: line) }
        var policy = AccessPolicy()
        policy.allowsUncovered = everyone
        policy.superUsers = superUsers
        self.policy = policy
        rules = try (value["rules"]?.elements ?? []).map { try AccessRule(fixture: $0, line: line) }
        asked = try questions("asked")
        later = try questions("later")
    }
}

extension AccessRule {
    init(fixture value: JSONValue, line: Int) throws {
        let parts = value.elements
        guard parts.count == 7, let kind = ResourceKind(rawValue: Int8(parts[0].integer ?? 0)),
            let match = ResourcePattern.Match(rawValue: Int8(parts[1].integer ?? 0)),
            let name = parts[2].text, let principal = parts[3].text, let host = parts[4].text,
            let number = parts[5].integer,
            let permission = Permission(rawValue: Int8(parts[6].integer ?? 0))
        else { throw Fixture.Malformed(line: line) }
        self.init(
            ResourcePattern(kind, match, Name(name)), principal: Name(principal), host: Name(host),
            operation: Operation(rawValue: Int8(number)), permission: permission)
    }
}

@Suite("Access rules")
struct AccessDecisionTests {
    private func differences(
        _ control: AccessControl, _ questions: [DecidedQuestion]
    ) -> [DecidedQuestion] {
        questions.filter { asked in
            let isAllowed =
                asked.name.map {
                    control.decide(asked.operation, asked.kind, $0, for: asked.subject).isAllowed
                } ?? control.allowsSome(asked.operation, asked.kind, for: asked.subject)
            return isAllowed != asked.isAllowed
        }
    }

    @Test("decide 20,000 questions as Kafka's own authorizer does")
    func kafka() throws {
        var count = 0
        var bases: [String: Int] = [:]
        for set in try DecidedSet.all() {
            var control = AccessControl(set.policy, AccessRuleIndex(set.rules))
            #expect(differences(control, set.asked).isEmpty)
            for asked in set.asked {
                guard let name = asked.name else { continue }
                switch control.decide(asked.operation, asked.kind, name, for: asked.subject).basis {
                case .superUser: bases["super user", default: 0] += 1
                case .rule(let rule):
                    bases["\(rule.permission) \(rule.resources.match)", default: 0] += 1
                    #expect(set.rules.contains(rule), "the rule that is named is there")
                case .uncovered: bases["uncovered", default: 0] += 1
                case .unmatched: bases["unmatched", default: 0] += 1
                }
            }
            for (place, rule) in set.rules.enumerated() where place.isMultiple(of: 2) {
                control.rules.change(AccessRuleChange(rule: rule, isAdded: false))
            }
            #expect(differences(control, set.later).isEmpty)
            count += set.asked.count + set.later.count
        }
        #expect(count == 20_000)
        // The sets are of use only while each way to decide is among them often.
        #expect(bases.count == 7 && bases.values.allSatisfy { $0 > 100 }, "\(bases)")
    }

    @Test("are the same whether they came one by one, in any order, or all at once")
    func order() throws {
        for set in try DecidedSet.all().prefix(100) {
            var index = AccessRuleIndex()
            for rule in set.rules.reversed() { index.change(AccessRuleChange(rule: rule, isAdded: true)) }
            #expect(differences(AccessControl(set.policy, index), set.asked).isEmpty)
        }
    }

    @Test("leave nothing behind when all of them are gone")
    func gone() throws {
        for set in try DecidedSet.all().prefix(100) {
            var index = AccessRuleIndex(set.rules)
            for rule in set.rules.shuffled() { index.change(AccessRuleChange(rule: rule, isAdded: false)) }
            for asked in set.asked {
                let name = asked.name ?? "a"
                #expect(index.finding(asked.operation, asked.kind, name, for: asked.subject) == .uncovered)
            }
        }
    }

    @Test(
        "take super users from between semicolons",
        arguments: [
            ("", []), ("User:a", ["User:a"]), (" User:a ; User:CN=b,O=c;;", ["User:a", "User:CN=b,O=c"]),
            (":", [":"]),
        ] as [(String, Set<Name>)])
    func superUsers(_ text: String, _ users: Set<Name>) {
        #expect(AccessPolicy.superUsers(text) == users)
    }

    @Test("do not take a super user without a type", arguments: ["a", "User:a;b", "User"])
    func noType(_ text: String) { #expect(AccessPolicy.superUsers(text) == nil) }
}
