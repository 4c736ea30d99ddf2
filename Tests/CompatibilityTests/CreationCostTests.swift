// What many new topics and partitions cost, and what a well-behaved client beside them feels of it. `make
// test-long` takes as many as an unlucky day would; `Benchmarks/creation.py` measures.
import Base
import Foundation
import Protocol
import Records
import Synchronization
import Testing

/// Produces a small record with acks=all again and again, and takes down how long each took.
private final class WellBehavedProducer: Sendable {
    private let latencies = Lock<[Double]>([])
    private let isOver = Atomic(false)
    private let hasEnded = Signal()

    init(port: Int, topic: Name) throws {
        let client = try MessageClient(port: port, seconds: 60)
        nonisolated(unsafe) let mine = client
        startDetachedThread { [self] in
            while !isOver.load(ordering: .acquiring) {
                let begun = ContinuousClock.now
                guard (try? CreationCost.write(mine, topic, 0..<1)) != nil else { break }
                let took = (ContinuousClock.now - begun) / .milliseconds(1)
                latencies.withLock { $0.append(took) }
                usleep(2000)
            }
            hasEnded.raise()
        }
    }

    /// The median and the 99th percentile of what was measured since the last call, in milliseconds.
    func take() -> (median: Double, p99: Double) {
        let found = latencies.withLock { latencies in
            defer { latencies = [] }
            return latencies.sorted()
        }
        guard !found.isEmpty else { return (.infinity, .infinity) }
        return (found[found.count / 2], found[found.count * 99 / 100])
    }

    func stop() {
        isOver.store(true, ordering: .releasing)
        hasEnded.wait()
    }
}

private enum CreationCost {
    static let partitions = TestEnvironment.isLong ? 9_000 : 600
    /// The most that a well-behaved client's 99th percentile may be, in milliseconds, on a machine that is
    /// not busy otherwise, and in terms of what it was before.
    static func limit(_ quiet: (median: Double, p99: Double)) -> Double {
        max(100, 20 * quiet.median, 3 * quiet.p99)
    }

    static func create(
        _ client: MessageClient, _ topics: [(name: Name, partitions: Int)]
    ) throws -> [Int16] {
        var request = CreateTopicsRequest()
        request.timeoutMs = 60_000
        request.topics = topics.map { name, partitions in
            var topic = CreateTopicsRequest.CreatableTopic()
            topic.name = name
            topic.numPartitions = Int32(partitions)
            topic.replicationFactor = 1
            return topic
        }
        return try client.ask(request, 5).topics.map(\.errorCode)
    }

    /// Writes one record to each of these partitions, durably.
    static func write(_ client: MessageClient, _ topic: Name, _ partitions: Range<Int>) throws {
        var builder = BatchBuilder(BatchOptions())
        builder.append(
            timestamp: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)), key: nil,
            value: [UInt8](repeating: 0x78, count: 100))
        let records = try builder.finish()
        var data = ProduceRequest.TopicProduceData()
        data.name = topic
        data.partitionData = partitions.map { index in
            var part = ProduceRequest.PartitionProduceData()
            part.index = Int32(index)
            part.records = .bytes(records)
            return part
        }
        var request = ProduceRequest()
        request.acks = -1
        request.timeoutMs = 60_000
        request.topicData = [data]
        let reply = try client.ask(request, 7)
        try #require(reply.responses.flatMap(\.partitionResponses).allSatisfy { $0.errorCode == 0 })
    }
}

extension Compatibility {
    @Suite("what creation costs")
    struct CreationCosts {
        @Test("ten million partitions are refused at once, in no memory, and nobody feels it")
        func hugeRequest() async throws {
            try await withBroker { broker in
                let client = try MessageClient(port: broker.port, seconds: 60)
                #expect(try CreationCost.create(client, [("well-behaved", 1)]) == [0])
                let wellBehaved = try WellBehavedProducer(port: broker.port, topic: "well-behaved")
                defer { wellBehaved.stop() }
                try await Task.sleep(for: .seconds(1))
                let quiet = wellBehaved.take()
                let idleKiB = try #require(broker.memoryKiB("VmRSS"))
                let topics = (0..<100).map { (name: Name("huge\($0)"), partitions: 100_000) }
                let end = ContinuousClock.now + .seconds(1)
                while ContinuousClock.now < end {
                    let codes = try CreationCost.create(client, topics)
                    try #require(codes == Array(repeating: ErrorCode.policyViolation.rawValue, count: 100))
                }
                #expect(wellBehaved.take().p99 < CreationCost.limit(quiet))
                let peakKiB = try #require(broker.memoryKiB("VmHWM"))
                #expect(TestEnvironment.isKafka || peakKiB - idleKiB < 64 << 10)
            }
        }

        @Test("first writes to new partitions hold up nobody, and a stop behind them is clean")
        func firstWrites() async throws {
            try await withBroker { broker in
                let client = try MessageClient(port: broker.port, seconds: 60)
                let count = CreationCost.partitions
                #expect(try CreationCost.create(client, [("well-behaved", 1)]) == [0])
                let wellBehaved = try WellBehavedProducer(port: broker.port, topic: "well-behaved")
                try await Task.sleep(for: .seconds(1))
                let quiet = wellBehaved.take()
                #expect(try CreationCost.create(client, [("many", count)]) == [0])
                let beside = wellBehaved.take()
                for first in stride(from: 0, to: count, by: 300) {
                    try CreationCost.write(client, "many", first..<min(count, first + 300))
                }
                let during = wellBehaved.take()
                wellBehaved.stop()
                #expect(beside.p99 < CreationCost.limit(quiet))
                #expect(during.p99 < CreationCost.limit(quiet))
                #expect(try await broker.stop() == 0)
                let marker = broker.directory + "/.kafka_cleanshutdown"
                #expect(TestEnvironment.isKafka || FileManager.default.fileExists(atPath: marker))
            }
        }
    }
}
