// What all clients of the simulator have in common: they connect, wait, lose patience, vanish and come again.
import Base
import Protocol
import Simulation

/// A client that does one thing at a time, when the history lets it.
class SimulatedClient {
    let name: String
    unowned let history: BrokerHistory
    private(set) var wire: Wire?
    /// How long a reply may take before the client tries again on another connection.
    private static let patience: Int64 = 30_000_000_000

    init(_ name: String, _ history: BrokerHistory) {
        self.name = name
        self.history = history
    }

    /// Whether nothing is left that it began.
    var isQuiet: Bool { true }

    /// Does something on a connection; false if there is nothing to do.
    func proceed(_ wire: Wire) throws -> Bool { false }

    /// The connection is gone: what was under way may have happened or not.
    func lostConnection() {}

    /// The broker has crashed, or was stopped.
    func brokerEnded() {}

    /// Does the next thing; false if there is nothing to do.
    final func act() throws -> Bool {
        guard let wire else {
            guard history.broker.isUp, !history.isSettling || !isQuiet else { return false }
            self.wire = Wire(try history.broker.connect())
            history.tell("\(name) connects")
            return true
        }
        let replies = try wire.receive()
        if replies > 0 {
            history.tell("\(name) has \(replies) replies")
            return true
        }
        if wire.isEnded {
            history.tell("\(name) was disconnected")
            disconnect()
            return true
        }
        if let oldest = wire.oldest, history.now - oldest.sent > Self.patience {
            guard !history.isSettling else {
                throw Violation(description: "\(name): \(oldest.name) is never answered")
            }
            history.tell("\(name) gives up \(oldest.name)")
            disconnect()
            return true
        }
        if !history.isSettling, history.random.chance(1) {
            history.tell("\(name) vanishes")
            disconnect()
            return true
        }
        return try proceed(wire)
    }

    /// Ends the connection from this side.
    final func disconnect() {
        guard let wire else { return }
        wire.giveUp()
        self.wire = nil
        lostConnection()
    }

    /// The broker is gone, and its end of the connection.
    final func brokerIsGone() {
        disconnect()
        brokerEnded()
    }

    /// Sends a request; now and then only a part of it, before the client vanishes.
    final func send<Request: RequestMessage>(
        _ request: Request, _ version: Int16, _ handle: @escaping (Request.Reply) throws -> Void
    ) throws {
        guard let wire else { return }
        if !history.isSettling, history.random.chance(1) {
            history.tell("\(name) vanishes in the middle of \(Request.key.name)")
            try wire.put(request, version, part: Int.random(in: 0..<40, using: &history.random))
            return disconnect()
        }
        history.tell("\(name) sends \(Request.key.name)")
        try wire.send(request, version, at: history.now) { [unowned history] reply in
            try handle(history.bug?.altered(reply, in: history) ?? reply)
        }
    }

    func violated(_ reason: String) -> Violation { Violation(description: "\(name): \(reason)") }
}

extension ErrorCode {
    /// What the number in a reply means.
    init(of number: Int16) { self = ErrorCode(rawValue: number) ?? .unknownServerError }
}
