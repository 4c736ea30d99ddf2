// Records of `__transaction_state`, byte for byte as Kafka writes them.
import Base
import Coordinator
import Protocol
import TestSupport
import Testing

@Suite("records of transactions")
struct TransactionRecordTests {
    private static let id: Name = "bytes"

    /// What Kafka 4.3.1 wrote of a producer that committed with version 2, aborted with version 1, and
    /// aborted nothing with version 2.
    private static let values = [
        "0001000000000000060500000000afc80000000001a2319326cdffffffffffffffff010008000000"
            + "0000000605",
        "0001000000000000060500000000afc801020274020000000000000001a2319326ce000001a23193"
            + "26ce020008000000000000060502020002",
        "0001000000000000060500010000afc802020274020000000000000001a2319326cf000001a23193"
            + "26ce020008000000000000060502020002",
        "0001000000000000060500010000afc80401000001a2319326cf000001a2319326ce020008000000"
            + "000000060502020002",
        "0001000000000000060500010000afc801020274020000000100000001a231932797000001a23193"
            + "27970100080000000000000605",
        "0001000000000000060500010000afc803020274020000000100000001a231932798000001a23193"
            + "27970100080000000000000605",
        "0001000000000000060500010000afc80501000001a231932798000001a231932797010008000000"
            + "0000000605",
        "0001000000000000060500020000afc80301000001a231932861000001a231932861020008000000"
            + "000000060502020002",
        "0001000000000000060500020000afc80501000001a231932861000001a231932861020008000000"
            + "000000060502020002",
    ]

    @Test("a history leaves the bytes that Kafka leaves")
    func bytesOfHistory() throws {
        var rig = TransactionRig()
        func at(_ offset: Int64) { rig.now.wall = Timestamp(milliseconds: 0x1a2_3193_26cd + offset) }
        at(0)
        _ = rig.send(.initialize(Self.id, timeoutMilliseconds: 45_000, as: nil, fresh: ProducerID(1541)))
        at(1)
        rig.add(Self.id)
        at(2)
        _ = rig.end(Self.id, .commit)
        rig.writeMarkers()
        at(202)
        rig.add(Self.id, [TopicPartition(topic: "t", partition: PartitionIndex(1))], .v0)
        at(203)
        _ = rig.end(Self.id, .abort, .v0)
        rig.writeMarkers()
        at(404)
        _ = rig.end(Self.id, .abort)
        #expect(rig.log.map { $0.value ?? [] } == Self.values.map { bytes(hex: $0) })
        #expect(Set(rig.log.map(\.key)) == [bytes(hex: "000000056279746573")])
    }

    @Test("records in the first version are read and written where the cluster runs at level 0")
    func firstVersion() throws {
        var rig = TransactionRig { $0.version = .v0 }
        rig.begin(Self.id)
        rig.add(Self.id, [TransactionRig.partition], .v0)
        _ = rig.end(Self.id, .commit, .v0)
        for (_, value) in rig.log { #expect(value?.prefix(2) == [0, 0]) }
        rig.restart()
        #expect(rig.state(of: Self.id) == .prepareCommit)
        rig.writeMarkers()
        #expect(rig.state(of: Self.id) == .completeCommit)
    }

    @Test("what is no record of a transaction is an error, or for others, and never a trap")
    func damage() throws {
        let key = bytes(hex: "000000056279746573")
        let value = bytes(hex: Self.values[1])
        for length in 0..<value.count where length != value.count {
            #expect(throws: ShardRecordError.self) {
                try TransactionRecord(key: key, value: Array(value.prefix(length)))
            }
        }
        #expect(throws: ShardRecordError.self) { try TransactionRecord(key: [0], value: nil) }
        #expect(try TransactionRecord(key: [0, 1, 0, 0], value: nil) == nil)
        // Kafka keeps no id in these states.
        for status in [UInt8(6), 7, 8, 0xff] {
            var damaged = value
            damaged[16] = status
            #expect(throws: ShardRecordError.self) { try TransactionRecord(key: key, value: damaged) }
        }
    }
}
