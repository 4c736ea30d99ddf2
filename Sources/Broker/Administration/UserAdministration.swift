// Users and their SCRAM credentials are described and changed (KIP-554). Nobody logs in with them yet.
internal import Base
internal import Network

internal import enum Protocol.ErrorCode

/// What there is to tell of a user.
struct UserDescription: Sendable {
    /// A credential as far as it is no secret.
    struct Credential: Sendable {
        let mechanism: Int8
        let iterations: Int32
    }

    let name: Name
    let credentials: Result<[Credential], Refusal>
}

extension Administration {
    /// The users called `names`, or all where that is none.
    func describeUsers(_ names: [Name]) -> [UserDescription] {
        let credentials = broker.catalog.metadata.image.credentials
        let found = Dictionary(grouping: credentials, by: \.key.name)
        let counts = Dictionary(names.lazy.map { ($0, 1) }, uniquingKeysWith: +)
        var seen: Set<Name> = []
        let asked = names.isEmpty ? found.keys.sorted() : names.filter { seen.insert($0).inserted }
        return asked.map { name in
            guard counts[name] ?? 1 == 1 else {
                let message =
                    "Cannot describe SCRAM credentials for the same user twice in a single request: \(name)"
                return UserDescription(
                    name: name, credentials: .failure(.init(code: .duplicateResource, message: message)))
            }
            guard let own = found[name] else {
                let message = "Attempt to describe a user credential that does not exist: \(name)"
                return UserDescription(
                    name: name, credentials: .failure(.init(code: .resourceNotFound, message: message)))
            }
            let told = own.sorted { $0.key < $1.key }.map {
                UserDescription.Credential(mechanism: $0.key.mechanism, iterations: $0.value.iterations)
            }
            return UserDescription(name: name, credentials: .success(told))
        }
    }

    /// Takes credentials away and sets others; complete when that is durable.
    ///
    /// The answer is given what became of each user, once: who is named twice keeps what he has.
    func alterUsers<Reply: Sendable>(
        deletions: [ScramCredentialID], upsertions: [ScramUpsertion],
        answer: @escaping @Sendable ([UserOutcome]) -> Reply
    ) -> Deferred<Reply> {
        let reply = Deferred<Reply>()
        broker.catalog.alter(validateOnly: false) { image in
            var plan = UserPlan(image)
            for deletion in deletions { plan.delete(deletion) }
            for upsertion in upsertions { plan.set(upsertion) }
            return MetadataAlteration(records: plan.records, result: plan.verdict)
        } then: { [self] result in
            switch result {
            case .success(let verdict):
                log(verdict)
                reply.complete(answer(verdict.outcomes))
            case .failure(let refusal):
                reply.complete(answer(Self.refuseAll(deletions, upsertions, refusal)))
            }
        }
        return DiskWait.limited(reply, on: loop) {
            answer(Self.refuseAll(deletions, upsertions, .outOfTime))
        }
    }

    private static func refuseAll(
        _ deletions: [ScramCredentialID], _ upsertions: [ScramUpsertion], _ refusal: Refusal
    ) -> [UserOutcome] {
        var seen: Set<Name> = []
        let names = (deletions + upsertions.map(\.id)).map(\.name).filter { seen.insert($0).inserted }
        return names.map { UserOutcome(name: $0, refusal: refusal) }
    }

    private func log(_ verdict: UserPlan.Verdict) {
        for (id, verb) in verdict.changes {
            broker.logger.logLimited(
                .info, "user.changed",
                [
                    "name": id.name.text, "mechanism": "\(id.mechanism)", "credential": verb,
                    "by": requester,
                ])
        }
        if verdict.setsSomething, broker.hasUsers.claim() {
            broker.logger.log(
                .warning, "user.ignored", ["reason": "users are kept and told, and nobody logs in yet"])
        }
    }
}
