import Base
import Glibc
import Network
import TestSupport
import Testing

@Test(
    "whatever clients send, and whenever they leave, nothing is left of them", .endsHangs,
    arguments: TransportKind.runs(seeds: 12))
func storm(seed: UInt64, over transport: TransportKind) throws {
    var random = Seeded(seed)
    let clock = ManualClock()
    let source = TestSource(pattern(200_000), pieceBytes: 3000)
    let waiting = Lock<[(Connection, ReplySlot, [UInt8])]>([])
    let handler = ClosureHandler { frame, connection in
        switch frame[0] % 8 {
        case 0, 1: connection.complete(connection.reserveReply(), with: OutboundReply(sized(frame)))
        case 2, 3:
            let slot = connection.reserveReply()
            connection.hold(frame.count, for: slot)
            waiting.withLock { $0.append((connection, slot, frame)) }
        case 4: connection.mute(until: connection.loop.now + 20_000_000)
        case 5:
            connection.pauseRequests()
            let slot = connection.reserveReply()
            waiting.withLock { $0.append((connection, slot, [])) }
        case 6:
            let parts = [
                OutboundReply.Fragment.bytes(frame), .range(source, position: 7, length: 60_000),
                .bytes(frame),
            ]
            connection.complete(connection.reserveReply(), with: OutboundReply(parts))
        default: if frame.count % 50 == 0 { connection.close(.handler("odd")) }
        }
    }
    let server = try TestServer(handler, limits: tightLimits(seed), clock: clock, over: transport)
    var clients: [TestClient] = []
    for _ in 0..<1500 {
        switch Int.random(in: 0..<12, using: &random) {
        case 0 where clients.count < 12: clients.append(try server.connect())
        case 1 where Int.random(in: 0..<4, using: &random) == 0:
            if !clients.isEmpty { clients.remove(at: Int.random(in: 0..<clients.count, using: &random)) }
        case 2:
            // Bytes of nobody's protocol; mostly an impossible size.
            _ = clients.randomElement(using: &random)?.sendNow(
                pattern(Int.random(in: 1...200, using: &random)))
        case 3...6:
            let long = Int.random(in: 0..<10, using: &random) == 0
            let size = Int.random(in: 8...(long ? 200_000 : 500), using: &random)
            let body = [UInt8.random(in: 0...255, using: &random)] + pattern(size)
            _ = clients.randomElement(using: &random)?.sendNow(sized(body))
        case 7, 8: clients.randomElement(using: &random)?.discard(Int.random(in: 1...100_000, using: &random))
        case 9:
            let picked = waiting.withLock { all in
                all.isEmpty ? nil : all.remove(at: Int.random(in: 0..<all.count, using: &random))
            }
            if let picked { server.answer(picked) }
        case 10: clock.advance(by: .milliseconds(Int.random(in: 0...50, using: &random)))
        default: for loop in server.group.loops { loop.step(mayWait: false) }
        }
    }
    server.step()
    clients = []
    server.calm(waiting, clock)
    #expect(server.group.connectionCount == 0)
    #expect(server.services.counts.total == 0)
    #expect(server.services.budget.usedBytes == 0)
}

private func tightLimits(_ seed: UInt64) -> NetworkLimits {
    var limits = NetworkLimits()
    limits.socketRequestMaxBytes = 300_000
    limits.requestsInFlightPerConnection = 5
    limits.replyBytesPerConnection = 50_000
    limits.memory = MemoryShares(largeBytes: [310_000, 1 << 20, 1 << 30][Int(seed % 3)])
    limits.framesPerTurn = 3
    return limits
}

extension TestServer {
    /// Answers what waits and lets the idle timeout pass, several times: an answer lets frames that were kept
    /// be handled, which may wait for answers of their own.
    fileprivate func calm(
        _ waiting: borrowing Lock<[(Connection, ReplySlot, [UInt8])]>, _ clock: ManualClock
    ) {
        for _ in 0..<20 {
            while let picked = waiting.withLock({ $0.popLast() }) { answer(picked) }
            step()
            clock.advance(by: .seconds(700))
        }
        step()
    }

    fileprivate func answer(_ picked: (connection: Connection, slot: ReplySlot, frame: [UInt8])) {
        group.loops[0].post {
            picked.connection.assumeIsolated { connection in
                if picked.frame.isEmpty {
                    connection.cancel(picked.slot)
                    connection.resumeRequests()
                } else {
                    connection.complete(picked.slot, with: OutboundReply(sized(picked.frame)))
                }
            }
        }
    }
}

extension TestClient {
    /// Receives what is there, at most `count` bytes, and forgets it.
    fileprivate func discard(_ count: Int) {
        var area = [UInt8](repeating: 0, count: count)
        _ = recv(descriptor, &area, count, Int32(MSG_DONTWAIT))
    }
}
