import Base
import Glibc
import Network
import TestSupport
import Testing

@Test("connections above max.connections and per address are closed at once, with a line")
func connectionLimits() throws {
    var limits = NetworkLimits()
    limits.maxConnections = 5
    limits.maxConnectionsPerIP = 3
    let server = try TestServer(.echo(), limits: limits, clock: ManualClock())
    var clients: [TestClient] = []
    for _ in 0..<3 { clients.append(try TestClient(port: server.port)) }
    server.step()
    for _ in 0..<3 {
        let refused = try TestClient(port: server.port)
        server.step()
        #expect(refused.isEnded())
    }
    #expect(server.log.lines.withLock { $0 }.count == 3)
    #expect(server.group.connectionCount == 3)
    clients.removeLast()
    server.step()
    let admitted = try TestClient(port: server.port)
    try admitted.send(sized(pattern(20)))
    server.step()
    #expect(try admitted.receiveFrame() == pattern(20))
}

@Test("an override raises the limit of one address, and the limit over all stays")
func connectionOverrides() throws {
    var limits = NetworkLimits()
    limits.maxConnections = 4
    limits.maxConnectionsPerIP = 0
    limits.maxConnectionsPerIPOverrides = [try #require(SocketAddress.Host("127.0.0.1")): 10]
    let server = try TestServer(.echo(), limits: limits, clock: ManualClock())
    let clients = try (0..<6).map { _ in try TestClient(port: server.port) }
    server.step()
    #expect(server.services.counts.total == 4)
    #expect(clients[4].isEnded() && clients[5].isEnded())
}

@Test(
    "idle connections are closed, a half-received frame is idle too, a waiting reply is not"
)
func idleConnections() throws {
    let connections = Lock<[Connection]>([])
    let slots = Lock<[ReplySlot]>([])
    let handler = ClosureHandler(onOpen: { connection in connections.withLock { $0.append(connection) } }) {
        frame, connection in
        let slot = connection.reserveReply()
        if frame[0] == 1 { return slots.withLock { $0.append(slot) } }
        connection.complete(slot, with: OutboundReply(sized(frame)))
    }
    let clock = ManualClock()
    let server = try TestServer(handler, clock: clock)
    let silent = try TestClient(port: server.port)
    let dripping = try TestClient(port: server.port)
    let busy = try TestClient(port: server.port)
    let polling = try TestClient(port: server.port)
    server.step()
    try dripping.send([0, 0, 1, 0])
    try polling.send(sized([1] + pattern(10)))
    server.step()
    for _ in 0..<11 {
        try dripping.send([7])
        try busy.send(sized([0] + pattern(10)))
        server.step()
        _ = try busy.receiveFrame()
        clock.advance(by: .seconds(57))
        server.step()
    }
    #expect(server.reasons == [.idle, .idle])
    #expect(silent.isEnded() && dripping.isEnded())
    let slot = try #require(slots.withLock { $0.first })
    let waiting = try #require(connections.withLock { $0.last })
    server.group.loops[0].post {
        waiting.assumeIsolated { $0.complete(slot, with: OutboundReply(sized([5]))) }
    }
    server.step()
    #expect(try polling.receiveFrame() == [5])
    clock.advance(by: .seconds(1300))
    server.step()
    clock.advance(by: .seconds(1300))
    server.step()
    #expect(server.group.connectionCount == 0)
    #expect(server.services.budget.usedBytes == 0)
}

@Test("a loop without connections has no timers")
func noConnectionsNoTimers() throws {
    let server = try TestServer(.echo(), clock: ManualClock())
    let client = Lock<TestClient?>(try TestClient(port: server.port))
    server.step()
    let count = Lock(-1)
    let look = {
        let loop = server.group.loops[0]
        loop.post {
            let timers = loop.timerCount; count.withLock { $0 = timers }
        }
        server.step()
        return count.withLock { $0 }
    }
    #expect(look() == 1)
    client.withLock { $0 = nil }
    server.step()
    #expect(look() == 0)
    #expect(server.reasons == [.peerClosed])
}

@Test("requests in flight are bounded: more are not read until replies leave")
func requestsInFlight() throws {
    var limits = NetworkLimits()
    limits.requestsInFlightPerConnection = 10
    let slots = Lock<[ReplySlot]>([])
    let connections = Lock<[Connection]>([])
    let handler = ClosureHandler(onOpen: { connection in connections.withLock { $0.append(connection) } }) {
        frame, connection in
        let slot = connection.reserveReply()
        slots.withLock { $0.append(slot) }
    }
    let server = try TestServer(handler, limits: limits, clock: ManualClock())
    let client = try TestClient(port: server.port)
    try client.send((0..<35).flatMap { sized(pattern(100, seed: $0)) })
    server.step()
    #expect(slots.withLock { $0.count } == 10)
    let connection = try #require(connections.withLock { $0.first })
    for number in 0..<35 {
        let slot = slots.withLock { $0[number] }
        server.group.loops[0].post {
            connection.assumeIsolated { $0.complete(slot, with: OutboundReply(sized([UInt8(number)]))) }
        }
        server.step()
        #expect(slots.withLock { $0.count } == min(35, 11 + number))
    }
    for number in 0..<35 { #expect(try client.receiveFrame() == [UInt8(number)]) }
}

@Test("a process without descriptors pauses accepting instead of spinning, and goes on when it has some")
func noDescriptorsLeft() async {
    await #expect(processExitsWith: .success) {
        let server = try TestServer(.echo(), loops: 1)
        var held: [Int32] = []
        let client = try TestClient(port: server.port)
        try client.send(sized(pattern(10)))
        _ = try client.receiveFrame()
        // The next client's own descriptor is made before the last ones are taken.
        let waiting = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = rlimit(rlim_cur: 64, rlim_max: 64)
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(2) }
        while case let taken = dup(0), taken >= 0 { held.append(taken) }
        guard TestClient.connect(waiting, port: server.port, isIPv6: false) == 0 else { exit(3) }
        let before = server.group.loops[0].stepCount
        usleep(350_000)
        guard server.group.loops[0].stepCount - before < 20 else { exit(4) }
        for descriptor in held { close(descriptor) }
        guard sendAll(sized(pattern(9)), to: waiting) else { exit(5) }
        var reply = [UInt8](repeating: 0, count: 13)
        exit(recv(waiting, &reply, 13, Int32(MSG_WAITALL)) == 13 ? 0 : 6)
    }
}

