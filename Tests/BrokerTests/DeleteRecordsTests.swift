// DeleteRecords: who may move the start of a log, where to, and what remains of it.
import Base
import Protocol
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

extension DeleteRecordsRequest {
    /// The start of one partition is to be `offset`.
    fileprivate init(_ topic: Name, _ offset: Int64, partition: Int32 = 0, timeout: Int32 = 1000) {
        self.init()
        timeoutMs = timeout
        var asked = DeleteRecordsPartition()
        asked.partitionIndex = partition
        asked.offset = offset
        var named = DeleteRecordsTopic()
        named.name = topic
        named.partitions = [asked]
        topics = [named]
    }
}

extension DeleteRecordsResponse {
    fileprivate var first: DeleteRecordsPartitionResult { topics[0].partitions[0] }
}

@Suite("DeleteRecords")
struct DeleteRecordsTests {
    /// A topic with ten records, one a batch, of which the last `unsynced` are not durable.
    private func rig(_ configs: [Name: String] = [:], unsynced: Int = 0) throws -> BrokerRig {
        let rig = try BrokerRig()
        try rig.topic("t", configs)
        guard configs.isEmpty else { return rig }
        let client = try rig.connect()
        for number in 0..<10 {
            if number == 10 - unsynced { rig.flush() }
            try client.send(ProduceRequest("t", acks: 1), version: 8)
        }
        if unsynced == 0 { rig.flush() }
        return rig
    }

    private func ask(
        _ rig: BrokerRig, _ request: DeleteRecordsRequest, version: Int16 = 2
    ) throws -> DeleteRecordsResponse.DeleteRecordsPartitionResult {
        let client = try rig.connect()
        try client.send(request, version: version)
        rig.step()
        return try #require(try client.reply(DeleteRecordsResponse.self, version: version)).first
    }

    @Test(
        "the start moves as far as the high watermark, in every version, and the errors are Kafka's",
        arguments: [
            (Int64(4), Int64(4), ErrorCode.none), (-1, 10, .none), (10, 10, .none), (0, 0, .none),
            (11, -1, .offsetOutOfRange), (-2, -1, .offsetOutOfRange),
        ])
    func moves(offset: Int64, start: Int64, error: ErrorCode) throws {
        for version in Int16(0)...2 {
            let rig = try rig()
            let answer = try ask(rig, DeleteRecordsRequest("t", offset), version: version)
            #expect(answer.lowWatermark == start && answer.errorCode == error.rawValue)
        }
    }

    @Test("a start never moves back, and what lies before it is out of range and not the earliest offset")
    func after() throws {
        let rig = try rig()
        #expect(try ask(rig, DeleteRecordsRequest("t", 6)).lowWatermark == 6)
        #expect(try ask(rig, DeleteRecordsRequest("t", 3)).lowWatermark == 6)
        let client = try rig.connect()
        try client.send(FetchRequest("t", from: 5, maxWait: 0), version: 4)
        rig.step()
        #expect(try client.fetched()?.error == .offsetOutOfRange)
        try client.send(ListOffsetsRequest("t", timestamp: -2), version: 4)
        rig.step()
        let earliest = try client.reply(ListOffsetsResponse.self, version: 4)
        #expect(earliest?.topics[0].partitions[0].offset == 6)
    }

    @Test(
        "the answer comes when the start is durable",
        arguments: [(Int64(6), Int64(6)), (-1, 10)])
    func durable(offset: Int64, start: Int64) throws {
        let rig = try rig()
        let answer = try ask(rig, DeleteRecordsRequest("t", offset))
        #expect(answer.lowWatermark == start)
        let half = try StorageHalf(on: rig.disk.afterPowerCut())
        // The rig's metadata log is never synced, so its topic may be gone; the directory tells all the same.
        let found = try half.directory.partitions().first { $0.partition.topic == "t" }
        let id = try #require(found?.topicID)
        let log = try half.directory.openPartition(
            TopicPartition(topic: "t", partition: PartitionIndex(0)), id: id, config: LogConfig())
        #expect(log.bounds.logStart == Offset(start) && log.bounds.logEnd == Offset(10))
    }

    @Test(
        "the end of the log is waited for until it is durable, whatever the request's timeout",
        arguments: [Int32.min, -1, 0, 1, 30_000, .max])
    func waits(timeout: Int32) throws {
        let rig = try rig(unsynced: 2)
        let client = try rig.connect()
        try client.send(DeleteRecordsRequest("t", -1, timeout: timeout), version: 2)
        rig.advance(milliseconds: DiskWait.limitMilliseconds - 1)
        #expect(try client.reply(DeleteRecordsResponse.self, version: 2) == nil)
        rig.flush()
        #expect(try client.reply(DeleteRecordsResponse.self, version: 2)?.first.lowWatermark == 10)
    }

    @Test("where the disk stands still the answer is REQUEST_TIMED_OUT, and nothing is deleted")
    func timeout() throws {
        let rig = try rig(unsynced: 2)
        let client = try rig.connect()
        try client.send(DeleteRecordsRequest("t", -1), version: 2)
        rig.advance(milliseconds: DiskWait.limitMilliseconds + 1)
        let late = try client.reply(DeleteRecordsResponse.self, version: 2)
        #expect(late?.first.errorCode == ErrorCode.requestTimedOut.rawValue)
        rig.flush()
        try client.send(ListOffsetsRequest("t", timestamp: -2), version: 4)
        let start = try client.reply(ListOffsetsResponse.self, version: 4)
        #expect(start?.topics.first?.partitions.first?.offset == 0)
    }

    @Test(
        "topics that only compact keep their records, and unknown ones have none",
        arguments: [
            (Name("t"), Int32(0), ErrorCode.policyViolation), ("t", 1, .unknownTopicOrPartition),
            ("nothing", 0, .unknownTopicOrPartition),
        ])
    func refused(topic: Name, partition: Int32, error: ErrorCode) throws {
        let rig = try rig(["cleanup.policy": "compact"])
        let answer = try ask(rig, DeleteRecordsRequest(topic, 0, partition: partition))
        #expect(answer.errorCode == error.rawValue && answer.lowWatermark == -1)
        let both = try self.rig(["cleanup.policy": "compact,delete"])
        #expect(try ask(both, DeleteRecordsRequest("t", 0)).errorCode == 0)
    }

    @Test("a start that cannot be written down is answered with an error")
    func notDurable() throws {
        let rig = try rig()
        rig.disk.fail(.rename, suffix: "log-start-offset-checkpoint.tmp", errno: 5)
        let answer = try ask(rig, DeleteRecordsRequest("t", 4))
        #expect(answer.errorCode == ErrorCode.kafkaStorageError.rawValue && answer.lowWatermark == -1)
    }
}
