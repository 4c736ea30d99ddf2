// Peers that hold memory, beside peers that want a little of it.
import Base
import Glibc
import TestSupport
import Testing

@testable import Network

private func limits(largeBytes: Int = 1 << 20) -> NetworkLimits {
    var limits = NetworkLimits()
    limits.memory = MemoryShares(largeBytes: largeBytes)
    return limits
}

@Test("small requests are answered while large ones hold all memory and others wait for it")
func smallRequestsNeverWait() throws {
    let server = try TestServer(.echo(), limits: limits(), clock: ManualClock())
    let frame = sized(pattern(900_000))
    let holders = try (0..<4).map { _ in try TestClient(port: server.port) }
    for piece in 0..<8 {
        for holder in holders {
            _ = holder.sendNow(Array(frame[(piece * 100_000)..<((piece + 1) * 100_000)]))
        }
        server.step()
    }
    #expect(server.services.budget.isUnderPressure)
    let wellBehaved = try TestClient(port: server.port)
    for seed in 0..<20 {
        let request = pattern([100, 5000, 60_000][seed % 3], seed: seed)
        try wellBehaved.send(sized(request))
        server.step()
        #expect(try wellBehaved.receiveFrame(stepping: server) == request)
    }
    #expect(server.reasons.isEmpty)
}

@Test(
    "frames that do not fit into memory together are finished one after the other", .endsHangs,
    arguments: TransportKind.allCases)
func unfinishedFramesTakeTurns(over transport: TransportKind) throws {
    let server = try TestServer(.echo(), limits: limits(), clock: ManualClock(), over: transport)
    let clients = try (0..<6).map { _ in try server.connect() }
    let frame = sized(pattern(500_000))
    var sent = clients.map { _ in 0 }
    var answered: Set<Int> = []
    server.step()
    for _ in 0..<2000 where answered.count < clients.count {
        for (index, client) in clients.enumerated() where !answered.contains(index) {
            sent[index] += client.sendNow(Array(frame[sent[index]..<min(frame.count, sent[index] + 50_000)]))
            for loop in server.group.loops { loop.step(mayWait: false) }
            guard client.hasBytes() else { continue }
            #expect(try client.receiveFrame(stepping: server) == pattern(500_000))
            answered.insert(index)
        }
    }
    #expect(answered.count == clients.count)
    server.step()
    #expect(server.services.budget.usedBytes == 0)
}

@Test(
    "a peer that holds memory which others wait for and does not go on is closed within a second",
    arguments: [false, true])
