// One broker of the two that are asked the same: its connection, and what it calls things.
import Base
import Protocol
import TestSupport

final class ComparedPeer {
    /// How an exchange ended.
    enum Ending: Equatable {
        case reply(JSONValue)
        /// The request wants no reply.
        case none
        case closed
        /// The reply waits for others.
        case waiting
        case unreadable(String)
    }

    let port: Int
    /// What it calls things.
    var names: ReplyNames
    private var connection: WireConnection?
    private var correlationID: Int32 = 0

    init(port: Int) {
        self.port = port
        names = ReplyNames(port: port)
    }

    // MARK: - Frames

    /// The number of the next request.
    func nextCorrelationID() -> Int32 {
        correlationID += 1
        return correlationID
    }

    /// Sends a frame without its size; behind one that may have no reply goes a question that has.
    func send(_ frame: [UInt8], followedByProbe: Bool) throws {
        let connection = try connection ?? WireConnection(port: port)
        self.connection = connection
        do {
            try connection.send(frame)
            if followedByProbe {
                try connection.send([0, 18, 0, 0] + [0x7f, 0xff, 0xff, 0xff] + [0xff, 0xff])
            }
        } catch WireConnectionError.closed {
            // The reply tells the same.
        }
    }

    /// Whether the reply, or the end of the connection, has come.
    func isReady(milliseconds: Int) -> Bool {
        connection?.waitUntilReadable(milliseconds: milliseconds) ?? true
    }

    /// The reply that is there.
    func receive(_ key: APIKey, _ version: Int16, isProbed: Bool) -> Ending {
        guard let connection else { return .closed }
        do {
            var frame = try connection.receive()
            if isProbed {
                if frame.prefix(4) == [0x7f, 0xff, 0xff, 0xff] { return .none }
                let reply = frame
                // A probe behind a reply may find the connection closed; that is told next time.
                frame = (try? connection.receive()) ?? []
                return read(reply, key, version)
            }
            return read(frame, key, version)
        } catch {
            drop()
            return .closed
        }
    }

    private func read(_ frame: [UInt8], _ key: APIKey, _ version: Int16) -> Ending {
        do {
            return .reply(try ReplayDecoding.reply(frame, key: key, version: version))
        } catch {
            drop()
            return .unreadable("\(error) in \(frame.count) bytes")
        }
    }

    /// Closes the connection, and with it what waits there.
    func drop() { connection = nil }

    /// Asks one thing and waits for its reply.
    func ask(
        _ key: APIKey, _ version: Int16, _ request: JSONValue, milliseconds: Int = 10_000
    ) throws -> JSONValue? {
        let frame = try OddFrame.plain(key, version, names.resolved(request), nextCorrelationID())
        try send(frame, followedByProbe: false)
        guard isReady(milliseconds: milliseconds),
            case .reply(let reply) = receive(key, version, isProbed: false)
        else {
            return nil
        }
        return reply
    }
}
