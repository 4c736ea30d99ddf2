// A broker on each of the directories that Apache Kafka wrote: it serves exactly what Kafka's own classes
// found there.
import Base
import Protocol
import Records
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

// One after the other: what is expected of each takes some memory.
@Suite("data directories of Apache Kafka", .serialized, .endsHangs)
struct KafkaDirectoryTests {
    @Test("topics, ids, configurations, ends and every record are served", arguments: KafkaDirectory.names)
    func records(name: String) throws {
        let directory = try KafkaDirectory(name)
        for _ in 0..<2 {
            try withBroker(on: directory.path) { broker, client in
                try checkIdentity(broker, directory)
                try checkTopics(broker, directory)
                for (topic, index, live, files) in try partitions(of: directory) {
                    try check(client, topic, index, live, files)
                }
            }
        }
    }

    @Test("quotas, ACLs, users and configurations of Kafka's that have no effect here are told at the start")
    func unserved() throws {
        let plain = try KafkaDirectory("plain-clean")
        try withBroker(on: plain.path) { broker, _ in
            let unserved = UnservedMetadata(broker.catalog.metadata.image, nodeID: broker.settings.nodeID)
            #expect(unserved.quotas >= 2 && unserved.accessRules >= 2 && unserved.users >= 2)
            #expect(unserved.brokerConfigs == ["num.io.threads"])
            let lines = Lock<[String]>([])
            unserved.report(to: Logger { line in lines.withLock { $0.append(line) } })
            #expect(lines.withLock { $0.count } == 1)
        }
        let groups = try KafkaDirectory("groups-clean")
        try withBroker(on: groups.path) { broker, _ in
            #expect(broker.catalog.topics.all.count > 1)
            #expect(UnservedMetadata(broker.catalog.metadata.image, nodeID: 1).isEmpty)
        }
    }

    @Test("a repeated last batch is a duplicate, and the next one is taken", arguments: ["plain", "txn"])
    func producers(name: String) throws {
        var tried = 0
        for kind in ["kill", "clean"] {
            let directory = try KafkaDirectory("\(name)-\(kind)")
            try withBroker(on: directory.path) { broker, client in
                for (topic, index, live, files) in try partitions(of: directory)
                where !topic.hasPrefix("__") {
                    let own = files.batches.filter { $0.producer >= 0 && !$0.isControl }
                    // Kafka forgets producers after a day, and did so before some of the clean stops.
                    for id in try (live["producers"]?.elements ?? []).map({ try $0.int("producer_id") }) {
                        guard let last = own.last(where: { $0.producer == id }), !last.isTransactional else {
                            continue
                        }
                        tried += 1
                        let again = try client.produce(topic, index, batch(like: last, next: false))
                        #expect(again == .at(last.base), "\(topic)-\(index)")
                        let end = try client.offset(topic, index, at: -1)
                        let next = try client.produce(topic, index, batch(like: last, next: true))
                        #expect(next == .at(end), "\(topic)-\(index)")
                    }
                }
            }
        }
        #expect(tried > 0)
    }

