/// RemoveRaftVoter (key 81, v0): takes a node from the metadata quorum (KIP-853); here this node stays the
/// only voter.
import Base
import Network
import Protocol
import Security

enum RemoveRaftVoterHandler: RequestHandler {
    typealias Request = RemoveRaftVoterRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, _ in
        request.clusterID?.utf8.count ?? 0
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        let voter = Voter(id: request.voterID, directory: request.voterDirectoryID)
        let refusal =
            context.authorize(.alter, .cluster)
            ? context.administration.removeVoter(voter, ofCluster: request.clusterID)
            : context.clusterRefusal
        var reply = Reply()
        reply.errorCode = refusal.code.rawValue
        reply.errorMessage = refusal.message
        return .now(reply)
    }
}
