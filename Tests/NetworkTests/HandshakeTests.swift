// The handshake of a transport: nothing is a request before it is done, its slow steps are the pool's, its
// time is limited, and whatever a peer does within it leaves nothing behind.
import Base
import Glibc
import Network
import Synchronization
import TestSupport
import Testing

/// A stepped server whose transport is looked into.
private final class HandshakeRig {
    let clock = ManualClock()
    let log = TransportLog()
    let server: TestServer

    init(_ steps: TestTransport.Steps = .onPool) throws {
        let log = self.log
        let handler = ClosureHandler(onOpen: { connection in
            let name = connection.securedPeerName
            log.opened.withLock { $0.append(name) }
        }) { frame, connection in
            connection.complete(connection.reserveReply(), with: OutboundReply(sized(frame)))
        }
        server = try TestServer(handler, clock: clock, security: { TestTransport(steps, log: log) })
    }

    var openedCount: Int { log.opened.withLock { $0.count } }
    var received: Int { log.received.load(ordering: .relaxed) }
    var worked: Int { log.worked.load(ordering: .relaxed) }

    /// Timers that are set on the loop.
    func timerCount() -> Int {
        let count = Lock(-1)
        let loop = server.group.loops[0]
        loop.post {
            let timers = loop.timerCount
            count.withLock { $0 = timers }
        }
        server.step()
        return count.withLock { $0 }
    }

    /// How many lines of the log have the event `name`.
    func lines(_ name: String) -> Int {
        server.log.lines.withLock { $0.filter { $0.contains(name) }.count }
    }

    /// Nothing is left of any connection, and none of its layers was used while the pool worked for it.
    func checkIsClean(_ comment: Comment? = nil) {
        server.step()
        #expect(server.services.counts.total == 0, comment)
        #expect(server.group.connectionCount == 0, comment)
        #expect(server.services.budget.usedBytes == 0, comment)
        #expect(timerCount() == 0, comment)
        #expect(log.intrusions.load(ordering: .relaxed) == 0, comment)
    }
}

@Test("a connection is opened when its handshake is done; while the pool works its bytes wait in the kernel")
func parkedHandshake() throws {
    let rig = try HandshakeRig()
    rig.server.stepsPool = false
    let client = try TestClient(port: rig.server.port)
    rig.server.step()
    #expect(rig.server.services.counts.total == 1, "a handshake counts as a connection")
    for (round, tag) in [UInt8(1), 3].enumerated() {
        try client.sendRaw(TestWire.hello(tag))
        rig.server.step()
        #expect(rig.received == (round + 1) * TestWire.helloBytes)
        #expect(!client.hasBytes() && rig.openedCount == 0)
        // What comes now belongs to nobody yet.
        if tag == 3 { try client.sendRaw(TestWire.sealed(sized(pattern(5000)))) }
        rig.server.step()
        #expect(rig.received == (round + 1) * TestWire.helloBytes)
        #expect(rig.worked == round)
        rig.server.stepsPool = true
        rig.server.step()
        rig.server.stepsPool = false
        #expect(rig.worked == round + 1)
        #expect(try client.receive(TestWire.helloBytes) == TestWire.hello(tag + 1))
    }
    #expect(rig.log.opened.withLock { $0 } == ["tester"])
    #expect(rig.server.handler.frameCount == 1)
    #expect(rig.timerCount() == 1, "the limit of the handshake is over, that of silence begins")
    withExtendedLifetime(client) {}
}

@Test(
    "the last hello and requests may come together, even with the peer's end behind them",
    arguments: [TestTransport.Steps.atOnce, .onPool], [false, true])
