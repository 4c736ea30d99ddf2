// How the group coordinator is asked: the shard of one group by a handler, or several shards, whose answers
// become one deferred reply.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

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

extension GroupHost {
    /// Asks `count` times, and makes one reply of all answers, in order.
    func gather<Reply: Sendable>(
        count: Int, _ respond: @escaping @Sendable ([Host.Answer]) -> Reply,
        ask: (_ index: Int, _ answer: @escaping @Sendable (Host.Answer) -> Void) -> Void
    ) -> Deferred<Reply> {
        let reply = Deferred<Reply>()
        let gathering = Gathering<Host.Answer>(count: count) { [pool = services.pool] answers in
            // The last of them may come from a thread that others wait for, such as the flusher's.
            guard answers.reduce(0, { $0 + $1.partCount }) > ReplyMemory.loopMaxParts else {
                reply.complete(respond(answers))
                return
            }
            pool.run { reply.complete(respond(answers)) }
        }
        for index in 0..<count { ask(index) { gathering.add($0, at: index) } }
        return reply
    }
}

extension Result where Success == GroupReply, Failure == ErrorCodeError {
    /// About how many parts it has when it is put into words.
    fileprivate var partCount: Int { (try? get())?.partCount ?? 1 }

    /// The reply as `read` takes it, or what `refusal` makes of the error.
    func read<Reply>(_ read: (GroupReply) -> Reply?, _ refusal: (ErrorCode) -> Reply) -> Reply {
        switch self {
        case .success(let reply):
            guard let reply = read(reply) else {
                preconditionFailure("the coordinator answered another request")
            }
            return reply
        case .failure(let error): return refusal(error.code)
        }
    }
}
