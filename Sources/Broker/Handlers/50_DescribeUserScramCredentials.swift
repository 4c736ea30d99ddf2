/// DescribeUserScramCredentials (key 50, v0): the users that there are, and how they prove who they are
/// (KIP-554).
import Base
import Network
import Protocol
import Security

enum DescribeUserScramCredentialsHandler: RequestHandler {
    typealias Request = DescribeUserScramCredentialsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        let users = request.users ?? []
        guard users.isEmpty else {
            // A refusal names a user once more.
            return EntryBytes.sum(of: users, limitBytes) { EntryBytes.refusal + 2 * $0.name.utf8.count }
        }
        return EntryBytes.sum(of: context.broker.catalog.metadata.image.credentials.keys, limitBytes) {
            EntryBytes.topic + $0.name.utf8.count
        }
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        let names = (request.users ?? []).map(\.name)
        var reply = Reply()
        guard context.authorize(.describe, .cluster) else {
            reply.errorCode = ErrorCode.clusterAuthorizationFailed.rawValue
            reply.errorMessage = nil
            reply.results = names.map { _ in
                var result = Reply.DescribeUserScramCredentialsResult()
                result.errorCode = ErrorCode.clusterAuthorizationFailed.rawValue
                result.errorMessage = nil
                return result
            }
            return .now(reply)
        }
        reply.results = context.administration.describeUsers(names).map {
            Reply.DescribeUserScramCredentialsResult($0)
        }
        return .now(reply)
    }
}

extension DescribeUserScramCredentialsResponse.DescribeUserScramCredentialsResult {
    fileprivate init(_ description: UserDescription) {
        self.init()
        user = description.name
        switch description.credentials {
        case .success(let credentials):
            credentialInfos = credentials.map { credential in
                var info = DescribeUserScramCredentialsResponse.CredentialInfo()
                (info.mechanism, info.iterations) = (credential.mechanism, credential.iterations)
                return info
            }
        case .failure(let refusal):
            errorCode = refusal.code.rawValue
            errorMessage = refusal.message
        }
    }
}