func requestsBehindHandshake(steps: TestTransport.Steps, isLast: Bool) throws {
    let rig = try HandshakeRig(steps)
    let client = try TestClient(port: rig.server.port)
    try client.sendRaw(TestWire.hello(1))
    rig.server.step()
    #expect(try client.receive(TestWire.helloBytes) == TestWire.hello(2))
    let bodies = (0..<5).map { pattern(100 + $0 * 700, seed: $0) }
    rig.server.stepsPool = false
    try client.sendRaw(TestWire.hello(3) + TestWire.sealed(bodies.flatMap(sized)))
    if isLast { client.shutDown() }
    rig.server.step()
    rig.server.stepsPool = true
    rig.server.step()
    #expect(try client.receive(TestWire.helloBytes) == TestWire.hello(4))
    let expected = bodies.flatMap(sized)
    #expect(try client.receive(TestWire.sealed(expected).count).count > expected.count)
    #expect(rig.server.handler.frameCount == bodies.count)
    if isLast {
        #expect(client.isEnded())
        #expect(rig.server.reasons == [.peerClosed])
        rig.checkIsClean()
    }
}

/// What a peer does instead of a handshake.
private enum Hang: CaseIterable { case silence, aByteAtATime, halfWay, poolNeverEnds }

@Test("a handshake that is not done in time is closed, and said so once", arguments: Hang.allCases)
private func handshakeTimeout(_ hang: Hang) throws {
    let rig = try HandshakeRig(hang == .poolNeverEnds ? .onPool : .atOnce)
    rig.server.stepsPool = false
    let client = try TestClient(port: rig.server.port)
    rig.server.step()
    #expect(rig.timerCount() == 1)
    if hang == .poolNeverEnds || hang == .halfWay { try client.sendRaw(TestWire.hello(1)) }
    rig.server.step()
    let limit = rig.server.services.limits.handshakeTimeout
    for second in 0..<7 {
        if hang == .aByteAtATime { try client.sendRaw([(TestWire.hello(1) + TestWire.hello(3))[second]]) }
        rig.server.step()
        rig.clock.advance(by: (limit - .milliseconds(5)) / 7)
    }
    rig.server.step()
    #expect(rig.server.services.counts.total == 1)
    rig.clock.advance(by: .milliseconds(10))
    rig.server.step()
    #expect(rig.lines("handshake.timed_out") == 1)
    #expect(rig.lines("connection.closed") == 0)
    rig.checkIsClean()
    // What the pool gives now is nobody's.
    rig.server.stepsPool = true
    rig.checkIsClean()
    #expect(rig.worked == (hang == .poolNeverEnds ? 1 : 0))
    #expect(rig.openedCount == 0 && rig.server.reasons.isEmpty, "the handler never hears of it")
    #expect(client.hasEnded(expecting: hang == .aByteAtATime || hang == .halfWay ? TestWire.hello(2) : []))
}

@Test("what is no handshake ends its connection, and nobody else's", arguments: UInt64(0)..<40)
func garbageInstead(seed: UInt64) throws {
    var random = Seeded(seed)
    let rig = try HandshakeRig(seed % 2 == 0 ? .atOnce : .onPool)
    let wellBehaved = try TestClient(port: rig.server.port)
    try wellBehaved.shakeHands(with: rig.server)
    let rude = try TestClient(port: rig.server.port)
    switch seed % 4 {
    case 0: _ = rude.sendNow(Array("GET / HTTP/1.1\r\nHost: broker\r\n\r\n".utf8))
    case 1: _ = rude.sendNow(sized(pattern(200)))
    case 2:
        try rude.sendRaw(TestWire.hello(1))
        rig.server.step()
        _ = try rude.receive(TestWire.helloBytes)
        _ = rude.sendNow(TestWire.hello(1))
    default:
        let count = Int.random(in: 4...90_000, using: &random)
        _ = rude.sendNow((0..<count).map { _ in .random(in: 0...255, using: &random) })
    }
    rig.server.step()
    #expect(rude.isEnded())
    #expect(rig.lines("no hello") == 1)
    #expect(rig.server.services.counts.total == 1)
    try wellBehaved.send(sized(pattern(300)))
    rig.server.step()
    #expect(try wellBehaved.receiveFrame() == pattern(300))
    #expect(rig.openedCount == 1)
}

@Test(
    "a peer may leave after any byte, whatever the pool does then", arguments: [false, true], [false, true])
