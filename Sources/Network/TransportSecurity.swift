// The seam for encryption: bytes in, bytes out. A connection without it sends and receives as if this file
// did not exist.

/// Why a secured connection cannot go on: a failed handshake, a record that does not verify.
package struct SecurityFailure: Error, Equatable {
    /// For the log.
    package let reason: String

    /// A failure with its `reason`.
    package init(_ reason: String) { self.reason = reason }
}

/// One end of an encrypted stream; it belongs to one connection and is only used on that connection's loop.
package protocol TransportSecurity: AnyObject {
    /// Takes bytes as they came from the peer; appends what they say to `plain`, and what the layer itself
    /// answers to `outgoing`.
    func open(_ received: RawSpan, plain: inout [UInt8], outgoing: inout [UInt8]) throws(SecurityFailure)
    /// Appends the sealed form of `plain` to `outgoing`.
    func seal(_ plain: RawSpan, outgoing: inout [UInt8]) throws(SecurityFailure)
    /// Appends the layer's goodbye to `outgoing`.
    func finish(outgoing: inout [UInt8])
    /// What the peer proved about itself, such as its certificate's subject.
    var peerName: String? { get }
}

/// A security layer with the bytes on their way through it.
struct SecuredStream {
    let layer: any TransportSecurity
    /// Opened bytes, used within one receive.
    var plain: [UInt8] = []
    /// Sealed bytes that the socket has not taken yet, from `sentBytes` on.
    var outgoing: [UInt8] = []
    var sentBytes = 0

    init(_ layer: any TransportSecurity) { self.layer = layer }

    /// Notes that the socket took `count` bytes.
    mutating func sent(_ count: Int) {
        sentBytes += count
        guard sentBytes == outgoing.count else { return }
        outgoing.removeAll(keepingCapacity: outgoing.capacity <= 1 << 16)
        sentBytes = 0
    }
}
