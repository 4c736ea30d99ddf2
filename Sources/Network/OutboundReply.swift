// A reply on its way out: pieces in memory and ranges of files, in the order in which they leave.
package import Base

/// A whole reply, its 4-byte size included.
package struct OutboundReply: Sendable {
    /// One piece of a reply.
    package enum Fragment: Sendable {
        /// Bytes in memory.
        case bytes([UInt8])
        /// `length` bytes of a source from `position` on; read when the peer can take them.
        case range(any ByteRangeSource, position: Int64, length: Int)

        /// How many bytes the piece sends.
        var byteCount: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .range(_, _, let length): length
            }
        }

        /// How many bytes of memory the piece holds.
        var memoryBytes: Int {
            if case .bytes(let bytes) = self { bytes.count } else { 0 }
        }
    }

    // Nearly all replies are one piece, which then needs no array around it.
    private let first: Fragment
    private let rest: [Fragment]
    /// What its bytes were leased with, unless they are few.
    package var lease: MemoryLease?

    /// A reply that is in memory.
    package init(_ bytes: [UInt8]) {
        first = .bytes(bytes)
        rest = []
    }

    /// A reply of several pieces.
    package init(_ fragments: [Fragment]) {
        first = fragments.first ?? .bytes([])
        rest = Array(fragments.dropFirst())
    }

    /// How many pieces there are.
    var count: Int { 1 + rest.count }
    /// A piece.
    subscript(index: Int) -> Fragment { index == 0 ? first : rest[index - 1] }

    /// How many bytes the reply sends.
    package var byteCount: Int { rest.reduce(first.byteCount) { $0 + $1.byteCount } }
    /// How many bytes of memory the reply holds.
    package var memoryBytes: Int { rest.reduce(first.memoryBytes) { $0 + $1.memoryBytes } }
    /// How many of them were not leased.
    var unleasedBytes: Int { lease == nil ? memoryBytes : 0 }
}

/// What a reply waits for.
package protocol AwaitedReply: AnyObject, Sendable {
    /// The connection has ended, so nobody takes the reply any more.
    ///
    /// Called on the connection's loop, unless the reply was complete before.
    func abandon()
}

/// The place of one reply among those of its connection.
package struct ReplySlot: Hashable, Sendable {
    let sequence: UInt64
}
