// Changes of users' SCRAM credentials, judged by Kafka's rules.
internal import Base
internal import Protocol

/// A credential that is to be there.
struct ScramUpsertion: Sendable {
    let id: ScramCredentialID
    let iterations: Int32
    let salt: [UInt8]
    /// The password as a client hashes it.
    let saltedPassword: [UInt8]
}

/// What became of a user's credential.
struct UserOutcome: Sendable {
    let name: Name
    /// Nil if it was changed.
    let refusal: Refusal?
}

/// What changes of users lead to, decided user by user.
struct UserPlan: Sendable {
    /// What there is to tell of it; without the credentials that it was decided by, which change next.
    struct Verdict: Sendable {
        /// What became of each user, in the order in which they were first named.
        let outcomes: [UserOutcome]
        /// What is changed.
        let changes: [(id: ScramCredentialID, verb: String)]
        /// Whether a credential is set.
        var setsSomething: Bool { changes.contains { $0.verb == "set" } }
    }

    private enum Change {
        case delete(ScramCredentialID)
        case set(ScramCredentialID, ScramCredential)
        case refuse(Refusal)
    }

    private let credentials: [ScramCredentialID: ScramCredential]
    private let knowsUsers: Bool
    private var users: [Name] = []
    private var plans: [Name: Change] = [:]

    init(_ image: MetadataImage) {
        credentials = image.credentials
        knowsUsers = image.features["metadata.version"] ?? 0 >= Features.metadataVersionOfUsers
    }

    mutating func delete(_ id: ScramCredentialID) {
        plan(id) { (plan) throws(Refusal) in
            guard plan.credentials[id] != nil else {
                throw Refusal(
                    code: .resourceNotFound,
                    message: "Attempt to delete a user credential that does not exist")
            }
            return .delete(id)
        }
    }

    mutating func set(_ upsertion: ScramUpsertion) {
        let id = upsertion.id
        plan(id) { (_) throws(Refusal) in
            if upsertion.iterations > ScramMechanism.iterations.upperBound {
                throw .unacceptable("Too many iterations")
            }
            if upsertion.iterations < ScramMechanism.iterations.lowerBound {
                throw .unacceptable("Too few iterations")
            }
            let mechanism = ScramMechanism(rawValue: id.mechanism)
            guard let keys = mechanism?.keys(saltedPassword: upsertion.saltedPassword) else {
                throw .unacceptable("The salted password must not be empty")
            }
            return .set(
                id,
                ScramCredential(
                    iterations: upsertion.iterations, salt: upsertion.salt, storedKey: keys.stored,
                    serverKey: keys.server))
        }
    }

    /// Notes what is to become of a user, unless something of him was refused.
    private mutating func plan(
        _ id: ScramCredentialID, _ decide: (Self) throws(Refusal) -> Change
    ) {
        let former = plans[id.name]
        if former == nil { users.append(id.name) }
        if case .refuse = former { return }
        do throws(Refusal) {
            guard former == nil else {
                throw Refusal(
                    code: .duplicateResource,
                    message: "A user credential cannot be altered twice in the same request")
            }
            guard knowsUsers else {
                throw Refusal(
                    code: .unsupportedVersion,
                    message: "The current metadata.version does not support SCRAM")
            }
            guard !id.name.isEmpty else { throw .unacceptable("Username must not be empty") }
            guard ScramMechanism(rawValue: id.mechanism) != nil else {
                throw Refusal(code: .unsupportedSaslMechanism, message: "Unknown SCRAM mechanism")
            }
            plans[id.name] = try decide(self)
        } catch {
            plans[id.name] = .refuse(error)
        }
    }

    var verdict: Verdict { Verdict(outcomes: outcomes, changes: changes) }

    private var outcomes: [UserOutcome] {
        users.map { name in
            guard case .refuse(let refusal) = plans[name] else {
                return UserOutcome(name: name, refusal: nil)
            }
            return UserOutcome(name: name, refusal: refusal)
        }
    }

    /// What is written.
    var records: [MetadataRecord] {
        users.compactMap { name in
            switch plans[name] {
            case .delete(let id): .removeUserScramCredential(RemoveUserScramCredentialRecord(id))
            case .set(let id, let credential):
                .userScramCredential(UserScramCredentialRecord(id, credential))
            case .refuse, nil: nil
            }
        }
    }

    private var changes: [(id: ScramCredentialID, verb: String)] {
        users.compactMap { name in
            switch plans[name] {
            case .delete(let id): (id, "deleted")
            case .set(let id, _): (id, "set")
            case .refuse, nil: nil
            }
        }
    }
}

extension Refusal {
    fileprivate static func unacceptable(_ message: String) -> Refusal {
        Refusal(code: .unacceptableCredential, message: message)
    }
}
