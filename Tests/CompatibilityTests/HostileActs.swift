// What hostile peers do, each act on a thread of its own until it is told to end.
import Base
import Foundation
import Glibc
import Protocol
import Synchronization

/// Hostile peers at work.
final class HostileActs: Sendable {
    /// What they do.
    enum Act: String, CaseIterable, Sendable {
        /// Most of a large frame, then silence; again as soon as they are thrown out.
        case holders
        /// The same with frames for which there is room beside each other.
        case middleHolders
        /// Fetches of old formats whose replies nobody takes.
        case conversions
        /// Frames that no client sends, on ever new connections.
        case broken
        /// Connections that say nothing, and some that say one byte now and then.
        case idle
        /// Metadata of many partitions that nobody takes.
        case metadata
        /// Descriptions of large groups that nobody takes.
        case descriptions
        /// Hundreds of connections at once, again and again.
        case connects
    }

    private let port: Int
    private let isOver = Atomic(false)
    private let running = Atomic(0)
    /// How often they did what they do.
    let actions = Atomic(0)

    /// Begins the act at a broker that `prepare` made ready for it.
    init(_ act: Act, port: Int) {
        self.port = port
        switch act {
        case .holders: for _ in 0..<4 { start { try $0.hold(95_000_000, sending: 88_000_000) } }
        case .middleHolders: for _ in 0..<24 { start { try $0.hold(4_000_000, sending: 3_500_000) } }
        case .conversions: start { try $0.leaveUnread(60, try Self.oldFetch(), times: 3) }
        case .broken: for _ in 0..<2 { start { try $0.breakOne() } }
        case .idle: start { try $0.idle() }
        case .metadata: start { try $0.leaveUnread(60, try Self.wideMetadata(), times: 100) }
        case .descriptions: start { try $0.leaveUnread(60, try Self.largeDescription(), times: 3) }
        case .connects: start { try $0.connectMany() }
        }
    }

    /// Ends the act and waits until all connections are gone.
    func end() async throws {
        isOver.store(true, ordering: .releasing)
        while running.load(ordering: .acquiring) > 0 { try await Task.sleep(for: .milliseconds(2)) }
    }

    private var mayGoOn: Bool { !isOver.load(ordering: .acquiring) }

    private func start(_ action: @escaping @Sendable (HostileActs) throws -> Void) {
        running.add(1, ordering: .relaxed)
        Thread.detachNewThread { [self] in
            while mayGoOn {
                // To be thrown out is what they live with.
                do { try action(self) } catch { usleep(2000) }
            }
            running.subtract(1, ordering: .releasing)
        }
    }

    private func did() { actions.add(1, ordering: .relaxed) }
}

// MARK: - Acts

extension HostileActs {
    private func hold(_ size: Int32, sending count: Int) throws {
        let connection = try WireConnection(port: port)
        var left = count
        try connection.sendRaw(withUnsafeBytes(of: size.bigEndian) { Array($0) } + [0, 0, 0, 8])
        let piece = [UInt8](repeating: 0, count: 1 << 20)
        while left > 0, mayGoOn {
            guard let sent = connection.sendNow(Array(piece[..<min(left, piece.count)])) else { break }
            left -= sent
            if sent == 0 { usleep(2000) }
        }
        if left <= 0 { did() }
        while mayGoOn, !connection.isClosedByPeer(within: 0.1) {}
    }

    private func leaveUnread(_ count: Int, _ frame: [UInt8], times: Int) throws {
        var connections: [WireConnection] = []
        while mayGoOn {
            while connections.count < count, mayGoOn {
                let connection = try WireConnection(port: port, seconds: 1, receiveBuffer: 4096)
                for _ in 0..<times { try connection.sendRaw(frame) }
                connections.append(connection)
                did()
            }
            usleep(20_000)
            connections.removeAll { $0.sendNow([]) == nil || $0.isReset }
        }
    }

    private func breakOne() throws {
        let connection = try WireConnection(port: port)
        try connection.sendRaw([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])
        _ = connection.isClosedByPeer(within: 1)
        did()
    }

