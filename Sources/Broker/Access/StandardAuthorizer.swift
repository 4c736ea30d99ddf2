// Kafka's StandardAuthorizer: the rules of the metadata log decide (KIP-801).
internal import Base
internal import Security
internal import Synchronization

/// Decides by the rules that there are at the moment.
final class StandardAuthorizer: Authorizer {
    /// Its class in Kafka, by which configurations ask for it.
    static let className = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"

    private let control: Lock<AccessControl>
    /// What sessions remember of an older generation does not hold any more.
    private let generation = Atomic<UInt64>(0)
    private let logger: Logger

    /// The authorizer of some rules.
    init(_ policy: AccessPolicy, _ rules: AccessRules, logger: Logger) {
        control = Lock(AccessControl(policy, AccessRuleIndex(Set(rules.all.values))))
        self.logger = logger
    }

    /// Has rules hold that came, and others no more; for each request that begins from now on.
    func change(_ changes: [AccessRuleChange]) {
        control.withLock { control in
            for change in changes { control.rules.change(change) }
        }
        generation.add(1, ordering: .sequentiallyConsistent)
    }

    /// Whether `subject` may do `operation` to a resource, and why.
    func decide(_ operation: Operation, _ resource: Resource, for subject: AccessSubject) -> AccessDecision {
        control.withLock { $0.decide(operation, resource.kind, resource.name, for: subject) }
    }

    func allows(
        _ operation: Operation, _ resource: Resource, for session: Session, isFilter: Bool
    ) -> Bool {
        let question = AccessQuestion(operation: operation, resource: resource, isFilter: isFilter)
        return answer(question, session) { subject in
            let decision = decide(operation, resource, for: subject)
            if !decision.isAllowed, !isFilter { log(question, subject, decision.basis) }
            return decision.isAllowed
        }
    }

    func allowsForSomeTopic(_ operation: Operation, for session: Session) -> Bool {
        answer(AccessQuestion(operation: operation, resource: nil, isFilter: true), session) { subject in
            control.withLock { $0.allowsSome(operation, .topic, for: subject) }
        }
    }

    /// What the session remembers, or else what `decide` says.
    private func answer(
        _ question: AccessQuestion, _ session: Session, _ decide: (AccessSubject) -> Bool
    ) -> Bool {
        let now = generation.load(ordering: .sequentiallyConsistent)
        let subject: AccessSubject
        switch session.remembered(question, in: now) {
        case .decided(let isAllowed): return isAllowed
        case .unknown(let known): subject = known
        }
        let isAllowed = decide(subject)
        session.remember(question, isAllowed, in: now)
        return isAllowed
    }

    /// The first denial of a kind to a session is logged: a client that asks again and again is no news.
    private func log(_ question: AccessQuestion, _ subject: AccessSubject, _ basis: AccessBasis) {
        guard let resource = question.resource else { return }
        logger.logLimited(
            .warning, "access.denied",
            [
                "principal": subject.principal.text, "host": subject.host.text,
                "operation": "\(question.operation)", "resource": "\(resource.kind)",
                "name": resource.name.text, "reason": "\(basis)",
            ])
    }
}

extension AccessBasis: CustomStringConvertible {
    /// For the log.
    public var description: String {
        switch self {
        case .superUser: "a super user"
        case .rule(let rule): "\(rule)"
        case .uncovered: "no rule is about it"
        case .unmatched: "no rule allows it"
        }
    }
}
