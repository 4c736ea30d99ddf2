// What shards answer, read and put together, on the pool where that takes long.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

extension StateTopicHost where State.Reply: CountedReply {
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

extension Result where Success: CountedReply, Failure == ErrorCodeError {
    /// About how many parts it has when it is put into words.
    var partCount: Int { (try? get())?.partCount ?? 1 }

    /// The reply as `read` takes it, or what `refusal` makes of the error.
    func read<Reply>(_ read: (Success) -> Reply?, _ refusal: (ErrorCode) -> Reply) -> Reply {
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
