// A whole broker in the test's process, with files and sockets, and a client that waits for its replies.
import Base
import Glibc
import Network
import Protocol
import Testing

@testable import Broker

/// A broker on a data directory, stopped at the end of `body`.
func withBroker<Result>(
    on path: String, rules: BrokerRules = BrokerRules(), clock: any BrokerClock = PastClock(),
    _ change: (inout BrokerSettings) -> Void = { _ in },
    _ body: (Broker, LoopbackClient) throws -> Result
) throws -> Result {
    var settings = BrokerSettings()
    settings.logDirectory = path
    settings.listeners = ["PLAINTEXT://127.0.0.1:0"]
    settings.diskReserveBytes = 0
    change(&settings)
    let broker = try Broker.start(settings, rules, logger: Logger(level: .error), clock: clock)
    let result: Result
    do {
        let bound = try #require(broker.boundAddresses.first)
        let client = try LoopbackClient(port: bound.port, isIPv6: bound.isIPv6 && !bound.isWildcard)
        result = try body(broker, client)
    } catch {
        broker.stop()
        throw error
    }
    #expect(broker.stop())
    return result
}

/// One connection on which requests follow replies.
final class LoopbackClient {
    private let descriptor: Int32
    private var lastCorrelationID: Int32 = 0

    /// Connects to 127.0.0.1, or to ::1.
    init(port: UInt16, isIPv6: Bool = false) throws {
        descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = in_port_t(port.bigEndian)
        four.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = in_port_t(port.bigEndian)
        six.sin6_addr = in6addr_loopback
        let status = isIPv6 ? connect(to: &six) : connect(to: &four)
        try #require(status == 0)
    }

    private func connect<Address>(to address: inout Address) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    deinit { close(descriptor) }

    /// Sends `request` and waits for its reply.
    func ask<Request: RequestMessage, Reply: ReplyMessage>(
        _ request: Request, version: Int16, _ reply: Reply.Type
    ) throws -> Reply {
        lastCorrelationID += 1
        let frame = try request.frame(correlationID: lastCorrelationID, clientID: "t", version: version).bytes
        var sent = 0
        while sent < frame.count {
            let count = frame.withUnsafeBytes {
                send(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            try #require(count > 0)
            sent += count
        }
        let size = try receive(4).reduce(0) { $0 << 8 | Int($1) }
        let bytes = try receive(size)
        let headerVersion = Reply.key.replyHeaderVersion(version)
        return try Reply(reading: Array(bytes[(headerVersion == 0 ? 4 : 5)...]), version: version)
    }

    private func receive(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let more = bytes.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress?.advanced(by: filled), count - filled, 0)
            }
            try #require(more > 0)
            filled += more
        }
        return bytes
    }

    /// Where a partition is at `timestamp`: -1 its end, -2 its start; -1 if nothing is there.
    func offset(
        _ topic: Name, _ partition: Int32, at timestamp: Int64, isolated: Bool = false
    ) throws -> Int64 {
        var wanted = ListOffsetsRequest.ListOffsetsPartition()
        wanted.partitionIndex = partition
        wanted.timestamp = timestamp
        var asked = ListOffsetsRequest.ListOffsetsTopic()
        asked.name = topic
        asked.partitions = [wanted]
        var request = ListOffsetsRequest()
        request.isolationLevel = isolated ? 1 : 0
        request.topics = [asked]
        let reply = try ask(request, version: 6, ListOffsetsResponse.self)
        let found = try #require(reply.topics.first?.partitions.first)
        try #require(found.errorCode == 0)
        return found.offset
    }

    /// What a fetch from `offset` brings.
    func fetch(
        _ topic: Name, _ partition: Int32, from offset: Int64, isolated: Bool = false
    ) throws -> FetchResponse.PartitionData {
        var request = FetchRequest(topic, from: offset, maxWait: 0, partition: partition)
        request.maxBytes = 1 << 20
        request.isolationLevel = isolated ? 1 : 0
        request.sessionEpoch = -1
        let reply = try ask(request, version: 11, FetchResponse.self)
        return try #require(reply.responses.first?.partitions.first)
    }

    /// Sends batches, and tells what became of them.
    func produce(_ topic: Name, _ partition: Int32, _ batch: [UInt8]) throws -> ProduceResponse.Outcome {
        let request = ProduceRequest(topic, acks: -1, [(partition, batch)])
        return try #require(try ask(request, version: 8, ProduceResponse.self).outcomes.first)
    }
}
