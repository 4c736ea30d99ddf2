// A captured session in memory: what each line of a file under fixtures/captures says (see the README there).
import Base
import Protocol
import TestSupport

/// One recorded request or reply.
struct CapturedFrame: Sendable {
    /// The line in the file, from 1.
    let line: Int
    let connection: Int
    let bytes: [UInt8]
    /// Raw API key and version; a reply carries those of the request that it answers.
    let key: Int16
    let version: Int16

    var api: APIKey? { APIKey(rawValue: key) }
}

/// One thing that happened in a session.
enum CapturedEvent: Sendable {
    case request(CapturedFrame)
    case reply(CapturedFrame)
    case closed(connection: Int, byBroker: Bool, line: Int)

    var connection: Int {
        switch self {
        case .request(let frame), .reply(let frame): frame.connection
        case .closed(let connection, _, _): connection
        }
    }
}

/// A captured session.
struct Capture: Sendable {
    let name: String
    /// Kafka's broker properties beyond the defaults, `key=value`.
    let configuration: [String]
    let usesSASL: Bool
    let events: [CapturedEvent]
    /// For the index of each request that was answered, the index of its reply.
    let replyOfRequest: [Int: Int]

    init(
        name: String, configuration: [String], usesSASL: Bool, events: [CapturedEvent],
        replyOfRequest: [Int: Int]
    ) {
        self.name = name
        self.configuration = configuration
        self.usesSASL = usesSASL
        self.events = events
        self.replyOfRequest = replyOfRequest
    }

    init(name: String, text: [UInt8]) throws {
        let lines = try text.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
        let meta = lines[0]["meta"] ?? .null
        self.name = name
        configuration = meta["broker_config"].map { $0.elements.compactMap(\.text) } ?? []
        usesSASL = meta["sasl"] != nil
        let own = Set((meta["broker_own_conns"]?.elements ?? []).compactMap(\.integer))
        events = lines.enumerated().dropFirst().compactMap { index, line in
            guard let connection = line["conn"]?.integer, !own.contains(connection), line["raw"] == nil else {
                return nil
            }
            return Capture.event(line, connection: Int(connection), number: index + 1)
        }
        replyOfRequest = Capture.pairs(events)
    }

    private static func event(_ line: JSONValue, connection: Int, number: Int) -> CapturedEvent {
        if line["dir"]?.text == "close" {
            return .closed(connection: connection, byBroker: line["by"]?.text == "broker", line: number)
        }
        let frame = CapturedFrame(
            line: number, connection: connection, bytes: [UInt8](hex: line["hex"]?.text ?? "") ?? [],
            key: Int16(line["key"]?.integer ?? -1), version: Int16(line["ver"]?.integer ?? -1))
        return line["dir"]?.text == "req" ? .request(frame) : .reply(frame)
    }

    /// Replies leave in the order of their requests, but acks=0 has none, so the correlation id decides.
    private static func pairs(_ events: [CapturedEvent]) -> [Int: Int] {
        var open: [Int: [Int]] = [:]
        var pairs: [Int: Int] = [:]
        for (index, event) in events.enumerated() {
            switch event {
            case .request(let frame): open[frame.connection, default: []].append(index)
            case .reply(let reply):
                let waiting = open[reply.connection] ?? []
                let found = waiting.first { request in
                    guard case .request(let frame) = events[request], frame.bytes.count >= 8 else {
                        return false
                    }
                    return frame.bytes[4..<8] == reply.bytes[0..<4]
                }
                guard let found else { continue }
                pairs[found] = index
                open[reply.connection] = waiting.filter { $0 > found }
            case .closed: break
            }
        }
        return pairs
    }
}
