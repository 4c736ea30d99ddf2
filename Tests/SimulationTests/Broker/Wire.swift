// A client's connection: requests go out as messages, and replies come back as messages, in order.
import Base
import Glibc
import Protocol

/// One end of a connection to the broker.
final class Wire {
    private struct Waiting {
        let correlationID: Int32
        let name: String
        let sent: Int64
        let handle: ([UInt8]) throws -> Void
    }

    private let descriptor: Int32
    private var waiting: [Waiting] = []
    private var received: [UInt8] = []
    private var unsent: [UInt8] = []
    private var lastCorrelationID: Int32 = 0
    private var hasEnded = false
    private var isGivenUp = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    /// How many requests are not answered.
    var inFlight: Int { waiting.count }
    /// The oldest request that is not answered, and when it was sent.
    var oldest: (name: String, sent: Int64)? { waiting.first.map { ($0.name, $0.sent) } }
    /// Whether the broker has closed it, and everything was read.
    var isEnded: Bool { hasEnded }

    /// Sends a request, whose reply is given to `handle`.
    func send<Request: RequestMessage>(
        _ request: Request, _ version: Int16, at now: Int64,
        _ handle: @escaping (Request.Reply) throws -> Void
    ) throws {
        let key = Request.key
        let id = try put(request, version)
        waiting.append(
            Waiting(correlationID: id, name: key.name, sent: now) { body in
                let start = key.replyHeaderVersion(version) == 0 ? 4 : 5
                try handle(try Request.Reply(reading: Array(body[start...]), version: version))
            })
    }

    /// Sends a request that is not answered, or only a part of one.
    @discardableResult
    func put<Request: RequestMessage>(
        _ request: Request, _ version: Int16, part: Int? = nil
    ) throws -> Int32 {
        lastCorrelationID += 1
        let frame = try request.frame(
            correlationID: lastCorrelationID, clientID: "simulated", version: version
        ).bytes
        unsent += part.map { Array(frame.prefix($0)) } ?? frame
        flush()
        return lastCorrelationID
    }

    private func flush() {
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                if errno != EAGAIN { hasEnded = true }
                return
            }
            unsent.removeFirst(count)
        }
    }

    /// Hears nothing more.
    func giveUp() { isGivenUp = true }

    /// Reads what has come; how many replies there were.
    func receive() throws -> Int {
        flush()
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &part, part.count, 0)
            guard count > 0 else {
                if count == 0 || errno != EAGAIN { hasEnded = true }
                break
            }
            received += part[..<count]
        }
        var replies = 0
        while received.count >= 4, !isGivenUp {
            let size = received[..<4].reduce(0) { $0 << 8 | Int($1) }
            guard received.count >= 4 + size else { break }
            let body = Array(received[4..<(4 + size)])
            received.removeFirst(4 + size)
            let id = body[..<4].reduce(Int32(0)) { $0 << 8 | Int32($1) }
            guard !waiting.isEmpty, waiting[0].correlationID == id else {
                throw Violation(description: "a reply to request \(id) came out of order")
            }
            let first = waiting.removeFirst()
            try first.handle(body)
            replies += 1
        }
        return replies
    }
}