@Test("SIGTERM and SIGINT are waited for", arguments: [SIGTERM, SIGINT])
func signals(_ signal: Int32) async {
    await #expect(processExitsWith: .exitCode(signal)) { [signal] in
        try SignalWaiter.prepare()
        // To this thread, as those of the test library are older than `prepare` and do not block it.
        pthread_kill(pthread_self(), signal)
        exit(SignalWaiter.wait())
    }
}

@Test("a process ends at its limit though a loop burns and the main thread waits for ever")
func limitedEnd() async {
    await #expect(processExitsWith: .exitCode(7)) {
        let loop = try EventLoop()
        try loop.start()
        loop.post { while true {} }
        let hasCome = Signal()
        let request = try StopRequest(
            limit: .milliseconds(100), status: 7, clock: SystemClock(), told: { _ in hasCome.raise() },
            waiting: { SIGTERM })
        hasCome.wait()
        guard request.wait().signal == SIGTERM else { exit(1) }
        Signal().wait()
    }
}

@Test("IPv6 clients are served, on a listener of their own and on the one for every address")
func ipv6() throws {
    for host in ["::1", ""] {
        let server = try TestServer(.echo(), host: host)
        let client = try TestClient(port: server.port, isIPv6: true)
        try client.send(sized(pattern(30)))
        #expect(try client.receiveFrame() == pattern(30))
        guard host.isEmpty else { continue }
        let old = try TestClient(port: server.port)
        try old.send(sized(pattern(31)))
        #expect(try old.receiveFrame() == pattern(31))
    }
}

@Test("a port in use is named, and port 0 is replaced by a real one")
func portInUse() throws {
    let server = try TestServer(.echo())
    #expect(server.port != 0)
    let address = ListenerAddress(host: "127.0.0.1", port: server.port)
    let local = SocketAddress(host: try #require(SocketAddress.Host("127.0.0.1")), port: server.port)
    #expect(throws: NetworkError.addressInUse(local)) {
        try Listener(address, on: server.group, services: server.services) { ClosureHandler.echo() }
    }
    #expect(throws: NetworkError.self) {
        let foreign = ListenerAddress(host: "203.0.113.7", port: 0)
        _ = try Listener(foreign, on: server.group, services: server.services) { ClosureHandler.echo() }
    }
    #expect(throws: NetworkError.unsupportedSecurity(.ssl, listener: "SSL")) {
        let secure = ListenerAddress(name: "SSL", security: .ssl, host: "127.0.0.1", port: 0)
        _ = try Listener(secure, on: server.group, services: server.services) { ClosureHandler.echo() }
    }
}

@Test(
    "stopping lets replies in flight leave, takes no more requests, and frees the port",
    .endsHangs, arguments: TransportKind.allCases)
func gracefulStop(over transport: TransportKind) throws {
    let handler = ClosureHandler { frame, connection in
        let slot = connection.reserveReply()
        connection.loop.schedule(after: .milliseconds(frame[0] == 9 ? 60_000 : 100)) {
            connection.assumeIsolated { $0.complete(slot, with: OutboundReply(sized(frame))) }
        }
    }
    for first in [UInt8(1), 9] {
        let server = try TestServer(handler, over: transport)
        let client = try server.connect()
        let idle = try server.connect()
        let before = handler.frameCount
        try client.send(sized([first] + pattern(10)))
        #expect(server.eventually { handler.frameCount == before + 1 })
        let start = ContinuousClock.now
        let isClean = try server.group.stop(within: .milliseconds(500))
        #expect(isClean == (first == 1))
        #expect(ContinuousClock.now - start < .seconds(3))
        if first == 1 { #expect(try client.receiveFrame() == [1] + pattern(10)) }
        #expect(client.isEnded() && idle.isEnded())
        #expect(throws: TestClient.ClientError.self) { try TestClient(port: server.port) }
    }
}
