/// AddRaftVoter (key 80, v0–1): has another node vote in the metadata quorum (KIP-853); here this node stays
/// the only voter. v1 answered when it is committed, or before.
import Base
import Network
import Protocol
import Security

enum AddRaftVoterHandler: RequestHandler {
    typealias Request = AddRaftVoterRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    // A refusal may tell all that was named.
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.listeners, limitBytes) {
            EntryBytes.topic + $0.name.utf8.count + $0.host.utf8.count
        } + (request.clusterID?.utf8.count ?? 0)
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        let voter = Voter(
            id: request.voterID, directory: request.voterDirectoryID,
            listeners: request.listeners.map { ($0.name, $0.host, $0.port) })
        let refusal =
            context.authorize(.alter, .cluster)
            ? context.administration.addVoter(voter, ofCluster: request.clusterID)
            : context.clusterRefusal
        var reply = Reply()
        reply.errorCode = refusal.code.rawValue
        reply.errorMessage = refusal.message
        return .now(reply)
    }
}
