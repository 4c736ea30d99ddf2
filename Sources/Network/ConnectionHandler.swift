// What a connection tells its owner, and why connections end.

/// Acts on what arrives on a connection.
///
/// Every call comes on the connection's loop; one handler may serve many connections.
package protocol ConnectionHandler: AnyObject, Sendable {
    /// The connection is there, its handshake done where it has one; no request has been read.
    func opened(_ connection: isolated Connection)
    /// A whole frame, without its 4-byte size. The bytes are valid, and may be changed, during the call only.
    func received(_ frame: inout MutableRawSpan, on connection: isolated Connection)
    /// The connection has ended, `closeReason` says why; its replies, complete or not, were dropped. The last
    /// call; there is none for a connection that was never opened, as its handshake came to nothing.
    func closed(_ connection: isolated Connection)
}

/// Why a connection ended.
package enum CloseReason: Error, Equatable, Sendable {
    /// The peer closed it.
    case peerClosed
    /// The system reported this errno, as after a reset.
    case failed(errno: Int32)
    /// A frame announced a size below the smallest request, negative, or above socket.request.max.bytes.
    case frameSize(Int32)
    /// A frame is larger than memory has room for, whatever the configuration allows.
    case frameTooLargeForMemory(Int32, limit: Int)
    /// Nothing was completed for longer than connections.max.idle.ms.
    case idle
    /// Memory was short, and the peer neither took its replies nor finished its frame.
    case stalled
    /// Encryption failed.
    case security(String)
    /// The handshake was not done in time.
    case handshakeTimeout
    /// The bytes of a reply ended before its announced length.
    case sourceEnded
    /// The bytes of a reply could not be read.
    case sourceFailed(errno: Int32)
    /// The handler ended it, with its reason for the log.
    case handler(String)
    /// The broker stops.
    case shutdown

    /// Whether this deserves a line in the log; connections that come and go do not.
    package var isNoteworthy: Bool {
        switch self {
        case .peerClosed, .failed, .idle, .shutdown: false
        case .frameSize, .frameTooLargeForMemory, .stalled, .security, .handshakeTimeout, .sourceEnded,
            .sourceFailed, .handler:
            true
        }
    }
}

extension CloseReason: CustomStringConvertible {
    /// One sentence for the log.
    package var description: String {
        switch self {
        case .peerClosed: "closed by the peer"
        case .failed(let number): describe(errno: number)
        case .frameSize(let size):
            "a frame of \(size) bytes was announced; no Kafka client, or a request too large"
        case .frameTooLargeForMemory(let size, let limit):
            "a request of \(size) bytes does not fit into memory, which has room for \(limit)"
        case .idle: "idle for too long"
        case .stalled: "memory is short and the peer does not go on"
        case .security(let why): why
        case .handshakeTimeout: "the handshake was not done in time"
        case .sourceEnded: "the data of a reply ended early"
        case .sourceFailed(let number): "the data of a reply could not be read: \(describe(errno: number))"
        case .handler(let why): why
        case .shutdown: "the broker stops"
        }
    }
}
