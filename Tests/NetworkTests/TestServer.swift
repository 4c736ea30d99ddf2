// What the tests of this folder share: a server of one listener, a client that blocks, a clock that tests
// move, and a handler made of a closure.
import Base
import Glibc
import Network
import Synchronization

/// A clock that stands still until it is moved.
final class ManualClock: BrokerClock {
    private let nanoseconds = Atomic<Int64>(1_000_000_000)

    func monotonicNanoseconds() -> Int64 { nanoseconds.load(ordering: .relaxed) }
    func wallTime() -> Timestamp { Timestamp(milliseconds: monotonicNanoseconds() / 1_000_000) }
    func advance(by duration: Duration) {
        nanoseconds.wrappingAdd(duration.wholeNanoseconds, ordering: .relaxed)
    }
}

/// Hands every frame, copied, to a closure.
final class ClosureHandler: ConnectionHandler {
    private let frames = Atomic<Int>(0)
    var frameCount: Int { frames.load(ordering: .relaxed) }
    let reasons = Lock<[CloseReason]>([])
    private let onOpen: @Sendable (isolated Connection) -> Void
    private let onFrame: @Sendable ([UInt8], isolated Connection) -> Void

    init(
        onOpen: @escaping @Sendable (isolated Connection) -> Void = { _ in },
        onFrame: @escaping @Sendable ([UInt8], isolated Connection) -> Void
    ) {
        self.onOpen = onOpen
        self.onFrame = onFrame
    }

    /// Answers every frame with itself.
    static func echo() -> ClosureHandler {
        ClosureHandler { frame, connection in
            connection.complete(connection.reserveReply(), with: OutboundReply(sized(frame)))
        }
    }

    func opened(_ connection: isolated Connection) { onOpen(connection) }

    func received(_ frame: inout MutableRawSpan, on connection: isolated Connection) {
        frames.wrappingAdd(1, ordering: .relaxed)
        let copy = frame.withUnsafeBytes { Array($0) }
        // The frame belongs to the handler during the call; whoever relies on it later must notice.
        frame.withUnsafeMutableBytes { area in for index in area.indices { area[index] = 0xee } }
        onFrame(copy, connection)
    }

    func closed(_ connection: isolated Connection) {
        let reason = connection.closeReason
        reasons.withLock { $0.append(reason ?? .handler("no reason")) }
    }
}

/// `body` behind its size.
func sized(_ body: [UInt8]) -> [UInt8] {
    var writer = ByteWriter(capacity: body.count + 4)
    writer.integer(Int32(body.count))
    writer.raw(body)
    return writer.bytes
}

/// Bytes that differ from position to position and from seed to seed.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    var state = UInt32(truncatingIfNeeded: seed &* 2_654_435_761 &+ 12345)
    // A prime number, so that no power of two comes round to the same bytes.
    let tile = (0..<min(count, 65_521)).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: state >> 24)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += tile[..<min(tile.count, count - bytes.count)] }
    return bytes
}

/// Sends all of `bytes`, waiting as long as it takes; false when the connection broke.
func sendAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
        let count = bytes.withUnsafeBytes { all in
            let rest = UnsafeRawBufferPointer(rebasing: all[sent...])
            return send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return false }
        sent += count
    }
    return true
}

/// What a server wrote into its log.
final class LogLines: Sendable {
    let lines = Lock<[String]>([])
}

/// A listener with its loops: on threads of their own, or stepped by the test when a clock is given.
final class TestServer {
    let group: EventLoopGroup
    let listener: Listener
    let services: NetworkServices
    let handler: ClosureHandler
    let clock: ManualClock?
    let log = LogLines()
    /// Whether `step` also does what waits for the pool.
    var stepsPool = true
    private let transport: TransportKind
    private var isStopped = false

    init(
        _ handler: ClosureHandler, limits: NetworkLimits = NetworkLimits(), loops: Int = 2,
        clock: ManualClock? = nil, host: String = "127.0.0.1", over transport: TransportKind = .plain,
        security: (@Sendable () -> any TransportSecurity)? = nil
    ) throws {
        self.handler = handler
        self.transport = transport
        self.clock = clock
        group = try clock.map { try EventLoopGroup(count: 1, clock: $0) } ?? EventLoopGroup(count: loops)
        let log = self.log
        services = NetworkServices(
            limits: limits, loops: group, pool: try WorkPool(threadLimit: clock == nil ? 2 : 0),
            logger: Logger(sink: { line in log.lines.withLock { $0.append(line) } }))
        listener = try Listener(
            ListenerAddress(host: host, port: 0), on: group, services: services,
            security: security ?? transport.security
        ) { handler }
        listener.start()
        if clock == nil { try group.start() }
        step()
    }

    deinit { stop() }

    var port: UInt16 { listener.local.port }
    var reasons: [CloseReason] { handler.reasons.withLock { $0 } }

    /// Steps the loops until nothing happens any more; for servers with a clock.
    func step() {
        guard clock != nil else { return }
        for _ in 0..<20 {
            for loop in group.loops { loop.step(mayWait: false) }
            while stepsPool, services.pool.step() {}
        }
    }

