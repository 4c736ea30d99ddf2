// How the group coordinator is asked: the shard of one group by a handler, or several shards, whose answers
// become one deferred reply.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

extension RequestContext {
    /// Who sends the request, as members of groups are described.
    var groupClient: GroupClient { GroupClient(id: header.clientID ?? "", host: "/\(session.peer.host)") }

    /// Asks the shard of `group`; its reply is read by `read`, and an error without one becomes `refusal`.
    func ask<Reply: Sendable>(
        _ group: Name, _ request: GroupRequest, holdFor hold: Duration = ShardLimits.holdTime,
        read: @escaping @Sendable (GroupReply) -> Reply?, refusal: @escaping @Sendable (ErrorCode) -> Reply
    ) -> Outcome<Reply> {
        let taken = broker.groups.take(group, holdFor: hold, { .request(request, $0) }) {
            let reply = Deferred<Reply>()
            return (reply, { complete(reply, $0, read, refusal) })
        }
        switch taken {
        case .answered(let answer)?: return .now(answer.read(read, refusal))
        case .waiting(let reply, _)?: return .later(reply)
        case nil:
            let reply = Deferred<Reply>()
            ask(group, request, holdFor: hold) { complete(reply, $0, read, refusal) }
            return .later(reply)
        }
    }

    private func complete<Reply: Sendable>(
        _ reply: Deferred<Reply>, _ answer: GroupHost.Host.Answer,
        _ read: @escaping @Sendable (GroupReply) -> Reply?,
        _ refusal: @escaping @Sendable (ErrorCode) -> Reply
    ) {
        guard answer.partCount > ReplyMemory.loopMaxParts else {
            reply.complete(answer.read(read, refusal))
            return
        }
        broker.sockets.pool.run { reply.complete(answer.read(read, refusal)) }
    }

    /// Asks the shard of `group` for a part of a reply.
    func ask(
        _ group: Name, _ request: GroupRequest, holdFor hold: Duration = ShardLimits.holdTime,
        answer: @escaping @Sendable (GroupHost.Host.Answer) -> Void
    ) {
        broker.groups.ask(group, holdFor: hold, on: loop, { .request(request, $0) }, answer: answer)
    }

    /// Why the sender may not do `operation` to a group.
    func groupDenial(_ operation: Operation) -> (Name) -> ErrorCode? {
        { authorize(operation, .group($0)) ? nil : .groupAuthorizationFailed }
    }
}
