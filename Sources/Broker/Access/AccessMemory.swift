// What an authorizer decided for a session, so that the same need not be looked up for each request.
internal import Base
internal import Security

/// What is asked of an authorizer for a session.
struct AccessQuestion: Hashable, Sendable {
    let operation: Operation
    /// Nil for any topic.
    let resource: Resource?
    /// Whether only a list is the shorter for a denial, of which nobody hears.
    let isFilter: Bool
}

/// The answers that a session was given, while the rules stay the same.
struct AccessMemory: Sendable {
    /// Answers that are kept; what is asked beyond them makes room by forgetting all.
    static let answersMax = 1024

    let subject: AccessSubject
    private var generation: UInt64 = 0
    private var answers: [AccessQuestion: Bool] = [:]

    /// How many are kept.
    var count: Int { answers.count }

    init(_ subject: AccessSubject) { self.subject = subject }

    /// What was answered in `generation`.
    func answer(_ question: AccessQuestion, in generation: UInt64) -> Bool? {
        generation == self.generation ? answers[question] : nil
    }

    mutating func note(_ question: AccessQuestion, _ answer: Bool, in generation: UInt64) {
        if generation != self.generation || answers.count >= Self.answersMax { answers = [:] }
        self.generation = generation
        answers[question] = answer
    }
}

/// What a session knows of a question.
enum RememberedAccess {
    case decided(Bool)
    /// Whom it has to be decided for.
    case unknown(AccessSubject)
}
