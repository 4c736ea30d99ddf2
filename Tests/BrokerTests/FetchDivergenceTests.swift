// What a consumer is told that names the epoch of its last record (KIP-595) or the one that it takes for the
// leader's (KIP-320). The tables are Kafka's answers to a log with the same epochs.
import Base
import Protocol
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("fetching with leader epochs")
struct FetchDivergenceTests {
    /// Records 0–4 in epoch 0, 5–9 in 2, 10–14 in 4; those before `start` are deleted.
    private func rig(start: Int64) throws -> BrokerRig {
        let rig = try BrokerRig()
        let log = try #require(try rig.topic("t").partition(0)?.log)
        let client = try rig.connect()
        for epoch: Int32 in [0, 2, 4] {
            if epoch > 0 { try log.becomeLeader(epoch: LeaderEpoch(epoch)) }
            for _ in 0..<5 { try client.send(ProduceRequest("t", acks: 1), version: 8) }
        }
        rig.flush()
        try log.trim(to: Offset(start))
        while try client.produced() != nil {}
        return rig
    }

    private func ask(
        _ client: RigClient, from offset: Int64, last: Int32 = -1, current: Int32 = -1
    ) throws -> String {
        var request = FetchRequest("t", from: offset, maxWait: 60_000)
        request.topics[0].partitions[0].lastFetchedEpoch = last
        request.topics[0].partitions[0].currentLeaderEpoch = current
        request.minBytes = 0
        try client.send(request, version: 12)
        let reply = try #require(try client.reply(FetchResponse.self, version: 12))
        let answer = try #require(reply.responses.first?.partitions.first)
        let hasBounds = answer.highWatermark == 15 && answer.lastStableOffset == 15
        #expect(hasBounds == (answer.errorCode == 0))
        guard answer.errorCode == 0 else { return "\(answer.errorCode)" }
        let diverging = answer.divergingEpoch
        guard diverging.epoch < 0 else { return "\(diverging.epoch)@\(diverging.endOffset)" }
        guard case .bytes(let bytes) = answer.records else { return "" }
        return "\(bytes.count / Self.batchBytes)"
    }

    /// The offsets asked for, and for each last epoch what Kafka says: a number of batches, an error (with
    /// `!`), or the epoch and offset of the divergence.
    private static let offsets: [Int64] = [-1, 0, 3, 5, 7, 10, 12, 15, 16, 20]
    /// What one batch takes.
    private static let batchBytes = 73
    private static let whole: [Int32: String] = [
        -2: "! 15 12 10 8 5 3 0 ! !", -1: "! 15 12 10 8 5 3 0 ! !",
        0: "! 15 12 10 0@5 0@5 0@5 0@5 0@5 0@5", 1: "! 0@5 0@5 0@5 0@5 0@5 0@5 0@5 0@5 0@5",
        2: "! 15 12 10 8 5 2@10 2@10 2@10 2@10", 3: "! 2@10 2@10 2@10 2@10 2@10 2@10 2@10 2@10 2@10",
        4: "! 15 12 10 8 5 3 0 4@15 4@15", 100: "! ! ! ! ! ! ! ! ! !", .max: "! ! ! ! ! ! ! ! ! !",
    ]
    private static let trimmed: [Int32: String] = [
        -1: "! ! ! ! 8 5 3 0 ! !", 0: "! ! ! ! 8 0@7 0@7 0@7 0@7 0@7", 1: "! ! ! ! 8 1@7 1@7 1@7 1@7 1@7",
        2: "! ! ! ! 8 5 2@10 2@10 2@10 2@10", 3: "! ! ! ! 2@10 2@10 2@10 2@10 2@10 2@10",
        4: "! ! ! ! 8 5 3 0 4@15 4@15", 100: "! ! ! ! ! ! ! ! ! !",
    ]

    @Test(
        "the epoch of the last record that a consumer has is compared with the log",
        arguments: [Int64(0), 7])
    func lastFetched(start: Int64) throws {
        let table = start == 0 ? Self.whole : Self.trimmed
        let rig = try rig(start: start)
        let client = try rig.connect()
        for (last, row) in table {
            for (offset, expected) in zip(Self.offsets, row.split(separator: " ")) {
                let answer = try ask(client, from: offset, last: last)
                #expect(answer == (expected == "!" ? "1" : expected), "epoch \(last), offset \(offset)")
            }
        }
    }

    @Test(
        "the leader's epoch that a client knows is compared in Fetch, ListOffsets and OffsetForLeaderEpoch",
        arguments: [
            (-2, "15", 74), (-1, "15", 0), (0, "74", 74), (3, "74", 74), (4, "15", 0), (5, "75", 75),
        ] as [(Int32, String, Int)])
    func currentEpoch(known: Int32, fetched: String, others: Int) throws {
        let rig = try rig(start: 0)
        let client = try rig.connect()
        #expect(try ask(client, from: 0, current: known) == fetched)
        var offsets = ListOffsetsRequest("t", timestamp: -1)
        offsets.topics[0].partitions[0].currentLeaderEpoch = known
        try client.send(offsets, version: 5)
        let listed = try #require(try client.reply(ListOffsetsResponse.self, version: 5))
        #expect(listed.topics[0].partitions[0].errorCode == Int16(others))
        var epochs = OffsetForLeaderEpochRequest()
        var topic = OffsetForLeaderEpochRequest.OffsetForLeaderTopic()
        topic.topic = "t"
        topic.partitions = [.init()]
        topic.partitions[0].currentLeaderEpoch = known
        epochs.topics = [topic]
        try client.send(epochs, version: 3)
        let ends = try #require(try client.reply(OffsetForLeaderEpochResponse.self, version: 3))
        #expect(ends.topics[0].partitions[0].errorCode == Int16(others))
    }
}
