// A fault that is planted in a connection, or in what it keeps for its replies, is found.
import Base
import Testing

@testable import Network

@Test("wrong sums over replies are found, and bytes that were read for no reply")
func plantedSums() throws {
    var queue = OutboundQueue()
    let slots = (0..<3).map { _ in queue.reserve() }
    queue.hold(100, nil, for: slots[0])
    queue.complete(slots[1], with: OutboundReply([UInt8](repeating: 7, count: 50)))
    try queue.checkInvariants()
    queue.hold(-1000, nil, for: slots[2])
    #expect(throws: InvariantViolation.self) { try queue.checkInvariants() }
    var empty = OutboundQueue()
    try empty.checkInvariants()
    empty.prefetch([1, 2, 3])
    #expect(throws: InvariantViolation.self) { try empty.checkInvariants() }
}

/// What is changed in a connection where nobody may change it.
private enum PlantedFault: CaseIterable { case pauses, mute, bytes, timerOfClosed }

@Test("a fault that is planted in a connection is found", arguments: PlantedFault.allCases)
private func plantedInConnection(_ fault: PlantedFault) throws {
    let connections = Lock<[Connection]>([])
    let found = Lock<[InvariantViolation?]>([])
    let handler = ClosureHandler(onOpen: { connection in connections.withLock { $0.append(connection) } }) {
        _, connection in connection.close(.handler("done"))
    }
    let server = try TestServer(handler, clock: ManualClock())
    let client = try TestClient(port: server.port)
    server.step()
    let connection = try #require(connections.withLock { $0.first })
    server.group.loops[0].post {
        connection.assumeIsolated { connection in
            note(connection, in: found)
            switch fault {
            case .pauses: connection.pauseDepth = -1
            case .mute: connection.mutedUntil = 5
            case .bytes: connection.unfinishedBytes = -1
            case .timerOfClosed: connection.phase = .closed(.handler("planted"))
            }
            note(connection, in: found)
            (connection.pauseDepth, connection.mutedUntil, connection.unfinishedBytes) = (0, 0, 0)
            connection.phase = .open
        }
    }
    server.step()
    #expect(found.withLock { $0.map { $0 == nil } } == [true, false])
    withExtendedLifetime(client) {}
}

/// Notes what is wrong with a connection, if anything is.
private func note(_ connection: isolated Connection, in found: borrowing Lock<[InvariantViolation?]>) {
    do throws(InvariantViolation) {
        try connection.checkInvariants()
        found.withLock { $0.append(nil) }
    } catch { found.withLock { $0.append(error) } }
}
