// Every message set of the old formats goes to a broker as a request, and is read back by consumers of all
// ages: the same code as Kafka's but for the table of differences, and the same records.
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

struct JudgedSetTests {
    private static let limitBytes = 8 << 20

    @Test("every reason for another answer to a message set than Kafka's speaks for at least one")
    func reasons() {
        for difference in JudgedDifference.ofSets {
            #expect(JudgedBatch.sets.contains(where: difference.covers), "\(difference.reason)")
        }
        for set in JudgedBatch.sets {
            #expect(JudgedDifference.ofSets.filter { $0.covers(set) }.count <= 1, "\(set.name)")
        }
        #expect(JudgedBatch.sets.count >= 6_000)
        #expect(Set(JudgedBatch.sets.map(\.topic)) == Set(JudgedBatch.topics.keys))
        #expect(JudgedBatch.sets.filter { $0.code == 0 }.count >= 3_000)
    }

    @Test(
        "each message set is answered, stored and converted back as Kafka does, or as the table says",
        arguments: JudgedBatch.topics.keys.sorted())
    func replay(topic: String) throws {
        var rest = JudgedBatch.sets.filter { $0.topic == topic }[...]
        while !rest.isEmpty {
            try replay(rest.prefix(64), of: topic)
            rest = rest.dropFirst(64)
        }
    }

    private func replay(_ cases: ArraySlice<JudgedBatch>, of topic: String) throws {
        let rig = try BrokerRig { $0.durability = .os }
        rig.clock.advance(milliseconds: JudgedBatch.delay)
        try rig.topic(Name(topic), partitions: Int32(cases.count), JudgedBatch.topics[topic] ?? [:])
        let client = try rig.connect()
        for (number, set) in cases.enumerated() {
            let partition = Int32(number)
            let answer = try client.answer(to: set, partition)
            let difference = JudgedDifference.ofSets.first { $0.covers(set) }
            let expected = difference?.code.rawValue ?? set.code
            #expect(answer.errorCode == expected, "\(set.name) [\(set.exception ?? "")]")
            guard answer.errorCode == expected, difference == nil else { continue }
            #expect(answer.baseOffset == set.base, "\(set.name)")
            if set.version >= 2 { #expect(answer.logAppendTimeMs == set.time, "\(set.name)") }
            guard expected == 0 else { continue }
            let stored = try client.stored(partition, of: topic)
            guard let wanted = set.stored else {
                #expect(stored.isEmpty, "\(set.name)")
                continue
            }
            let records = try compare(stored, with: bytes(hex: wanted), set)
            for version: Int16 in [1, 3] {
                let converted = try client.stored(partition, of: topic, version: version)
                try compare(converted, of: version, with: records, set)
            }
        }
    }

    /// The records, which are those that Kafka stores.
    private func compare(_ ours: [UInt8], with theirs: [UInt8], _ set: JudgedBatch) throws -> [Record] {
        let (ours, theirs) = (
            try RecordBatch(reading: ours.span.bytes), try RecordBatch(reading: theirs.span.bytes)
        )
        try ours.verifyChecksum()
        var (header, wanted) = (ours.header, theirs.header)
        // Sizes follow from the library that compressed the records.
        if try ours.codec() != .none { header.length = wanted.length }
        (header.leaderEpoch, header.checksum) = (wanted.leaderEpoch, wanted.checksum)
        #expect(header == wanted, "\(set.name)")
        let records = try theirs.records(limitBytes: Self.limitBytes)
        #expect(try ours.records(limitBytes: Self.limitBytes) == records, "\(set.name)")
        return records
    }

    /// What a consumer of old formats reads.
    private func compare(
        _ converted: [UInt8], of version: Int16, with records: [Record], _ set: JudgedBatch
    ) throws {
        let magic: Int8 = version < 2 ? 0 : 1
        var read: [Record] = []
        try LegacyMessages.forEachRecord(in: converted.span.bytes, limitBytes: Self.limitBytes) {
            (message, bytes) throws(RecordError) in
            #expect(message.magic == magic, "\(set.name)")
            read.append(try Record(message.view, in: bytes))
        }
        var wanted = records
        if magic == 0 { for index in wanted.indices { wanted[index].timestamp = .none } }
        #expect(read == wanted, "\(set.name) read with v\(version)")
    }
}
