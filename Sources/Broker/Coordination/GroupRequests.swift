// How handlers ask the group coordinator (the shard of one group, those of many, or all of them), and the
// deferred reply.
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

    /// The same for a part of a reply.
    func ask(
        _ group: Name, _ request: GroupRequest, holdFor hold: Duration = ShardLimits.holdTime,
        answer: @escaping @Sendable (GroupHost.Host.Answer) -> Void
    ) {
        broker.groups.ask(group, holdFor: hold, on: loop, { .request(request, $0) }, answer: answer)
    }

    /// Asks about each group of `ids`, and makes one reply of what is `read` of each answer, in order; groups
    /// that may not be asked about, and errors, become `refusal`.
    func askEach<Part: Sendable, Reply: Sendable>(
        _ ids: [Name], _ operation: Operation, refusal: @escaping @Sendable (ErrorCode, Name) -> Part,
        check: (Name) -> ErrorCode? = { _ in nil }, _ request: (Name) -> GroupRequest,
        read: @escaping @Sendable (GroupReply) -> Part?,
        then respond: @escaping @Sendable ([Part]) -> Reply
    ) -> Outcome<Reply> {
        gather(count: ids.count) { answers in
            respond(zip(ids, answers).map { id, answer in answer.read(read) { refusal($0, id) } })
        } ask: { index, answer in
            let id = ids[index]
            let isAllowed = authorize(operation, .group(id))
            if let code = isAllowed ? check(id) : .groupAuthorizationFailed {
                return answer(.failure(ErrorCodeError(code)))
            }
            ask(id, request(id), answer: answer)
        }
    }

    /// Asks every shard; there are none before somebody made use of groups.
    func askAll<Reply: Sendable>(
        _ request: GroupRequest, then respond: @escaping @Sendable ([GroupHost.Host.Answer]) -> Reply
    ) -> Outcome<Reply> {
        let shards = broker.groups.existingShards() ?? []
        return gather(count: shards.count, respond) { index, answer in
            shards[index].ask({ .request(request, $0) }, answer: answer)
        }
    }

    /// Asks `count` times, and makes one reply of all answers, in order.
    func gather<Reply: Sendable>(
        count: Int, _ respond: @escaping @Sendable ([GroupHost.Host.Answer]) -> Reply,
        ask: (_ index: Int, _ answer: @escaping @Sendable (GroupHost.Host.Answer) -> Void) -> Void
    ) -> Outcome<Reply> {
        let reply = Deferred<Reply>()
        let gathering = Gathering<GroupHost.Host.Answer>(count: count) {
            [pool = broker.sockets.pool] answers in
            // The last of them may come from a thread that others wait for, such as the flusher's.
            guard answers.reduce(0, { $0 + $1.partCount }) > ReplyMemory.loopMaxParts else {
                reply.complete(respond(answers))
                return
            }
            pool.run { reply.complete(respond(answers)) }
        }
        for index in 0..<count { ask(index) { gathering.add($0, at: index) } }
        return .later(reply)
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

/// Collects answers of several shards, in order; the last one calls the action.
final class Gathering<Value: Sendable>: Sendable {
    private struct State {
        var values: [Value?]
        var missing: Int
    }
    private let state: Lock<State>
    private let action: @Sendable ([Value]) -> Void

    /// Waits for `count` values; with none the action is called at once.
    init(count: Int, then action: @escaping @Sendable ([Value]) -> Void) {
        state = Lock(State(values: Array(repeating: nil, count: count), missing: count))
        self.action = action
        if count == 0 { action([]) }
    }

    /// Adds the value number `index`.
    func add(_ value: Value, at index: Int) {
        let all: [Value]? = state.withLock { state in
            guard state.values[index] == nil else { return nil }
            state.values[index] = value
            state.missing -= 1
            return state.missing == 0 ? state.values.compactMap(\.self) : nil
        }
        if let all { action(all) }
    }
}
