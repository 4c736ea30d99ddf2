// Access rules are described, added and deleted (KIP-140).
internal import Base
internal import Network
internal import Security

internal import enum Protocol.ErrorCode

extension Administration {
    /// Whether an authorizer keeps rules; without one nobody is told of any.
    var keepsAccessRules: Bool { broker.standardAuthorizer != nil }

    /// The rules that pass a filter, by what they are about.
    func describeAccessRules(_ filter: AccessRuleFilter) -> [ResourcePattern: [AccessRule]] {
        let rules = broker.catalog.metadata.image.accessRules.all.values
        return Dictionary(grouping: rules.lazy.filter(filter.matches), by: \.resources)
    }

    /// Adds rules; complete when they are durable and hold.
    ///
    /// The answer is given why each was refused, in order; nil if it is there.
    func createAccessRules<Reply: Sendable>(
        _ wanted: [AccessRuleCreation], answer: @escaping @Sendable ([Refusal?]) -> Reply
    ) -> Deferred<Reply> {
        let reply = Deferred<Reply>()
        @Sendable func refuseAll(_ refusal: Refusal) -> Reply { answer(wanted.map { _ in refusal }) }
        broker.catalog.alter(validateOnly: false) { image in
            var plan = AccessCreationPlan(image.accessRules)
            for creation in wanted { plan.add(creation) }
            return plan.alteration
        } then: { [self] result in
            switch result {
            case .success(let verdict):
                for rule in verdict.added {
                    broker.logger.logLimited(.info, "acl.added", ["rule": "\(rule)", "by": requester])
                }
                reply.complete(answer(verdict.refusals))
            case .failure(let refusal): reply.complete(refuseAll(refusal))
            }
        }
        return DiskWait.limited(reply, on: loop) { refuseAll(.outOfTime) }
    }

    /// Deletes the rules that pass any of the filters; complete when they hold no more.
    ///
    /// The answer is given the rules that each filter found, in order, or why it found none.
    func deleteAccessRules<Reply: Sendable>(
        _ filters: [Result<AccessRuleFilter, Refusal>],
        answer: @escaping @Sendable ([Result<[AccessRule], Refusal>]) -> Reply
    ) -> Deferred<Reply> {
        let reply = Deferred<Reply>()
        @Sendable func refuseAll(_ refusal: Refusal) -> Reply {
            answer(filters.map { _ in .failure(refusal) })
        }
        broker.catalog.alter(validateOnly: false) { image in
            var plan = AccessDeletionPlan(image.accessRules)
            for filter in filters { plan.add(filter) }
            return plan.alteration
        } then: { [self] result in
            switch result {
            case .success(let found):
                for rule in Set(found.compactMap { try? $0.get() }.joined()) {
                    broker.logger.logLimited(.info, "acl.deleted", ["rule": "\(rule)", "by": requester])
                }
                reply.complete(answer(found))
            case .failure(let refusal): reply.complete(refuseAll(refusal))
            }
        }
        return DiskWait.limited(reply, on: loop) { refuseAll(.outOfTime) }
    }
}
