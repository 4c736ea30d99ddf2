// A client that sends requests as messages and gets replies as messages.
import Base
import Protocol

/// A broker that is asked with messages, one after the other.
final class MessageClient {
    private let connection: WireConnection
    private var correlationID: Int32 = 0

    /// Connects; every later wait ends after `seconds`.
    init(port: Int, seconds: Int = 20) throws {
        connection = try WireConnection(port: port, seconds: seconds)
    }

    func ask<Request: RequestMessage>(_ request: Request, _ version: Int16) throws -> Request.Reply {
        correlationID += 1
        let frame = try request.frame(correlationID: correlationID, clientID: "test", version: version).bytes
        try connection.sendRaw(Array(frame))
        let reply = try connection.receive()
        let headerBytes = Request.key.replyHeaderVersion(version) == 0 ? 4 : 5
        return try Request.Reply(reading: Array(reply[headerBytes...]), version: version)
    }
}
