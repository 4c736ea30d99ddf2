// Everything that a peer could make grow has its bound here, under one name each.

/// The bounds of connections; values marked with a Kafka name are that configuration's default.
package struct NetworkLimits: Sendable {
    /// The largest frame, without its 4-byte size (socket.request.max.bytes).
    package var socketRequestMaxBytes = 104_857_600
    /// The smallest frame that can be a request: key, version and correlation id.
    package var requestMinBytes = 8
    /// Connections over all listeners (max.connections).
    package var maxConnections = Int.max
    /// Connections from one address (max.connections.per.ip).
    package var maxConnectionsPerIP = Int.max
    /// Exceptions from `maxConnectionsPerIP` (max.connections.per.ip.overrides).
    package var maxConnectionsPerIPOverrides: [SocketAddress.Host: Int] = [:]
    /// A connection on which nothing was completed for so long is closed (connections.max.idle.ms); zero or
    /// less never closes.
    package var idleTimeout: Duration = .seconds(600)
    /// A connection whose reply waits for so long for the file that it is sent from is closed: half of it may
    /// have left.
    package var sourceTimeout: Duration = .seconds(60)
    /// Bytes of an unfinished frame that count as a sign of life; fewer within the idle timeout do not.
    package var idleProgressBytes = 65_536
    /// How long a handshake may take, the peer's part and ours: as long as clients give it.
    package var handshakeTimeout: Duration = .seconds(30)
    /// Requests of one connection whose replies have not left yet; at the bound the connection stops reading.
    package var requestsInFlightPerConnection = 128
    /// Reply bytes in memory that one connection may have waiting before it stops reading.
    package var replyBytesPerConnection = 1 << 20
    /// The memory for requests and replies over all connections.
    package var memory = MemoryShares(largeBytes: 104_857_600 + FrameSize.byteCount)
    /// While others wait for memory, a peer that holds some and neither goes on with its frame nor takes its
    /// replies for so long is closed.
    package var stallTimeout: Duration = .milliseconds(700)
    /// How often connections are looked at while that is so.
    package var pressureInterval: Duration = .milliseconds(200)
    /// In how many steps a large frame has to arrive at least, each within the patience for a silent peer.
    package var progressSteps = 64
    /// How long a peer may take no reply while the broker waits for it in order to stop.
    package var drainTimeout: Duration = .seconds(1)
    /// Frames handled in one turn of a connection, so that a stream of tiny ones starves nobody.
    package var framesPerTurn = 256
    /// Bytes sent in one turn of a connection, so that one fast reader starves nobody.
    package var sendBytesPerTurn = 4 << 20
    /// Reads in one turn of a connection.
    package var readsPerTurn = 8
    /// Connections accepted in one turn of a listener.
    package var acceptsPerTurn = 64
    /// The kernel's queue of connections not yet accepted (socket.listen.backlog.size).
    package var listenBacklog: Int32 = 511
    /// How long a listener rests when the process has no descriptor left for the next connection.
    package var acceptPause: Duration = .milliseconds(100)
    /// The kernel's send buffer (socket.send.buffer.bytes), 0 for the kernel's own tuning, which is best on
    /// local networks.
    package var sendBufferBytes: Int32 = 0
    /// The kernel's receive buffer (socket.receive.buffer.bytes), 0 for the kernel's own tuning.
    package var receiveBufferBytes: Int32 = 0

    /// Kafka's defaults.
    package init() {}
}
