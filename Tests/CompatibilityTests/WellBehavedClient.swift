// A client that asks for little and waits for each answer: what it feels is what others do to the broker.
import Base
import Foundation
import Protocol
import Records
import Synchronization

/// Asks small things one after the other, on threads of its own, and notes how long each took.
final class WellBehavedClient: Sendable {
    /// What the client asks in turn.
    enum Question: Sendable {
        case versions, metadata, produce
        /// Stores an offset of a group without members.
        case commit

        /// What needs no coordinator of groups.
        static let usual: [Question] = [.versions, .metadata, .produce]
    }

    /// A topic that exists.
    static let topic: Name = "well-behaved"

    private let port: Int
    private let questions: [Question]
    private let isOver = Atomic(false)
    private let running = Atomic(0)
    private let milliseconds = Lock<[Double]>([])
    private let failure = Lock<String?>(nil)

    /// A client of the broker at `port` with `connections`; the last one is made anew for every question.
    init(port: Int, asking questions: [Question] = Question.usual, connections: Int = 2) {
        self.port = port
        self.questions = questions
        for number in 0..<connections {
            running.add(1, ordering: .relaxed)
            Thread.detachNewThread { [self] in
                run(isNewEachTime: number == connections - 1)
                running.subtract(1, ordering: .releasing)
            }
        }
    }

    /// Ends the client; how many answers it got, and the time within which all but a hundredth came.
    func end() async throws -> (answers: Int, p99Milliseconds: Double) {
        isOver.store(true, ordering: .releasing)
        while running.load(ordering: .acquiring) > 0 { try await Task.sleep(for: .milliseconds(2)) }
        if let failure = failure.withLock({ $0 }) { throw CommandError.notReady(output: failure) }
        let sorted = milliseconds.withLock { $0.sorted() }
        guard !sorted.isEmpty else { return (0, .infinity) }
        return (sorted.count, sorted[min(sorted.count - 1, sorted.count * 99 / 100)])
    }

    private func run(isNewEachTime: Bool) {
        do {
            var connection = try WireConnection(port: port)
            var number = 0
            while !isOver.load(ordering: .acquiring) {
                let begun = ContinuousClock.now
                if isNewEachTime { connection = try WireConnection(port: port) }
                try Self.ask(questions[number % questions.count], on: connection)
                let took = ContinuousClock.now - begun
                milliseconds.withLock { $0.append(took / .milliseconds(1)) }
                number += 1
                usleep(1000)
            }
        } catch {
            failure.withLock { $0 = "the well-behaved client was not served: \(error)" }
        }
    }

    /// Asks one question, and looks at what its answer says.
    static func ask(_ question: Question, on connection: WireConnection) throws {
        let code = try errorCode(of: question, on: connection)
        guard code == 0 else { throw WireConnectionError.refused("\(question)", code) }
    }

    private static func errorCode(of question: Question, on connection: WireConnection) throws -> Int16? {
        switch question {
        case .versions:
            return try connection.askForVersions().prefix(2).reduce(0) { $0 << 8 | Int16($1) }
        case .metadata:
            var request = MetadataRequest()
            var wanted = MetadataRequest.MetadataRequestTopic()
            wanted.name = topic
            request.topics = [wanted]
            return try connection.ask(request, version: 8).topics.first?.errorCode
        case .produce:
            let reply = try connection.ask(ProduceRequest(topic, values: [Array("hello".utf8)]), version: 8)
            return reply.responses.first?.partitionResponses.first?.errorCode
        case .commit:
            var request = OffsetCommitRequest()
            request.groupID = "well-behaved"
            var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
            topic.name = Self.topic
            topic.partitions = [OffsetCommitRequest.OffsetCommitRequestPartition()]
            request.topics = [topic]
            return try connection.ask(request, version: 6).topics.first?.partitions.first?.errorCode
        }
    }
}

extension WireConnection {
    /// Sends a request without waiting for its reply.
    func send<Request: RequestMessage>(_ request: Request, version: Int16) throws {
        try sendRaw(try request.frame(correlationID: 1, clientID: "test", version: version).bytes)
    }

    /// Sends a request and gives its reply.
    func ask<Request: RequestMessage>(_ request: Request, version: Int16) throws -> Request.Reply {
        try send(request, version: version)
        let start = Request.key.replyHeaderVersion(version) == 0 ? 4 : 5
        return try Request.Reply(reading: Array(try receive()[start...]), version: version)
    }
}

extension ProduceRequest {
    /// One batch for partition 0, acknowledged by the leader.
    init(_ topic: Name, values: [[UInt8]]) throws {
        self.init()
        acks = 1
        timeoutMs = 30_000
        var builder = BatchBuilder()
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        for value in values { builder.append(timestamp: now, key: nil, value: value) }
        var partition = PartitionProduceData()
        partition.records = .bytes(try builder.finish())
        var data = TopicProduceData()
        data.name = topic
        data.partitionData = [partition]
        topicData = [data]
    }
}