    private func idle() throws {
        var connections: [WireConnection] = []
        for number in 0..<600 where mayGoOn {
            let connection = try WireConnection(port: port)
            if number % 2 == 0 { try connection.sendRaw([0, 0, 0x10, 0, 0, 3]) }
            connections.append(connection)
            did()
        }
        while mayGoOn {
            for (number, connection) in connections.enumerated() where number % 2 == 0 {
                _ = connection.sendNow([1])
            }
            usleep(20_000)
        }
    }

    private func connectMany() throws {
        // Connecting does not wait, so that all of them come at once.
        var connections: [Int32] = []
        defer { for connection in connections { close(connection) } }
        for _ in 0..<400 where mayGoOn {
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            let descriptor = socket(AF_INET, kind | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { break }
            connections.append(descriptor)
            var address = WireConnection.loopback(port)
            _ = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            did()
        }
        usleep(50_000)
    }
}

// MARK: - What they ask for

extension HostileActs {
    static let group: Name = "large"
    private static let wideTopic: Name = "wide"
    private static let oldTopic: Name = "old"

    /// Makes what an act asks for.
    static func prepare(_ act: Act, port: Int) throws {
        let connection = try WireConnection(port: port)
        var creation = CreateTopicsRequest()
        creation.timeoutMs = 30_000
        let topics: [(Name, Int32)] = [
            (WellBehavedClient.topic, 1), (wideTopic, act == .metadata ? 1000 : 1), (oldTopic, 1),
        ]
        creation.topics = topics.map { name, partitions in
            var topic = CreateTopicsRequest.CreatableTopic()
            topic.name = name
            topic.numPartitions = partitions
            topic.replicationFactor = 1
            return topic
        }
        _ = try connection.ask(creation, version: 4)
        switch act {
        case .conversions:
            let values = (0..<100).map { _ in [UInt8](repeating: 7, count: 9000) }
            for _ in 0..<40 { _ = try connection.ask(ProduceRequest(oldTopic, values: values), version: 8) }
        case .descriptions: try join(connection)
        default: break
        }
    }

    /// One member with a megabyte to say.
    private static func join(_ connection: WireConnection) throws {
        var request = JoinGroupRequest()
        request.groupID = group
        request.sessionTimeoutMs = 60_000
        request.rebalanceTimeoutMs = 60_000
        request.protocolType = "test"
        var only = JoinGroupRequest.JoinGroupRequestProtocol()
        only.name = "p"
        only.metadata = [1]
        request.protocols = [only]
        var reply = try connection.ask(request, version: 4)
        request.memberID = reply.memberID
        reply = try connection.ask(request, version: 4)
        var sync = SyncGroupRequest()
        sync.groupID = group
        sync.generationID = reply.generationID
        sync.memberID = reply.memberID
        var assignment = SyncGroupRequest.SyncGroupRequestAssignment()
        assignment.memberID = reply.memberID
        assignment.assignment = [UInt8](repeating: 9, count: 900_000)
        sync.assignments = [assignment]
        _ = try connection.ask(sync, version: 3)
    }

    private static func oldFetch() throws -> [UInt8] {
        var request = FetchRequest()
        request.maxWaitMs = 100
        request.minBytes = 1
        var partition = FetchRequest.FetchPartition()
        partition.partitionMaxBytes = 50 << 20
        var topic = FetchRequest.FetchTopic()
        topic.topic = oldTopic
        topic.partitions = [partition]
        request.topics = [topic]
        return try request.frame(correlationID: 1, clientID: "old", version: 2).bytes
    }

    private static func wideMetadata() throws -> [UInt8] {
        var request = MetadataRequest()
        var wanted = MetadataRequest.MetadataRequestTopic()
        wanted.name = wideTopic
        request.topics = [wanted]
        return try request.frame(correlationID: 1, clientID: "m", version: 8).bytes
    }

    private static func largeDescription() throws -> [UInt8] {
        var request = DescribeGroupsRequest()
        request.groups = Array(repeating: group, count: 6)
        return try request.frame(correlationID: 1, clientID: "d", version: 4).bytes
    }
}

extension WireConnection {
    /// Whether the peer has reset the connection.
    fileprivate var isReset: Bool { pendingError != 0 }
}
