// What a handler knows about the request besides its body.
internal import Base
internal import Network
internal import Protocol

/// The circumstances of one request.
struct RequestContext: Sendable {
    /// Key, version, correlation id and client id.
    let header: RequestHeader
    /// The connection that it came on.
    let session: Session

    /// The broker that serves it.
    var broker: Broker { session.broker }
    /// The loop of its connection; handlers run there.
    var loop: EventLoop { session.loop }

    /// The memory for what is made on behalf of clients.
    var memory: MemoryBudget { broker.sockets.memory }
    /// Whom it is held for.
    var holder: MemoryHolder { MemoryHolder(session.peer.host) }

    /// The version that the request was sent in.
    var version: Int16 { header.version }

    /// The topics as they are now.
    ///
    /// A handler asks once, so that it answers from one picture.
    var topics: TopicDirectory { broker.catalog.topics }
}

extension RequestContext: CustomStringConvertible {
    /// Client and address, for log lines.
    var description: String { "\(header.clientID ?? "?")@\(session.peer)" }
}