func stalledPeers(isReader: Bool) throws {
    let clock = ManualClock()
    let server = try TestServer(
        .echo(), limits: limits(largeBytes: isReader ? 8 << 20 : 4 << 20), clock: clock)
    let stalled = try TestClient(port: server.port, receiveBuffer: isReader ? 4096 : 0)
    let frame = sized(pattern(3_500_000))
    for _ in 0..<200 {
        // One sends requests and takes no reply, the other stops in the middle of a frame.
        _ = stalled.sendNow(isReader ? frame : Array(frame[..<20_000]))
        server.step()
        if !isReader, server.services.budget.usedBytes >= 3_400_000 { break }
    }
    #expect(server.services.budget.usedBytes >= 3_400_000)
    clock.advance(by: .seconds(60))
    server.step()
    #expect(server.reasons.isEmpty, "nobody waits for what it holds")
    guard !isReader else {
        let other = MemoryHolder(try #require(SocketAddress.Host("10.0.0.1")))
        let isGranted = Lock(false)
        server.services.budget.whenLeased(3_500_000, as: .reply, for: other) { lease in
            isGranted.withLock { $0 = lease != nil }
        }
        server.step()
        #expect(server.reasons == [.stalled])
        #expect(isGranted.withLock { $0 })
        return
    }
    let other = try TestClient(port: server.port)
    var sent = 0
    for _ in 0..<10 {
        sent += other.sendNow(Array(frame[sent..<min(sent + 400_000, frame.count)]))
        server.step()
    }
    #expect(server.reasons == [.stalled])
    while sent < frame.count {
        sent += other.sendNow(Array(frame[sent...]))
        server.step()
    }
    server.step()
    #expect(try other.receiveFrame(stepping: server) == pattern(3_500_000))
}

@Test(
    "a peer that goes on slowly is not closed as long as it goes on", arguments: TransportKind.allCases)
func slowPeerGoesOn(over transport: TransportKind) throws {
    let clock = ManualClock()
    let server = try TestServer(.echo(), limits: limits(), clock: clock, over: transport)
    let slow = try server.connect()
    let frame = sized(pattern(900_000))
    var sent = slow.sendNow(Array(frame[..<100_000]))
    server.step()
    let other = try server.connect()
    _ = other.sendNow(Array(frame[..<300_000]))
    server.step()
    while sent < frame.count {
        clock.advance(by: .milliseconds(500))
        sent += slow.sendNow(Array(frame[sent..<min(sent + 70_000, frame.count)]))
        server.step()
    }
    server.step()
    #expect(try slow.receiveFrame(stepping: server) == pattern(900_000))
}

@Test("beginnings of small frames and small replies that nobody takes stay within twice their share")
func hoardsOfSmallPieces() throws {
    let clock = ManualClock()
    let server = try TestServer(.echo(), limits: limits(largeBytes: 4 << 20), clock: clock)
    let shares = server.services.limits.memory
    let wellBehaved = try TestClient(port: server.port)
    var hoarders: [TestClient] = []
    for number in 0..<60 {
        let hoarder = try TestClient(port: server.port, receiveBuffer: number % 2 == 0 ? 4096 : 0)
        hoarders.append(hoarder)
        for _ in 0..<20 {
            // Odd ones begin a frame that they never finish, even ones take no reply.
            _ = hoarder.sendNow(
                number % 2 == 1 ? Array(sized(pattern(60_000))[..<55_000]) : sized(pattern(50_000)))
            server.step()
            if number % 2 == 1 { break }
        }
        #expect(server.services.budget.smallBytes <= 2 * shares.smallBytes + (512 << 10))
        try wellBehaved.send(sized(pattern(3000, seed: number)))
        server.step()
        #expect(try wellBehaved.receiveFrame(stepping: server) == pattern(3000, seed: number))
    }
    #expect(server.reasons.contains(.stalled))
    clock.advance(by: .seconds(1))
    server.step()
    #expect(server.services.budget.smallBytes <= shares.smallBytes)
}

@Test("a wish for memory goes with its connection")
func wishesEndWithConnections() throws {
    let server = try TestServer(.echo(), limits: limits(), clock: ManualClock())
    let frame = sized(pattern(900_000))
    var clients = try (0..<5).map { _ in try TestClient(port: server.port) }
    for client in clients { _ = client.sendNow(Array(frame[..<100_000])) }
    server.step()
    #expect(server.services.budget.isUnderPressure)
    clients = []
    server.step()
    _ = server.eventually { server.services.budget.usedBytes == 0 }
    #expect(server.services.budget.usedBytes == 0)
    #expect(!server.services.budget.isUnderPressure)
}

@Test("a frame for which there will never be memory closes its connection, and the log says why")
func frameBeyondMemory() throws {
    let server = try TestServer(.echo(), limits: limits(), clock: ManualClock())
    let client = try TestClient(port: server.port)
    try client.send([0, 0x20, 0, 0, 1, 2, 3, 4])
    server.step()
    #expect(server.reasons == [.frameTooLargeForMemory(0x20_0000, limit: (1 << 20) - 4)])
    #expect(server.log.lines.withLock { $0 }.contains { $0.contains("does not fit into memory") })
}

@Test("a stop does not wait long for peers that take no replies", arguments: TransportKind.allCases)
func stopWithUnreadReplies(over transport: TransportKind) throws {
    let server = try TestServer(.echo(), loops: 1, over: transport)
    let clients = try (0..<5).map { _ in try server.connect(receiveBuffer: 4096) }
    for client in clients { for _ in 0..<20 { _ = client.sendNow(sized(pattern(300_000))) } }
    _ = server.eventually { server.services.budget.usedBytes > 1_000_000 }
    let begun = ContinuousClock.now
    let isClean = try server.group.stop(within: .seconds(5))
    #expect(isClean)
    #expect(ContinuousClock.now - begun < .seconds(3))
}

@Test("replies beyond the bound that their peers do not take go with these peers, though nobody waits")
func unreadReplies() throws {
    let clock = ManualClock()
    let handler = ClosureHandler { _, connection in
        connection.complete(connection.reserveReply(), with: OutboundReply(sized(pattern(6_000_000))))
    }
    let server = try TestServer(handler, limits: limits(largeBytes: 16 << 20), clock: clock)
    let budget = server.services.budget
    let clients = try (0..<6).map { _ in try TestClient(port: server.port, receiveBuffer: 4096) }
    for client in clients { _ = client.sendNow(sized(pattern(64))) }
    server.step()
    #expect(budget.usedBytes == 6 * 6_000_004)
    #expect(server.reasons.isEmpty)
    for _ in 0..<5 {
        clock.advance(by: .milliseconds(300))
        server.step()
    }
    #expect(server.reasons == [.stalled, .stalled, .stalled, .stalled, .stalled])
    #expect(budget.usedBytes <= budget.shares.largestReplyBytes)
    #expect(!budget.isUnderPressure)
    withExtendedLifetime(clients) {}
}

/// What a request waits for that never comes.
private final class Awaited: AwaitedReply {
    private let abandoned = Lock(false)
    var isAbandoned: Bool { abandoned.withLock { $0 } }
    func abandon() { abandoned.withLock { $0 = true } }
}

@Test(
    "a peer that leaves while its request waits is noticed, once what it had sent before is served",
    arguments: [false, true], TransportKind.allCases)
func departureWhileWaiting(isFollowed: Bool, over transport: TransportKind) throws {
    let awaited = Awaited()
    let paused = Lock<Connection?>(nil)
    let handler = ClosureHandler { frame, connection in
        guard frame == pattern(100) else { return }
        paused.withLock { [connection = connection as Connection] in $0 = connection }
        connection.pauseRequests()
        connection.expect(awaited, for: connection.reserveReply())
    }
    let server = try TestServer(handler, limits: limits(), clock: ManualClock(), over: transport)
    var client: TestClient? = try server.connect()
    try client?.send(sized(pattern(100)))
    server.step()
    if isFollowed { try client?.send(sized(pattern(200))) }
    client = nil
    server.step()
    #expect(server.handler.frameCount == 1)
    #expect(awaited.isAbandoned == !isFollowed)
    if isFollowed {
        let connection = try #require(paused.withLock { $0 })
        server.group.loops[0].post { connection.assumeIsolated { $0.resumeRequests() } }
        server.step()
        #expect(server.handler.frameCount == 2)
    }
    #expect(server.reasons == [.peerClosed])
    #expect(awaited.isAbandoned)
}
