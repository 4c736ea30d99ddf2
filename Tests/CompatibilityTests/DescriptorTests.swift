// More partitions in use than the process may have files open, and more connections than there are
// descriptors.
import Base
import Protocol
import Records
import Testing

extension Compatibility {
    @Suite("descriptors", .enabled(if: !TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct Descriptors {
        private static let topic: Name = "many"
        private static let partitionCount: Int32 = 9999
        /// Partitions in one request.
        private static let share = 500
        private static let descriptors = 1024

        @Test("the partitions of a whole request live with 1,024 descriptors, over a crash and a stop")
        func manyPartitions() async throws {
            let limits = "ulimit -S -n \(Self.descriptors / 2) && ulimit -H -n \(Self.descriptors)"
            try await withBroker(limits: limits) { broker in
                var client = try MessageClient(port: broker.port, seconds: 300)
                try client.create(Self.topic, partitions: Self.partitionCount)
                try Self.forEachShare { try produce("first", to: $0, client) }
                try Self.forEachShare { try expect(["first"], in: $0, client) }
                try await broker.crash()
                try await broker.restart()
                client = try MessageClient(port: broker.port, seconds: 300)
                try Self.forEachShare { try produce("second", to: $0, client) }
                try Self.forEachShare { try expect(["first", "second"], in: $0, client) }
                try await crowd(client, broker.port)
                #expect(try await broker.stop() == 0)
                try await broker.restart()
                client = try MessageClient(port: broker.port, seconds: 300)
                // The crowd wrote to two of them.
                try Self.forEachShare { try expect(["first", "second"], in: $0.filter { $0 > 1 }, client) }
            }
        }

        private static func forEachShare(_ body: ([Int32]) throws -> Void) throws {
            var random = SeededGenerator(seed: 1)
            let numbers = (0..<partitionCount).shuffled(using: &random)
            for first in stride(from: 0, to: numbers.count, by: share) {
                try body(Array(numbers[first..<min(first + share, numbers.count)]))
            }
        }

        /// One record for each of these partitions in one request.
        private func produce(_ text: String, to numbers: [Int32], _ client: MessageClient) throws {
            var batches: [Int32: [UInt8]] = [:]
            for number in numbers {
                var builder = BatchBuilder()
                builder.append(
                    timestamp: Timestamp(milliseconds: 1_700_000_000_000), key: nil,
                    value: Array("\(text)-\(number)".utf8))
                batches[number] = try builder.finish()
            }
            let reply = try client.ask(ProduceRequest(Self.topic, batches: batches), 7)
            let answers = try #require(reply.responses.first).partitionResponses
            #expect(answers.count == numbers.count)
            #expect(answers.filter { $0.errorCode != 0 }.map(\.index) == [])
        }

        /// Expects these records and no others in each of these partitions.
        private func expect(_ texts: [String], in numbers: [Int32], _ client: MessageClient) throws {
            var request = FetchRequest(Self.topic, partitions: numbers, maxBytes: 4096)
            request.maxBytes = 1 << 24
            let answers = try #require(try client.ask(request, 4).responses.first).partitions
            #expect(answers.map(\.partitionIndex) == numbers)
            for answer in answers {
                guard answer.errorCode == 0, case .bytes(let bytes) = answer.records else {
                    Issue.record("fetch of \(answer.partitionIndex): error \(answer.errorCode)")
                    continue
                }
                var found: [String] = []
                var cursor = BatchCursor(bytes.span.bytes)
                while let batch = try cursor.next() {
                    try batch.verifyChecksum()
                    found += try batch.records(limitBytes: 4096).map {
                        String(decoding: $0.value ?? [], as: UTF8.self)
                    }
                }
                let expected = texts.map { "\($0)-\(answer.partitionIndex)" }
                if found != expected { Issue.record("\(answer.partitionIndex) holds \(found)") }
            }
        }

        /// More connections than there are descriptors; the first one goes on.
        private func crowd(_ client: MessageClient, _ port: Int) async throws {
            WireConnection.raiseDescriptorLimit()
            let peers = try (0..<(Self.descriptors + 100)).map { _ in
                try WireConnection(port: port, seconds: 30)
            }
            func refused() -> Int { peers.count { $0.isClosedAlready } }
            let end = ContinuousClock.now + .seconds(10)
            while refused() <= 100, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(refused() > 100 && refused() < peers.count)
            try produce("crowded", to: [0, 1], client)
            try expect(["first", "second"], in: [2], client)
        }
    }
}
