// Access rules in a broker: they hold at once, are there after a restart, and an operator hears of denials.
import Base
import Protocol
import Security
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Network

extension BrokerRig {
    /// A broker whose authorizer keeps rules; `User:admin` may do everything.
    fileprivate convenience init(guarding disk: SimulatedDisk) throws {
        try self.init(on: disk) { settings in
            settings.authorizerClass = StandardAuthorizer.className
            settings.accessPolicy.superUsers = ["User:admin"]
        }
    }

    fileprivate func add(_ rules: AccessRule...) throws {
        let refusals = try value(
            of: administration.createAccessRules(
                rules.map { rule in
                    AccessRuleCreation(
                        resourceType: rule.resources.kind.rawValue, resourceName: rule.resources.name,
                        patternType: rule.resources.match.rawValue, principal: rule.principal,
                        host: rule.host, operation: rule.operationNumber,
                        permissionType: rule.permission.rawValue)
                }
            ) { $0 })
        try #require(refusals.allSatisfy { $0 == nil })
    }

    @discardableResult
    fileprivate func delete(_ change: (inout AccessRuleFilter) -> Void = { _ in }) throws -> [AccessRule] {
        var filter = AccessRuleFilter()
        change(&filter)
        return try value(of: administration.deleteAccessRules([.success(filter)]) { $0 })[0].get()
    }
}

extension RigClient {
    /// What a fetch of topic `t` is told of it, in an incremental session or none.
    fileprivate func fetch(_ rig: BrokerRig, session: (id: Int32, epoch: Int32) = (0, -1)) throws
        -> FetchResponse
    {
        var request = FetchRequest("t", from: 0, maxWait: 0)
        request.minBytes = 0
        (request.sessionID, request.sessionEpoch) = session
        if session.epoch > 0 { request.topics = [] }
        try send(request, version: 12)
        return try #require(try reply(to: FetchRequest.self, 12, rig))
    }
}

@Suite("access rules in a broker", .endsHangs)
struct AccessAdministrationTests {
    private static let alice = Principal(type: "User", name: "alice")

    private static func rule(
        _ permission: AccessRule.Permission = .allow, _ operation: Operation? = .read, on name: Name = "t",
        _ match: ResourcePattern.Match = .literal, of principal: Name = "User:alice"
    ) -> AccessRule {
        AccessRule(
            ResourcePattern(.topic, match, name), principal: principal, host: "*", operation: operation,
            permission: permission)
    }

    @Test("hold for the next request of who is connected, whether they come or go")
    func live() throws {
        let rig = try BrokerRig(guarding: SimulatedDisk(seed: 1))
        _ = try rig.topic("t")
        let client = try rig.connect(as: Self.alice)
        func code() throws -> Int16? { try client.fetch(rig).responses.first?.partitions.first?.errorCode }
        let denied = ErrorCode.topicAuthorizationFailed.rawValue
        #expect(try code() == denied)
        try rig.add(Self.rule())
        #expect(try code() == 0)
        try rig.add(Self.rule(.deny, .write))
        #expect(try code() == 0)
        try rig.add(Self.rule(.deny, nil, on: "t", .prefixed, of: "User:*"))
        #expect(try code() == denied)
        try rig.delete { $0.permission = .deny }
        #expect(try code() == 0)
        try rig.delete()
        #expect(try code() == denied)
    }

    @Test("turn the partitions of a fetch session that runs")
    func session() throws {
        let rig = try BrokerRig(guarding: SimulatedDisk(seed: 1))
        _ = try rig.topic("t")
        let client = try rig.connect(as: Self.alice)
        try rig.add(Self.rule())
        let opened = try client.fetch(rig, session: (0, 0))
        #expect(opened.sessionID > 0 && opened.responses.first?.partitions.first?.errorCode == 0)
        try rig.add(Self.rule(.deny, .read, on: "*", of: "User:*"))
        let told = try client.fetch(rig, session: (opened.sessionID, 1))
        #expect(
            told.responses.first?.partitions.first?.errorCode
                == ErrorCode.topicAuthorizationFailed.rawValue)
        try rig.delete { $0.permission = .deny }
        let again = try client.fetch(rig, session: (opened.sessionID, 2))
        #expect(again.responses.allSatisfy { $0.partitions.allSatisfy { $0.errorCode == 0 } })
    }

    @Test("are there after a restart, and from a snapshot")
    func restart() throws {
        let disk = SimulatedDisk(seed: 1)
        let rules = [Self.rule(), Self.rule(.deny, nil, on: "or", .prefixed), Self.rule(of: "User:bob")]
        do {
            let rig = try BrokerRig(guarding: disk)
            for rule in rules { try rig.add(rule) }
            try rig.add(rules[0])
            #expect(try rig.delete { $0.principal = "User:bob" } == [rules[2]])
        }
        let rig = try BrokerRig(guarding: disk)
        let told = rig.administration.describeAccessRules(AccessRuleFilter())
        #expect(Set(told.values.joined()) == Set(rules.prefix(2)))
        #expect(told.values.joined().count == 2, "a rule that was there is not there twice")
        let authorizer = try #require(rig.broker.standardAuthorizer)
        let subject = AccessSubject(Self.alice, host: "127.0.0.1")
        let decided = authorizer.decide(.write, .topic("orders"), for: subject)
        #expect(decided == AccessDecision(isAllowed: false, basis: .rule(rules[1])))
    }

    @Test("that deny are logged once for what a session asks again and again, and not where they filter")
    func logged() throws {
        let rig = try BrokerRig(guarding: SimulatedDisk(seed: 1))
        _ = try rig.topic("t")
        let client = try rig.connect(as: Self.alice)
        for _ in 0..<3 { _ = try client.fetch(rig) }
        var all = MetadataRequest()
        all.topics = nil
        try client.send(all, version: 12)
        #expect(try client.reply(to: MetadataRequest.self, 12, rig)?.topics.isEmpty == true)
        let denials = rig.lines.all.filter { $0.contains("access.denied") }
        #expect(denials.count == 1)
        #expect(denials.first?.contains("principal=User:alice") == true)
        #expect(denials.first?.contains("reason=\"no rule is about it\"") == true)
    }

    @Test("of somebody else's session are not remembered, and not more of one than there is room for")
    func remembered() {
        var memory = AccessMemory(AccessSubject(Self.alice, host: "h"))
        func question(_ number: Int) -> AccessQuestion {
            AccessQuestion(operation: .read, resource: .topic("t\(number)"), isFilter: false)
        }
        memory.note(question(0), true, in: 1)
        #expect(memory.answer(question(0), in: 1) == true)
        #expect(memory.answer(question(0), in: 2) == nil, "other rules hold")
        memory.note(question(1), false, in: 2)
        #expect(memory.answer(question(0), in: 1) == nil)
        for number in 0..<3 * AccessMemory.answersMax {
            memory.note(question(number), true, in: 2)
            #expect(memory.count <= AccessMemory.answersMax)
        }
    }

    @Test("are kept by nobody without an authorizer, which a start says of those that there are")
    func unguarded() throws {
        let disk = SimulatedDisk(seed: 1)
        do { try BrokerRig(guarding: disk).add(Self.rule()) }
        let rig = try BrokerRig(on: disk)
        #expect(!rig.administration.keepsAccessRules)
        let image = rig.broker.catalog.metadata.image
        #expect(UnservedMetadata(image, nodeID: 1).accessRules == 1)
        #expect(UnservedMetadata(image, nodeID: 1, asksRules: true).accessRules == 0)
    }
}
