// Every case of the corpus goes to a broker as a request, and is read back: the same code as Kafka's but for
// the table of differences, and the same records.
import Base
import Compression
import Protocol
import Records
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

struct JudgedBatchTests {
    /// Differences that nothing speaks for any more must go.
    @Test("every reason for another answer than Kafka's is the only one of at least one batch")
    func reasons() {
        for difference in JudgedDifference.all {
            #expect(JudgedBatch.all.contains(where: difference.covers), "\(difference.reason)")
        }
        for batch in JudgedBatch.all {
            let reasons = JudgedDifference.all.filter { $0.covers(batch) }
            #expect(reasons.count <= 1, "\(batch.name): \(reasons.map(\.reason))")
        }
        #expect(JudgedBatch.all.count >= 2_500)
        #expect(Set(JudgedBatch.all.map(\.topic)) == Set(JudgedBatch.topics.keys))
    }

    @Test(
        "each batch is answered and stored as Kafka does, or as the table of differences says",
        arguments: JudgedBatch.topics.keys.sorted())
    func replay(topic: String) throws {
        var rest = JudgedBatch.all.filter { $0.topic == topic }[...]
        while !rest.isEmpty {
            // A partition for each; lists of a simulated disk cost as much as there is on it.
            try replay(rest.prefix(64), of: topic)
            rest = rest.dropFirst(64)
        }
    }

    private func replay(_ cases: ArraySlice<JudgedBatch>, of topic: String) throws {
        let rig = try BrokerRig { $0.durability = .os }
        rig.clock.advance(milliseconds: JudgedBatch.delay)
        try rig.topic(Name(topic), partitions: Int32(cases.count), JudgedBatch.topics[topic] ?? [:])
        let client = try rig.connect()
        for (partition, batch) in cases.enumerated() {
            let answer = try client.answer(to: batch, Int32(partition))
            let difference = JudgedDifference.all.first { $0.covers(batch) }
            let expected = difference?.code.rawValue ?? batch.code
            #expect(answer.errorCode == expected, "\(batch.name) [\(topic)]: \(answer.errorMessage ?? "")")
            if batch.code == -1, batch.version >= 8, answer.errorCode != 0 {
                let told = answer.errorMessage ?? ""
                #expect(
                    JudgedDifference.sentences.contains { told.hasSuffix($0) }, "\(batch.name): \(told)")
            }
            guard answer.errorCode == expected, difference == nil else { continue }
            #expect(answer.baseOffset == batch.base, "\(batch.name)")
            #expect((answer.logAppendTimeMs >= 0) == (batch.time ?? -1 >= 0), "\(batch.name)")
            if let start = batch.start { #expect(answer.logStartOffset == start, "\(batch.name)") }
            let faults = answer.recordErrors.map(\.batchIndex)
            #expect(batch.faults == nil || faults == batch.faults, "\(batch.name)")
            guard expected == 0 else { continue }
            try compare(try client.stored(Int32(partition), of: topic), with: batch)
        }
    }

    private func compare(_ stored: [UInt8], with batch: JudgedBatch) throws {
        let ofKafka = bytes(hex: try #require(batch.stored ?? batch.records))
        let (ours, theirs) = (
            try RecordBatch(reading: stored.span.bytes), try RecordBatch(reading: ofKafka.span.bytes)
        )
        try ours.verifyChecksum()
        #expect(ours.header.sizeInBytes == stored.count, "\(batch.name)")
        var (header, wanted) = (ours.header, theirs.header)
        // What only Java's clients can decompress is stored so that others can.
        let isOdd = try hasOddFraming(theirs)
        #expect(try !hasOddFraming(ours), "\(batch.name)")
        #expect(isOdd || (batch.librdkafka?.isFine ?? false), "\(batch.name)")
        // Sizes follow from the library that compressed the records, if they had to be.
        let isRebuilt = isOdd || ["lz4", "plain"].contains(batch.topic)
        if isRebuilt { (header.length, header.baseTimestamp) = (wanted.length, wanted.baseTimestamp) }
        (header.leaderEpoch, header.checksum) = (wanted.leaderEpoch, wanted.checksum)
        if batch.topic == "append" { header.maxTimestamp = wanted.maxTimestamp }
        if Self.statesOtherMaximum(batch) { header.maxTimestamp = wanted.maxTimestamp }
        #expect(header == wanted, "\(batch.name) [\(batch.topic)]")
        let records = try ours.records(limitBytes: 1 << 20)
        // Kafka replaces such names when it rebuilds a batch.
        if batch.name.hasSuffix("header name that is not UTF-8") { return }
        guard batch.topic != "append" else { return #expect(records.count == Int(wanted.recordCount)) }
        #expect(records == (try theirs.records(limitBytes: 1 << 20)), "\(batch.name)")
    }

    private func hasOddFraming(_ batch: borrowing RecordBatch) throws -> Bool {
        let codec = try batch.codec()
        guard codec != .none else { return false }
        return try codec.decompressed(batch.storedRecords, limitBytes: 1 << 20).hasOddFraming
    }

    /// With the LogAppendTime bit of a producer Kafka believes its maximum, and lookups by time miss records.
    private static func statesOtherMaximum(_ batch: JudgedBatch) -> Bool {
        batch.name == "attributes: LogAppendTime of 0 into create"
    }
}

extension RigClient {
    /// What the broker says to the case, for a partition of its topic.
    func answer(
        to batch: JudgedBatch, _ partition: Int32
    ) throws -> ProduceResponse.PartitionProduceResponse {
        var request = ProduceRequest(Name(batch.topic), acks: -1, [(partition, [])])
        request.transactionalID = batch.transactional.map { Name($0) }
        request.topicData[0].partitionData[0].records = batch.records.map { .bytes(bytes(hex: $0)) } ?? .null
        try send(request, version: batch.version)
        let reply = try reply(ProduceResponse.self, version: batch.version)
        return try #require(reply?.responses.first?.partitionResponses.first, "\(batch.name)")
    }

    /// What a fetch of the version gets from the beginning of a partition.
    func stored(_ partition: Int32, of topic: String, version: Int16 = 11) throws -> [UInt8] {
        try send(FetchRequest(Name(topic), from: 0, maxWait: 0, partition: partition), version: version)
        return try #require(try fetched(version)).records
    }
}
