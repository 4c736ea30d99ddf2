// What a handler is: a type that says all there is to know about the requests of one API key, and serves
// them. Nothing of it has a default that could hide an omission.
internal import Base
internal import Network
internal import Protocol

/// What a request does to those that follow it on its connection.
///
/// Kafka serves the requests of a connection one at a time, so a client may count on the second one to see
/// what the first one did. Here they overlap where that cannot be told from outside.
enum RequestEffect {
    /// It changes nothing that a request could see: what follows may overlap with it.
    case none
    /// What it changes is there when its handler returns, and whoever asks for it waits for the disk as the
    /// request itself does: what follows may start. Groups are so: a shard decides in the order of arrival.
    case immediate
    /// It appends, in order, and its records show when they are durable: other appends may follow at once;
    /// all else starts when it is finished. (Its reply could not leave before that anyway.)
    case appends
    /// What it changes is there when it is finished: nothing that follows starts before.
    case whenFinished
}

/// What serves the requests of one API key; each has a line in `HandlerTable`.
///
/// It is a `RequestHandler` or a `FrameHandler`.
protocol Handler: SendableMetatype {
    associatedtype Request: RequestMessage
    /// What the reply is made of: the message, unless parts of it come from elsewhere.
    associatedtype Reply: Sendable = Request.Reply

    /// What a request of this kind does to those that follow it on its connection.
    static var effect: RequestEffect { get }
    /// The partitions that a request names.
    static var partitions: NamedPartitions<Request> { get }
    /// How large a request may be.
    static var requestSize: RequestSize { get }
    /// How large a reply becomes.
    static var replySize: ReplySize<Request> { get }

    /// The reply as bytes; on the pool where it is large.
    static func encode(
        _ reply: consuming Reply, answering header: RequestHeader
    ) throws(WireError) -> OutboundReply
}

extension Handler {
    /// The narrower limit; those that carry bytes for others say so.
    static var requestSize: RequestSize { .naming }
}

extension Handler where Reply: ReplyMessage {
    static func encode(
        _ reply: consuming Reply, answering header: RequestHeader
    ) throws(WireError) -> OutboundReply {
        OutboundReply(try reply.frame(answering: header).bytes)
    }
}

/// A handler that needs nothing but the message.
protocol RequestHandler: Handler {
    /// Serves one request, on its connection's loop; on the pool where its reply grows and is not small.
    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply>
}

/// A handler that works on the bytes of the request where they lie; always on its connection's loop.
protocol FrameHandler: Handler {
    /// Why a request is not begun with, which closes the connection; nil if it is.
    static func refusal(of request: Request) -> String?
    /// Serves one request; its frame is valid during the call only.
    static func handle(
        _ request: Request, frame: inout MutableRawSpan, _ context: RequestContext
    ) -> Outcome<Reply>
}

/// What a connection has under way that requests behind it must wait for.
final class RequestsUnderWay: Sendable {
    private struct State {
        var appends = 0
        var waiting: [@Sendable () -> Void] = []
    }
    private let state = Lock(State())

    /// Notes that an append began whose records do not show yet.
    func began() { state.withLock { $0.appends += 1 } }

    /// Notes that an append is finished, and starts what waited for the last of them.
    func finished() {
        let bodies = state.withLock { state -> [@Sendable () -> Void] in
            state.appends -= 1
            guard state.appends == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in bodies { body() }
    }

    /// Whether appends are under way.
    var isAppending: Bool { state.withLock { $0.appends > 0 } }

    /// Calls `body` when no append is under way any more.
    func whenFinished(_ body: @escaping @Sendable () -> Void) {
        let isFree = state.withLock { state in
            guard state.appends > 0 else { return true }
            state.waiting.append(body)
            return false
        }
        if isFree { body() }
    }
}

extension Connection {
    /// What it has under way; nil while nothing ever was.
    var underWay: RequestsUnderWay? { attachment as? RequestsUnderWay }

    /// The same, made when it is first needed.
    func noteUnderWay() -> RequestsUnderWay {
        if let underWay { return underWay }
        let made = RequestsUnderWay()
        attachment = made
        return made
    }
}
