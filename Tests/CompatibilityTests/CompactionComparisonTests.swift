// Compaction beside Apache Kafka's: both get the same batches, byte for byte, and have to come to the same
// log.
import Base
import Compression
import Foundation
import Glibc
import Protocol
import Records
import Testing

extension MessageClient {
    /// Appends a batch; the error and the base offset.
    fileprivate func produce(_ topic: Name, _ batch: [UInt8]) throws -> (error: Int16, offset: Int64) {
        let answer = try ask(ProduceRequest(topic, batches: [0: batch]), 8).responses[0].partitionResponses[0]
        return (answer.errorCode, answer.baseOffset)
    }

    /// Every batch from offset 0 on.
    fileprivate func batches(_ topic: Name) throws -> [SeenBatch] {
        var seen: [SeenBatch] = []
        var offset: Int64 = 0
        while true {
            var part = FetchRequest.FetchPartition()
            part.fetchOffset = offset
            part.partitionMaxBytes = 1 << 20
            var asked = FetchRequest.FetchTopic()
            asked.topic = topic
            asked.partitions = [part]
            var request = FetchRequest()
            request.maxBytes = 1 << 20
            request.topics = [asked]
            let partition = try ask(request, 4).responses[0].partitions[0]
            #expect(partition.errorCode == 0)
            guard case .bytes(let bytes) = partition.records, !bytes.isEmpty else { return seen }
            let before = offset
            var cursor = BatchCursor(bytes.span.bytes)
            while let batch = try? cursor.next() {
                try batch.verifyChecksum()
                seen.append(try SeenBatch(batch))
                offset = batch.header.nextOffset.value
            }
            if offset == before { return seen }
        }
    }
}

/// What two brokers have to agree on: not when each compacted, nor how well it compressed.
private struct SeenBatch: Equatable {
    var first: Int64
    var last: Int64
    var codec: CompressionCodec?
    var producer: [Int64]
    var time: Int64
    var records: [Record]

    init(_ batch: borrowing RecordBatch) throws(RecordError) {
        let header = batch.header
        first = header.baseOffset.value
        last = header.lastOffset.value
        codec = header.attributes.codec
        producer = [header.producerID.value, Int64(header.producerEpoch), Int64(header.baseSequence)]
        time = header.maxTimestamp.milliseconds
        records = try batch.records(limitBytes: 1 << 24)
    }
}

/// The same input for both brokers.
private struct Input {
    private var random = SystemRandomNumberGenerator()
    private var sequences: [Int64: Int32] = [:]
    private var bumps = 0
    private let begun = Int64(Date().timeIntervalSince1970 * 1000)

    mutating func batch(_ number: Int) throws -> [UInt8] {
        var options = BatchOptions()
        options.codec = CompressionCodec.allCases[number % CompressionCodec.allCases.count]
        let count = Int.random(in: 1...6, using: &random)
        if number % 3 == 0 {
            let producer = Int64(7000 + number % 4)
            options.producerID = ProducerID(producer)
            options.producerEpoch = 0
            options.baseSequence = sequences[producer, default: 0]
            sequences[producer, default: 0] += Int32(count)
        }
        var builder = BatchBuilder(options)
        for index in 0..<count {
            let value = Int.random(in: 0..<6, using: &random) == 0 ? nil : "\(number).\(index)"
            builder.append(
                timestamp: Timestamp(milliseconds: begun + Int64(number)),
                key: Array("key-\(Int.random(in: 0..<60, using: &random))".utf8),
                value: value.map { Array(($0 + String(repeating: "v", count: 60)).utf8) })
        }
        return try builder.finish()
    }

    /// A batch that fills a good part of a segment with a key of its own.
    mutating func bump() throws -> [UInt8] {
        bumps += 1
        var builder = BatchBuilder(BatchOptions())
        builder.append(
            timestamp: Timestamp(milliseconds: begun), key: Array("bump-\(bumps)".utf8),
            value: [UInt8](repeating: 0x62, count: 6000))
        return try builder.finish()
    }
}

extension Compatibility {
    @Suite("compaction beside Kafka's", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct CompactionComparison {
        private static let settings = [("log.cleaner.backoff.ms", "100")]
        private static let configs: [Name: String] = [
            "cleanup.policy": "compact", "internal.segment.bytes": "16384", "delete.retention.ms": "1",
            "min.cleanable.dirty.ratio": "0.01", "file.delete.delay.ms": "100",
        ]

        // Whether a batch is empty at the end depends on when the passes came; that it is kept then is a
        // matter of CompactionTests.
        @Test(
            "the same batches lead to the same log: records, gaps, batches without records, sequences, codecs"
        )
        func sameLog() async throws {
            try await withBroker(Self.settings) { broker in
                try await withKafka(Self.settings) { port in
                    let clients = try [MessageClient(port: broker.port), MessageClient(port: port)]
                    for client in clients { try client.create("c", Self.configs) }
                    try await Task.sleep(for: .milliseconds(500))
                    var input = Input()
                    for number in 0..<600 { try send(try input.batch(number), to: clients) }
                    // Each round sees what the one before left, so that tombstones have gone from both.
                    for _ in 0..<6 {
                        for _ in 0..<5 { try send(try input.bump(), to: clients) }
                        try await Task.sleep(for: .milliseconds(1500))
                    }
                    let end = ContinuousClock.now + .seconds(30)
                    var logs: [[SeenBatch]] = []
                    repeat {
                        try await Task.sleep(for: .milliseconds(500))
                        logs = try clients.map { try $0.batches("c") }
                    } while logs[0] != logs[1] && ContinuousClock.now < end
                    #expect(logs[0].count > 30 && logs[0].count < 200)
                    for (ours, theirs) in zip(logs[0], logs[1]) where ours != theirs {
                        Issue.record("ours: \(ours)\ntheirs: \(theirs)")
                        break
                    }
                    #expect(logs[0].count == logs[1].count)
                }
            }
        }

        private func send(_ batch: [UInt8], to clients: [MessageClient]) throws {
            let answers = try clients.map { try $0.produce("c", batch) }
            #expect(answers.allSatisfy { $0 == answers[0] && $0.error == 0 }, "\(answers)")
        }
    }
}

/// Runs `body` with Apache Kafka on the port that it is given.
private func withKafka(_ settings: [(String, String)], _ body: (Int) async throws -> Void) async throws {
    let scratch = Scratch()
    let port = try FreePort.next()
    let script = try #require(TestEnvironment.oracle) + "/kafka.sh"
    let words = [script, "exec", scratch.path + "/kafka", "\(port)"] + settings.map { "\($0)=\($1)" }
    let command = try RunningCommand(words, outputPath: scratch.path + "/kafka.log")
    defer { command.signal(SIGKILL) }
    let end = ContinuousClock.now + .seconds(90)
    while ContinuousClock.now < end, command.isRunning {
        if let socket = try? WireConnection(port: port, seconds: 5), (try? socket.askForVersions()) != nil {
            return try await body(port)
        }
        try await Task.sleep(for: .milliseconds(200))
    }
    throw CommandError.notReady(output: command.output)
}
