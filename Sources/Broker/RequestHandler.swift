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

    /// Tells the client in a reply how long to wait, for the Router alone (KIP-219).
    static func setThrottleTime(_ milliseconds: Int32, in reply: inout Reply)
    /// The reply as bytes; on the pool where it is large.
    static func encode(
        _ reply: consuming Reply, answering header: RequestHeader
    ) throws(WireError) -> OutboundReply
}

extension Handler {
    /// The narrower limit; those that carry bytes for others say so.
    static var requestSize: RequestSize { .naming }
}

extension Handler where Reply: ThrottledReply {
    static func setThrottleTime(_ milliseconds: Int32, in reply: inout Reply) {
        reply.throttleTimeMs = milliseconds
    }
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