    /// A client that has done its part of the transport's handshake.
    func connect(receiveBuffer: Int32 = 0) throws -> TestClient {
        let client = try TestClient(port: port, receiveBuffer: receiveBuffer)
        if transport != .plain { try client.shakeHands(with: self) }
        return client
    }

    func stop(within grace: Duration = .zero) {
        guard !isStopped else { return }
        isStopped = true
        if clock == nil {
            _ = try? group.stop(within: grace)
        } else {
            for loop in group.loops {
                loop.post {
                    loop.drain {}; loop.closeAll()
                }
            }
            step()
        }
        services.pool.stop()
    }

    /// Waits until `condition` holds, at most ten seconds.
    func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<10_000 {
            if condition() { return true }
            step()
            usleep(1000)
        }
        return condition()
    }
}

/// A client on a blocking socket; receiving gives up after some seconds.
final class TestClient {
    let descriptor: Int32
    /// Whether what is sent and received passes the tests' transport.
    private(set) var isSecured = false
    /// What the server sent that makes no whole record yet, and what its records say.
    private var sealed: [UInt8] = []
    private var opened: [UInt8] = []
    /// Sealed bytes that `sendNow` could not send yet.
    private var unsent: [UInt8] = []

    init(port: UInt16, isIPv6: Bool = false, receiveBuffer: Int32 = 0) throws {
        descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var seconds = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &seconds, socklen_t(MemoryLayout<timeval>.size))
        var size = receiveBuffer
        if size > 0 { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        guard TestClient.connect(descriptor, port: port, isIPv6: isIPv6) == 0 else {
            throw ClientError.errno(errno)
        }
    }

    enum ClientError: Error { case errno(Int32), ended(after: Int) }

    deinit { _ = Glibc.close(descriptor) }

    func send(_ bytes: [UInt8]) throws { try sendRaw(onWire(bytes)) }

    func sendRaw(_ bytes: [UInt8]) throws {
        guard sendAll(bytes, to: descriptor) else { throw ClientError.errno(errno) }
    }

    /// `bytes` as they stand on the wire.
    func onWire(_ bytes: [UInt8]) -> [UInt8] { isSecured ? TestWire.sealed(bytes) : bytes }

    /// Both round trips of the transport's handshake.
    func shakeHands(with server: TestServer) throws {
        for tag in [UInt8(1), 3] {
            try sendRaw(TestWire.hello(tag))
            server.step()
            guard try receive(TestWire.helloBytes) == TestWire.hello(tag + 1) else {
                throw ClientError.ended(after: 0)
            }
        }
        isSecured = true
    }

    /// Sends no more, but goes on receiving.
    func shutDown() { Glibc.shutdown(descriptor, Int32(SHUT_WR)) }

    /// Sends what the server takes without waiting; how many bytes that were.
    func sendNow(_ bytes: [UInt8]) -> Int {
        guard isSecured else { return sendRawNow(bytes) }
        unsent.removeFirst(sendRawNow(unsent))
        guard unsent.isEmpty else { return 0 }
        unsent = TestWire.sealed(bytes)
        unsent.removeFirst(sendRawNow(unsent))
        return bytes.count
    }

    func sendRawNow(_ bytes: [UInt8]) -> Int {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        return max(0, bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, bytes.count, flags) })
    }

    func receive(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count { bytes += try receiveSome(atMost: count - bytes.count) }
        return bytes
    }

    /// What is there, at least one byte.
    private func receiveSome(atMost count: Int, flags: Int32 = 0) throws -> [UInt8] {
        while opened.isEmpty {
            var part = [UInt8](repeating: 0, count: isSecured ? 1 << 18 : min(count, 1 << 18))
            let got = recv(descriptor, &part, part.count, flags)
            guard got != 0 else { throw ClientError.ended(after: 0) }
            guard got > 0 else { throw ClientError.errno(errno) }
            guard isSecured else { return Array(part[..<got]) }
            sealed += part[..<got]
            guard TestWire.open(&sealed, into: &opened) != nil else { throw ClientError.ended(after: 0) }
        }
        let taken = Array(opened.prefix(count))
        opened.removeFirst(taken.count)
        return taken
    }

    static func connect(_ descriptor: Int32, port: UInt16, isIPv6: Bool) -> Int32 {
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = in6addr_loopback
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Whether something can be received now.
    func hasBytes() -> Bool {
        if !opened.isEmpty { return true }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0
    }

    /// One frame, letting a stepped server send it piece by piece.
    func receiveFrame(stepping server: TestServer) throws -> [UInt8] {
        let size = try receive(4).reduce(0) { $0 << 8 | Int($1) }
        var bytes: [UInt8] = []
        while bytes.count < size {
            for loop in server.group.loops { loop.step(mayWait: false) }
            if !unsent.isEmpty { _ = sendNow([]) }
            if let part = try? receiveSome(atMost: size - bytes.count, flags: Int32(MSG_DONTWAIT)) {
                bytes += part
            }
        }
        return bytes
    }

    /// One frame without its size.
    func receiveFrame() throws -> [UInt8] {
        let size = try receive(4).reduce(0) { $0 << 8 | Int($1) }
        return try receive(size)
    }

    /// Whether the server has closed the connection, waiting for that.
    func isEnded() -> Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        return count == 0 || count < 0 && errno == ECONNRESET
    }
}