    @Test("groups, their members and every committed offset are served", arguments: KafkaDirectory.names)
    func groups(name: String) throws {
        let directory = try KafkaDirectory(name)
        for _ in 0..<2 {
            try withBroker(on: directory.path) { broker, client in
                let groups = try directory.expected()["groups"]?.members ?? []
                #expect(!groups.isEmpty || !name.hasPrefix("groups"))
                for (id, group) in groups.map({ ($0.key, $0.value) }) {
                    try checkOffsets(client, id, group["committed"]?.members ?? [])
                    guard group["type"] == "Classic" else { continue }
                    var request = DescribeGroupsRequest()
                    request.groups = [Name(id)]
                    let described = try #require(
                        try client.ask(request, version: 6, DescribeGroupsResponse.self).groups.first)
                    #expect(described.groupState.text == group["state"]?.text, "\(id)")
                    #expect(described.protocolType.text == group["protocol"]?.text, "\(id)")
                    #expect(described.protocolData.text == group["assignor"]?.text, "\(id)")
                    let members = group["members"]?.elements ?? []
                    #expect(described.members.count == members.count, "\(id)")
                    for (found, expected) in zip(
                        described.members.sorted { $0.memberID < $1.memberID },
                        members.sorted { ($0["member_id"]?.text ?? "") < ($1["member_id"]?.text ?? "") })
                    {
                        #expect(found.memberID.text == expected["member_id"]?.text)
                        #expect(found.clientID.text == expected["client_id"]?.text)
                        #expect(found.groupInstanceID?.text == expected["instance_id"]?.text)
                        let assigned = try ConsumerProtocolAssignment(versioned: found.memberAssignment)
                        let places = assigned.assignedPartitions.flatMap { topic in
                            topic.partitions.map { "\(topic.topic)-\($0)" }
                        }
                        #expect(
                            places.sorted()
                                == (expected["assignment"]?.elements ?? []).compactMap(\.text).sorted())
                    }
                }
            }
        }
    }

    private func checkOffsets(_ client: LoopbackClient, _ id: String, _ expected: [JSONMember]) throws {
        var group = OffsetFetchRequest.OffsetFetchRequestGroup()
        group.groupID = Name(id)
        group.topics = nil
        var request = OffsetFetchRequest()
        request.groups = [group]
        let reply = try client.ask(request, version: 8, OffsetFetchResponse.self)
        var found: [String: String] = [:]
        for topic in reply.groups.flatMap(\.topics) {
            for partition in topic.partitions {
                found["\(topic.name)-\(partition.partitionIndex)"] =
                    "\(partition.committedOffset) \(partition.committedLeaderEpoch) "
                    + (partition.metadata ?? "")
            }
        }
        var wanted: [String: String] = [:]
        for place in expected {
            let value = place.value
            let (epoch, metadata) = (value["leader_epoch"]?.integer ?? -1, value["metadata"]?.text ?? "")
            wanted[place.key] = "\(try value.int("offset")) \(epoch) \(metadata)"
        }
        #expect(found == wanted, "\(id)")
    }

    @Test("a missing index of transactions or snapshot of producers is rebuilt after a clean stop")
    func missingNotes() throws {
        for suffix in [".txnindex", ".snapshot", ".index", ".timeindex"] {
            let directory = try KafkaDirectory("txn-clean")
            let disk = PosixDisk()
            for entry in try disk.list(directory.path) where entry.isDirectory {
                for file in try disk.list(directory.path + "/" + entry.name) where file.name.hasSuffix(suffix)
                {
                    try disk.remove("\(directory.path)/\(entry.name)/\(file.name)")
                }
            }
            try withBroker(on: directory.path) { broker, client in
                for (topic, index, live, files) in try partitions(of: directory) {
                    try check(client, topic, index, live, files)
                }
            }
        }
    }

    @Test("a partition that lacks a segment in its middle is refused and named, the others are served")
    func missingSegment() throws {
        for kind in ["kill", "clean"] {
            let directory = try KafkaDirectory("plain-" + kind)
            let segment = directory.path + "/fx-snappy-0/00000000000000000064"
            for suffix in [".log", ".index", ".timeindex"] { try PosixDisk().remove(segment + suffix) }
            if kind == "kill" {
                // Kafka noted recovery points before these records were written.
                let path = directory.path + "/recovery-point-offset-checkpoint"
                let points = Array("0\n1\nfx-snappy 0 200\n".utf8)
                try PosixDisk().replace(path, with: points, isDurable: false)
            }
            try withBroker(on: directory.path) { broker, client in
                let broken = try #require(broker.catalog.topics["fx-snappy"]?.partition(0))
                #expect(broken.log == nil)
                let answer = try client.fetch("fx-snappy", 0, from: 0)
                #expect(answer.errorCode == ErrorCode.kafkaStorageError.rawValue)
                for (topic, index, live, files) in try partitions(of: directory)
                where "\(topic)-\(index)" != "fx-snappy-0" {
                    try check(client, topic, index, live, files)
                }
            }
        }
    }

    @Test("garbage in checkpoints, or none, brings no deleted record back, and stray files stop nothing")
    func damagedCheckpoints() throws {
        let names = OffsetCheckpoint.Kind.allCases.map(\.rawValue) + ["cleaner-offset-checkpoint"]
        for garbage in ["not a checkpoint\nat all", "", nil] {
            for kind in ["kill", "clean"] {
                let directory = try KafkaDirectory("plain-" + kind)
                let disk = PosixDisk()
                for name in names {
                    let path = directory.path + "/" + name
                    try disk.removeIfPresent(path)
                    // An empty file reads as one without entries, which Kafka leaves behind a SIGKILL.
                    guard let garbage, garbage != "" || name != "log-start-offset-checkpoint" else {
                        continue
                    }
                    try disk.replace(path, with: Array(garbage.utf8), isDurable: false)
                }
                try disk.createDirectory(directory.path + "/lost+found")
                try disk.replace(directory.path + "/notes.txt", with: [1, 2], isDurable: false)
                try withBroker(on: directory.path) { broker, client in
                    // The file of epochs is the only other witness, and an empty log leaves none there.
                    for (topic, index, live, files) in try partitions(of: directory)
                    where "\(topic)-\(index)" != "fx-deleted-1" {
                        try check(client, topic, index, live, files)
                    }
                }
            }
        }
    }
}

extension KafkaDirectoryTests {
    private typealias Known = (
        topic: Name, partition: Int32, live: JSONValue, files: ExpectedPartition
    )