func departures(isReset: Bool, isWorkDone: Bool) throws {
    let rig = try HandshakeRig()
    let dialogue = TestWire.hello(1) + TestWire.hello(3) + TestWire.sealed(sized(pattern(20)))
    for count in 0...dialogue.count {
        var client: TestClient? = try TestClient(port: rig.server.port)
        for byte in dialogue[..<count] {
            try client?.sendRaw([byte])
            rig.server.step()
        }
        rig.server.stepsPool = false
        // A hello more, so that the pool has something to do where one is expected.
        if count == 0 || count == 4 { try client?.sendRaw(TestWire.hello(count == 0 ? 1 : 3)) }
        rig.server.step()
        if isReset { client?.resetWhenClosed() }
        client = nil
        if !isWorkDone { rig.server.step() }
        rig.server.stepsPool = true
        rig.checkIsClean("after \(count) bytes")
    }
    #expect(rig.openedCount == rig.server.reasons.count, "who was opened was closed, and nobody else")
}

@Test("what a layer says before it fails still leaves")
func failingStep() throws {
    let rig = try HandshakeRig(.failing)
    let client = try TestClient(port: rig.server.port)
    try client.sendRaw(TestWire.hello(1))
    rig.server.step()
    #expect(try client.receive(4) == TestWire.alert)
    #expect(client.isEnded())
    #expect(rig.lines("refused") == 1)
    rig.checkIsClean()
}

@Test("a layer that lets bytes pass before its handshake is done is not believed")
func plainTooEarly() throws {
    let rig = try HandshakeRig(.tooEarly)
    let client = try TestClient(port: rig.server.port)
    try client.sendRaw(TestWire.hello(1))
    rig.server.step()
    #expect(rig.server.handler.frameCount == 0)
    rig.checkIsClean()
    withExtendedLifetime(client) {}
}

@Test("a peer that has the layer talk and does not listen is not read from any more")
func talkativeLayer() throws {
    let rig = try HandshakeRig(.atOnce)
    let client = try TestClient(port: rig.server.port, receiveBuffer: 4096)
    try client.shakeHands(with: rig.server)
    let pings = [UInt8](repeating: 0, count: 30_000)
    for _ in 0..<2000 where client.sendRawNow(pings) > 0 { rig.server.step() }
    #expect(client.sendRawNow(pings) == 0, "the kernel's queue is full, as nobody takes from it")
    let bound = rig.server.services.limits.replyBytesPerConnection
    #expect(rig.server.services.budget.usedBytes > bound)
    // One read more than the bound, each ping of three bytes answered.
    #expect(rig.server.services.budget.usedBytes < bound + (256 << 10) / 3 * TestWire.pong.count + 4096)
}

@Test("a stop does not wait for a handshake, whoever works on it", .endsHangs)
func stopWithinHandshake() throws {
    let (begun, gate) = (Signal(), Signal())
    let log = TransportLog()
    let server = try TestServer(
        .echo(), loops: 1,
        security: {
            TestTransport(.onPool, log: log) {
                begun.raise()
                gate.wait()
            }
        })
    let client = try TestClient(port: server.port)
    let silent = try TestClient(port: server.port)
    try client.sendRaw(TestWire.hello(1))
    begun.wait()
    let start = ContinuousClock.now
    #expect(try server.group.stop(within: .seconds(20)))
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(client.isEnded() && silent.isEnded())
    #expect(server.services.counts.total == 0)
    gate.raise()
    server.stop()
    #expect(log.worked.load(ordering: .relaxed) == 1)
    #expect(log.intrusions.load(ordering: .relaxed) == 0)
}

extension TestClient {
    /// Whether the server sent exactly `bytes` and then ended the connection.
    fileprivate func hasEnded(expecting bytes: [UInt8]) -> Bool {
        (try? receive(bytes.count)) == bytes && isEnded()
    }

    /// Has the peer told of a reset when this client goes.
    fileprivate func resetWhenClosed() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }
}
