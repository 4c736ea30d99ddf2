// What a handler knows about the request besides its body.
package import Base
package import Network
package import Protocol

/// The circumstances of one request.
package struct RequestContext: Sendable {
    /// Key, version, correlation id and client id.
    package let header: RequestHeader
    /// The broker that serves it.
    package let broker: Broker
    /// The loop of its connection; handlers run there.
    package let loop: EventLoop
    /// The name of the listener that the connection came in on.
    package let listener: Name
    /// The connection's two ends.
    package let local: SocketAddress
    package let peer: SocketAddress
    /// Who sent it.
    package var principal: Principal { .anonymous }
    /// How long the client is to wait before its next request; quotas will set it.
    package var throttleMilliseconds: Int32 { 0 }

    /// The memory for what is made on behalf of clients.
    package var memory: MemoryBudget { broker.sockets.memory }
    /// Whom it is held for.
    package var holder: MemoryHolder { MemoryHolder(peer.host) }

    /// The version that the request was sent in.
    package var version: Int16 { header.version }

    /// Whether the sender may do `operation` to `resource`.
    package func authorize(_ operation: Operation, _ resource: Resource) -> Bool { true }

    /// The topics as they are now.
    ///
    /// A handler asks once, so that it answers from one picture.
    package var topics: TopicDirectory { broker.catalog.topics }
}

extension RequestContext: CustomStringConvertible {
    /// Client and address, for log lines.
    package var description: String { "\(header.clientID ?? "?")@\(peer)" }
}
