// A socket is a descriptor that is closed exactly once. The verbs below are the only system calls on sockets;
// none of them waits.
internal import CSystem
import Glibc

/// What one attempt to receive or send gave.
enum Transfer: Equatable {
    /// So many bytes were moved, at least one.
    case moved(Int)
    /// The peer has finished sending.
    case ended
    /// Nothing can be moved now.
    case wouldWait
    /// The connection failed with this errno.
    case failed(errno: Int32)
}

/// A stream socket; closed by `close`, or else when it goes away.
struct Socket: ~Copyable {
    /// The descriptor, or -1 after `close`.
    private(set) var descriptor: Int32

    /// Takes over an open descriptor.
    init(owning descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    /// Closes the socket; further calls do nothing.
    mutating func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    /// The address this end is bound to.
    var localAddress: SocketAddress? {
        var flat = apus_address()
        return unsafe apus_socket_local(descriptor, &flat) == 0 ? SocketAddress(flat) : nil
    }

    /// Receives into `first` and, when that is full, into `second`.
    func receive(into first: UnsafeMutableRawBufferPointer, then second: UnsafeMutableRawBufferPointer)
        -> Transfer
    {
        let count = unsafe apus_socket_receive(
            descriptor, first.baseAddress, first.count, second.baseAddress, second.count)
        return count == 0 ? .ended : Socket.outcome(count)
    }

    /// Whether the peer has finished sending and all of it was read.
    var isAtEnd: Bool {
        var byte: UInt8 = 0
        return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
    }

    /// Sends what fits.
    func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        unsafe Socket.outcome(apus_socket_send(descriptor, bytes.baseAddress, bytes.count))
    }

    private static func outcome(_ count: Int) -> Transfer {
        if count >= 0 { return .moved(count) }
        // An interrupted call is simply made again at the next readiness, which level triggering promises.
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? .wouldWait : .failed(errno: errno)
    }
}

extension Socket {
    /// A socket that listens on `address`; an IPv6 wildcard takes IPv4 connections as well when `isDual`.
    static func listening(
        on address: SocketAddress, isDual: Bool, backlog: Int32
    ) throws(NetworkError) -> Socket {
        let descriptor = apus_socket_create(address.isIPv6 ? 6 : 4)
        guard descriptor >= 0 else { throw .system(call: "socket", errno: errno) }
        let socket = Socket(owning: descriptor)
        var flat = address.flat
        guard unsafe apus_socket_listen(descriptor, &flat, isDual ? 1 : 0, backlog) == 0 else {
            throw NetworkError(binding: address, errno: errno)
        }
        return socket
    }

    /// The next waiting connection and its peer; nil with errno set when there is none or accepting failed.
    func accept() -> (descriptor: Int32, peer: SocketAddress)? {
        var flat = apus_address()
        let accepted = unsafe apus_socket_accept(descriptor, &flat)
        return accepted >= 0 ? (accepted, SocketAddress(flat)) : nil
    }

    /// Sets the kernel's buffers of an accepted socket; 0 leaves one to the kernel.
    ///
    /// What the kernel refuses is no reason to refuse a client.
    static func setBuffers(of descriptor: Int32, send: Int32, receive: Int32) {
        if send > 0 || receive > 0 { _ = apus_socket_buffers(descriptor, send, receive) }
    }

    /// A socket on its way to `address`; writability or an error says how that ended.
    static func connecting(to address: SocketAddress) throws(NetworkError) -> Socket {
        let descriptor = apus_socket_create(address.isIPv6 ? 6 : 4)
        guard descriptor >= 0 else { throw .system(call: "socket", errno: errno) }
        let socket = Socket(owning: descriptor)
        var flat = address.flat
        guard unsafe apus_socket_connect(descriptor, &flat) == 0 else {
            throw .system(call: "connect to \(address)", errno: errno)
        }
        return socket
    }
}
