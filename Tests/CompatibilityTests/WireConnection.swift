// A plain blocking socket that speaks frames: for tests that need to know exactly what goes over the wire.
import Glibc

enum WireConnectionError: Error, CustomStringConvertible {
    case failed(String, Int32)
    case closed
    case timedOut
    /// What was asked, and the error of the answer; nil if there is not even that.
    case refused(String, Int16?)

    var description: String {
        switch self {
        case .failed(let what, let number): "\(what): \(String(cString: strerror(number)))"
        case .closed: "the broker closed the connection"
        case .timedOut: "no answer in time"
        case .refused(let what, let code): "\(what): error \(code.map(String.init) ?? "missing")"
        }
    }
}

/// One connection to a broker on this machine.
final class WireConnection {
    private let descriptor: Int32

    /// Connects; every later wait ends after `seconds`.
    ///
    /// With a `receiveBuffer` the kernel takes about so many bytes that are not received yet.
    init(port: Int, seconds: Int = 20, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = WireConnection.loopback(port)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            // The descriptor is closed by `deinit`, which follows; closed twice, it may be another thread's
            // by then.
            throw WireConnectionError.failed("connect", errno)
        }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Sends one frame, with its size in front.
    func send(_ frame: [UInt8]) throws {
        try sendRaw(withUnsafeBytes(of: Int32(frame.count).bigEndian) { Array($0) } + frame)
    }

    /// Sends bytes as they are.
    func sendRaw(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw errno == EPIPE || errno == ECONNRESET ? .closed : error("send") }
            sent += count
        }
    }

    /// Sends what the kernel takes at once; how many bytes that were, or nil if the connection is closed.
    func sendNow(_ bytes: [UInt8]) -> Int? {
        let count = bytes.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        return count >= 0 ? count : errno == EAGAIN ? 0 : nil
    }

    /// Receives one frame, without its size.
    func receive() throws -> [UInt8] {
        let size = try receiveRaw(4).reduce(0) { $0 << 8 | Int($1) }
        return try receiveRaw(size)
    }

    /// Waits until bytes are there or the peer has closed; false after `milliseconds`.
    func waitUntilReadable(milliseconds: Int) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, Int32(milliseconds)) > 0
    }

    /// Receives what is there, at most `count` bytes; waits for the first.
    func receiveSome(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = recv(descriptor, &bytes, count, 0)
        guard got > 0 else { throw got == 0 || errno == ECONNRESET ? .closed : error("receive") }
        return Array(bytes[..<got])
    }

    /// Sends nothing more, and still receives.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Has the kernel reset the connection when it is closed, and drop what is under way.
    func resetWhenClosed() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    /// Whether the peer has closed the connection, of which nothing was received yet.
    var isClosedAlready: Bool {
        var byte: UInt8 = 0
        let got = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
        return got == 0 || got < 0 && errno != EAGAIN
    }

    /// Lets this process have as many connections as the system grants it.
    static func raiseDescriptorLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        getrlimit(resource, &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    /// Whether the peer closes within `seconds`, reading away what it still sends.
    func isClosedByPeer(within seconds: Double) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while ContinuousClock.now < end {
            guard waitUntilReadable(milliseconds: 100) else { continue }
            if recv(descriptor, &buffer, buffer.count, 0) <= 0 { return true }
        }
        return false
    }

    /// The error that ended the connection; 0 while there is none.
    var pendingError: Int32 {
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
        return error
    }

    /// Sends ApiVersions v0 and gives the answer's body, which begins with the error code.
    func askForVersions() throws -> [UInt8] {
        try send([0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff])
        return Array(try receive().dropFirst(4))
    }

    static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private func receiveRaw(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let got = bytes.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress.map { $0 + received }, count - received, 0)
            }
            if got == 0 { throw WireConnectionError.closed }
            guard got > 0 else { throw errno == ECONNRESET ? .closed : error("receive") }
            received += got
        }
        return bytes
    }

    private func error(_ operation: String) -> WireConnectionError {
        errno == EAGAIN ? .timedOut : .failed(operation, errno)
    }
}
