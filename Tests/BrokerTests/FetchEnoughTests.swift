// When a fetch has enough: what readers may get already is not waited for, and neither is what cannot come.
import Base
import Protocol
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("a fetch waits only for what can come")
struct FetchEnoughTests {
    /// Values of a third of a segment; three batches and a bit fill one.
    private static let valueBytes = 300_000
    private static let segmentBytes = 1 << 20
    private static let wait: Int32 = 60_000

    /// A topic with `partitions`, of which the first has ten durable batches in four segments.
    private func rig(partitions: Int32 = 1) throws -> BrokerRig {
        let rig = try BrokerRig()
        try rig.topic("t", partitions: partitions, ["segment.bytes": "\(Self.segmentBytes)"])
        let client = try rig.connect()
        for _ in 0..<10 {
            let batch = RigBatch(values: [Array(repeating: 7, count: Self.valueBytes)])
            try client.send(ProduceRequest("t", acks: 1, batch), version: 8)
            _ = try client.produced()
        }
        rig.flush()
        return rig
    }

    /// Asks for at least `minBytes` of all `partitions` from `offset` on.
    private func request(
        from offset: Int64, minBytes: Int32, partitionMaxBytes: Int32 = 4 << 20, partitions: Int32 = 1
    ) -> FetchRequest {
        var request = FetchRequest("t", from: offset, maxWait: Self.wait)
        request.minBytes = minBytes
        request.topics[0].partitions = (0..<partitions).map { number in
            var wanted = FetchRequest.FetchPartition()
            wanted.partition = number
            wanted.fetchOffset = number == 0 ? offset : 0
            wanted.partitionMaxBytes = partitionMaxBytes
            return wanted
        }
        return request
    }

    @Test(
        "the end of an older segment is no reason to wait, in any version",
        arguments: [Int16(4), 7, 11, 12], [Int32(1), 3])
    func olderSegments(version: Int16, partitions: Int32) throws {
        let rig = try rig(partitions: partitions)
        let client = try rig.connect()
        var offset: Int64 = 0
        var turns = 0
        while offset < 9 {
            turns += 1
            let asked = request(from: offset, minBytes: 3_500_000, partitions: partitions)
            try client.send(asked, version: version)
            let fetched = try #require(try client.fetched(version), "waits at offset \(offset)")
            #expect(fetched.error == ErrorCode.none)
            let count = Int64(fetched.records.count / Self.valueBytes)
            #expect(count > 0)
            offset += count
        }
        #expect(turns <= 4)
    }

    @Test("an incremental request of a session does not wait there either")
    func sessions() throws {
        let rig = try rig()
        let client = try rig.connect()
        var opening = request(from: 0, minBytes: 3_500_000)
        opening.sessionEpoch = 0
        try client.send(opening, version: 11)
        let first = try #require(try client.reply(FetchResponse.self, version: 11))
        var next = request(from: 3, minBytes: 3_500_000)
        (next.sessionID, next.sessionEpoch) = (first.sessionID, 1)
        try client.send(next, version: 11)
        #expect(try client.fetched(11)?.records.isEmpty == false)
    }

    @Test("in the newest segment too little is waited for")
    func newestSegment() throws {
        let rig = try rig()
        let client = try rig.connect()
        try client.send(request(from: 9, minBytes: 3_500_000), version: 11)
        #expect(try client.fetched(11) == nil)
        rig.advance(milliseconds: Int64(Self.wait) + 1)
        #expect(try client.fetched(11)?.records.isEmpty == false)
    }

    @Test("what every partition may give is enough, if it is less than was wanted")
    func saturated() throws {
        let rig = try rig()
        let client = try rig.connect()
        try client.send(request(from: 0, minBytes: 3_500_000, partitionMaxBytes: 350_000), version: 11)
        #expect(try client.fetched(11)?.records.count == 350_000)
    }

    @Test("a partition that might still give more is waited for")
    func unsaturated() throws {
        let rig = try rig(partitions: 2)
        let client = try rig.connect()
        let asked = request(from: 0, minBytes: 3_500_000, partitionMaxBytes: 350_000, partitions: 2)
        try client.send(asked, version: 11)
        #expect(try client.fetched(11) == nil)
    }

    @Test("who waits for a topic that is deleted meanwhile is told so at once")
    func deletedMeanwhile() throws {
        let rig = try rig()
        let client = try rig.connect()
        let producer = try rig.connect()
        try client.send(request(from: 10, minBytes: 1 << 20), version: 11)
        try producer.send(ProduceRequest("t", acks: -1), version: 8)
        #expect(try client.fetched(11) == nil)
        try rig.delete("t")
        rig.step()
        #expect(try client.fetched(11)?.error == .unknownTopicOrPartition)
        // Nor does one that waits for its records to become durable.
        #expect(try producer.produced() == [.failed(.kafkaStorageError)])
    }
}
