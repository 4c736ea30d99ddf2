/// AlterUserScramCredentials (key 51, v0): sets and removes users' SCRAM credentials (KIP-554).
import Base
import Network
import Protocol
import Security

enum AlterUserScramCredentialsHandler: RequestHandler {
    typealias Request = AlterUserScramCredentialsRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.deletions.map(\.name) + request.upsertions.map(\.name), limitBytes) {
            EntryBytes.refusal + $0.utf8.count
        }
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        let deletions = request.deletions.map {
            ScramCredentialID(name: $0.name, mechanism: $0.mechanism)
        }
        let upsertions = request.upsertions.map {
            ScramUpsertion(
                id: ScramCredentialID(name: $0.name, mechanism: $0.mechanism), iterations: $0.iterations,
                salt: $0.salt, saltedPassword: $0.saltedPassword)
        }
        guard context.authorize(.alter, .cluster) else {
            var seen: Set<Name> = []
            let names = (deletions + upsertions.map(\.id)).map(\.name).filter { seen.insert($0).inserted }
            return .now(Reply(names.map { UserOutcome(name: $0, refusal: context.clusterRefusal) }))
        }
        return .later(
            context.administration.alterUsers(
                deletions: deletions, upsertions: upsertions, answer: { Reply($0) }))
    }
}

extension AlterUserScramCredentialsResponse {
    fileprivate init(_ outcomes: [UserOutcome]) {
        self.init()
        results = outcomes.map { outcome in
            var result = AlterUserScramCredentialsResult()
            result.user = outcome.name
            result.errorCode = outcome.refusal?.code.rawValue ?? ErrorCode.none.rawValue
            result.errorMessage = outcome.refusal?.message
            return result
        }
    }
}
