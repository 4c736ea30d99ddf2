// The seam for encryption: bytes in, bytes out, and a handshake first. A connection without it sends and
// receives as if this file did not exist.

/// Why a secured connection cannot go on: a failed handshake, a record that does not verify.
package struct SecurityFailure: Error, Equatable {
    /// For the log.
    package let reason: String

    /// A failure with its `reason`.
    package init(_ reason: String) { self.reason = reason }
}

/// What follows from bytes that a layer took.
package enum SecurityStep {
    /// The next bytes of the peer.
    case goesOn
    /// The handshake is done, which is told once; only with this and after it are there plain bytes.
    case established
    /// Work that takes too long for a loop, such as a private key's: it is done on the pool, and then the
    /// layer is resumed. Until then it is left alone, and what the peer sends stays in the kernel.
    case takesTime(@Sendable () -> Void)
}

/// One end of an encrypted stream; it belongs to one connection and is only used on that connection's loop,
/// but for the work that it gives out itself.
///
/// What a call appended to `outgoing` leaves even if it throws.
package protocol TransportSecurity: AnyObject {
    /// Takes bytes as they came from the peer, all of them; appends what they say to `plain`, and what the
    /// layer itself answers to `outgoing`.
    func open(
        _ received: RawSpan, plain: inout [UInt8], outgoing: inout [UInt8]
    ) throws(SecurityFailure) -> SecurityStep
    /// Goes on with what it has, as the work that it gave out is done.
    func resume(plain: inout [UInt8], outgoing: inout [UInt8]) throws(SecurityFailure) -> SecurityStep
    /// Appends the sealed form of `plain` to `outgoing`.
    func seal(_ plain: RawSpan, outgoing: inout [UInt8]) throws(SecurityFailure)
    /// Appends the layer's closing message to `outgoing`: none where a handshake is not done or something
    /// failed.
    func finish(outgoing: inout [UInt8])
    /// Bytes of the peer that it keeps, as they make no whole record yet or wait for its work.
    var keptBytes: Int { get }
    /// What the peer proved about itself, such as its certificate's subject; once the handshake is done.
    var peerName: String? { get }
}

/// A security layer with the bytes on their way through it.
struct SecuredStream {
    let layer: any TransportSecurity
    /// The handshake is done, and the handler knows of the connection.
    var isEstablished = false
    /// The pool works for the layer.
    var isParked = false
    /// When the handshake has to be done.
    var handshakeTimer: TimerID?
    /// What the layer kept when it was last used.
    var keptBytes = 0
    /// Opened bytes, used within one receive.
    var plain: [UInt8] = []
    /// Sealed bytes that the socket has not taken yet, from `sentBytes` on.
    var outgoing: [UInt8] = []
    var sentBytes = 0

    init(_ layer: any TransportSecurity) { self.layer = layer }

    /// Bytes of memory held.
    var heldBytes: Int { outgoing.count + keptBytes }

    /// Notes that the socket took `count` bytes.
    mutating func sent(_ count: Int) {
        sentBytes += count
        guard sentBytes == outgoing.count else { return }
        outgoing.removeAll(keepingCapacity: outgoing.capacity <= 1 << 16)
        sentBytes = 0
    }
}