    private func partitions(of directory: KafkaDirectory) throws -> [Known] {
        let expected = try directory.expected()
        let files = try #require(expected["partitions"])
        return try (expected["topics"]?.members ?? []).flatMap { topic in
            try (topic.value["offsets"]?.members ?? []).map { offsets in
                let partition = try #require(files["\(topic.key)-\(offsets.key)"])
                return (
                    Name(topic.key), try #require(Int32(offsets.key)), offsets.value,
                    try ExpectedPartition(partition)
                )
            }
        }
    }

    private func checkIdentity(_ broker: Broker, _ directory: KafkaDirectory) throws {
        let properties = try #require(directory.expected()["meta_properties"])
        #expect(broker.clusterID.text == (try properties.string("cluster.id")))
        #expect("\(broker.settings.nodeID)" == (try properties.string("node.id")))
        #expect("\(broker.storage.metadata.directoryID)" == (try properties.string("directory.id")))
    }

    private func checkTopics(_ broker: Broker, _ directory: KafkaDirectory) throws {
        let expected = try directory.expected()["topics"]?.members ?? []
        #expect(Set(broker.catalog.topics.all.map(\.name)) == Set(expected.map { Name($0.key) }))
        for member in expected {
            let topic = try #require(broker.catalog.topics[Name(member.key)])
            #expect("\(topic.id)" == (try member.value.string("id")))
            #expect(topic.partitions.count == Int(try member.value.int("partitions")))
            #expect(topic.isInternal == (member.value["internal"]?.isTrue == true))
            for config in member.value["configs"]?.members ?? [] {
                #expect(topic.overrides[Name(config.key)] == config.value.text, "\(member.key) \(config.key)")
            }
        }
    }

    /// Ends, records, aborted transactions and lookups by time of one partition.
    private func check(
        _ client: LoopbackClient, _ topic: Name, _ index: Int32, _ live: JSONValue,
        _ files: ExpectedPartition
    ) throws {
        let place = Comment(rawValue: "\(topic)-\(index)")
        let (start, end) = (try live.int("log_start"), try live.int("high_watermark"))
        let stable = try live.int("last_stable_offset")
        #expect(try client.offset(topic, index, at: -2) == start, place)
        #expect(try client.offset(topic, index, at: -1) == end, place)
        #expect(try client.offset(topic, index, at: -1, isolated: true) == stable, place)
        let expected = files.batches.flatMap(\.records).filter { $0.offset.value >= start }
        for (isolated, limit) in [(false, end), (true, stable)] {
            var found: [Record] = []
            var aborted: Set<[Int64]> = []
            var next = start
            while next < limit {
                let answer = try client.fetch(topic, index, from: next, isolated: isolated)
                try #require(answer.errorCode == 0, place)
                let records = try answer.records.all()
                let last = try #require(records.last, place)
                found += records.filter { $0.offset.value >= next }
                aborted.formUnion((answer.abortedTransactions ?? []).map { [$0.producerID, $0.firstOffset] })
                next = last.offset.value + 1
            }
            #expect(found == expected.filter { $0.offset.value < limit }, place)
            let known = try files.aborted.filter { try $0.int("last_offset") >= start }
            let wanted = try known.map { [try $0.int("producer_id"), try $0.int("first_offset")] }
            #expect(aborted == Set(isolated ? wanted : []), place)
        }
        for time in Set(expected.map(\.timestamp.milliseconds)).sorted().prefix(40) {
            let first = expected.first { $0.timestamp.milliseconds >= time }
            #expect(try client.offset(topic, index, at: time) == first?.offset.value, place)
        }
    }

    /// The batch `known` as its producer sends it again, or the one that follows it.
    private func batch(like known: ExpectedPartition.Batch, next: Bool) throws -> [UInt8] {
        var options = BatchOptions()
        options.producerID = ProducerID(known.producer)
        options.producerEpoch = Int16(known.epoch)
        let count = known.last - known.base + 1
        options.baseSequence = Int32(next ? known.sequence + count : known.sequence)
        var builder = BatchBuilder(options)
        for record in known.records {
            builder.append(timestamp: record.timestamp, key: record.key, value: record.value)
        }
        return try builder.finish()
    }
}

extension RecordsField {
    /// Every record of the batches, those of control batches too.
    fileprivate func all() throws -> [Record] {
        guard case .bytes(let bytes) = self else { return [] }
        var records: [Record] = []
        var cursor = BatchCursor(bytes.span.bytes)
        do {
            while let batch = try cursor.next() {
                try batch.verifyChecksum()
                records += try batch.records(limitBytes: 1 << 24)
            }
        } catch RecordError.truncated {
            // The last batch may be cut off.
        }
        return records
    }
}
