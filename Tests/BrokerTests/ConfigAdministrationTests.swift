// Configurations that are changed while the broker runs: in force at once, durable before the answer, whole
// after a crash.
import Base
import Coordinator
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Network
@testable import Storage

private typealias Target = MetadataImage.ConfigResource

extension ConfigAlteration {
    /// Values for one thing, where nil takes one away.
    fileprivate init(_ resource: MetadataImage.ConfigResource, _ values: KeyValuePairs<Name, String?>) {
        self.init(
            resource: resource, edits: values.map { ($0.key, $0.value.map(ConfigEdit.set) ?? .delete) },
            replacesAll: false)
    }
}

extension BrokerRig {
    /// Changes configurations, each of which must be accepted.
    fileprivate func configure(_ alterations: ConfigAlteration...) throws {
        let results = try value(
            of: administration.alterConfigs(alterations, validateOnly: false) { $0 })
        #expect(results.allSatisfy { $0 == nil }, "\(results)")
    }

    fileprivate func refusal(_ alteration: ConfigAlteration, validateOnly: Bool = false) throws -> Refusal? {
        try value(of: administration.alterConfigs([alteration], validateOnly: validateOnly) { $0 })[0]
    }

    fileprivate func text(_ resource: MetadataImage.ConfigResource, _ key: Name) throws -> String? {
        try administration.describeConfigs(of: resource, keys: [key]).get().first?.value
    }
}

extension StorageHalf {
    /// Changes configurations, and waits for it; why not, where one was refused.
    fileprivate func configure(_ alterations: [ConfigAlteration]) -> [Refusal?] {
        let done = Signal()
        let results = Lock<[Refusal?]>([])
        catalog.configure(alterations, by: "test", validateOnly: false) { refusals in
            results.withLock { $0 = refusals }
            done.raise()
        }
        done.wait()
        return results.withLock { $0 }
    }
}

@Suite("configurations that are changed", .endsHangs)
struct ConfigAdministrationTests {
    @Test("hold for open logs and for the next batch at once")
    func liveTopic() throws {
        let rig = try BrokerRig()
        let topic = try rig.topic("t")
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: 1), version: 8)
        let first = try client.reply(to: ProduceRequest.self, 8, rig)
        #expect(first?.outcomes == [.at(0)])
        let log = try #require(topic.partition(0)?.log)
        try rig.configure(
            ConfigAlteration(
                .topic("t"),
                [
                    "retention.ms": "77000", "segment.bytes": "2000000", "max.message.bytes": "50",
                    "cleanup.policy": "compact,delete", "segment.ms": "1000", "file.delete.delay.ms": "5",
                ]))
        #expect(log.config.retentionAge == .milliseconds(77_000))
        #expect(log.config.segmentBytes == 2_000_000 && log.config.segmentAgeMax == .seconds(1))
        #expect(log.config.compacts && log.config.deletes)
        try client.send(ProduceRequest("t", acks: 1), version: 8)
        let second = try client.reply(to: ProduceRequest.self, 8, rig)
        #expect(second?.outcomes == [.failed(.messageTooLarge)])
        try rig.configure(
            ConfigAlteration(.topic("t"), ["max.message.bytes": nil, "cleanup.policy": nil]))
        try client.send(ProduceRequest("t", acks: 1), version: 8)
        #expect(try client.reply(to: ProduceRequest.self, 8, rig)?.outcomes == [.at(1)])
        #expect(!log.config.compacts && log.config.retentionAge == .milliseconds(77_000))
    }

    @Test("hold for logs that are opened later")
    func laterLogs() throws {
        let disk = SimulatedDisk(seed: 1)
        do {
            let half = try StorageHalf(on: disk)
            #expect(half.create("t", partitions: 2) == nil)
            try half.directory.stop()
        }
        let half = try StorageHalf(on: disk.afterKill(), opensAll: false)
        let partition = try half.partition("t", 1)
        #expect(partition.log == nil)
        let change = ConfigAlteration(.topic("t"), ["retention.bytes": "5"])
        #expect(half.configure([change]) == [nil])
        partition.open()
        #expect(partition.log?.config.retentionBytes == 5)
    }

    @Test("of the broker are the defaults of topics that have none of their own, in Kafka's order")
    func defaults() throws {
        let rig = try BrokerRig {
            $0.given = ["log.retention.ms": "9000"]; $0.retentionMilliseconds = 9000
        }
        let plain = try rig.topic("plain")
        try rig.topic("special", ["retention.ms": "1"])
        func held() throws -> [String?] {
            try (["plain", "special"] as [Name]).map { try rig.text(.topic($0), "retention.ms") }
        }
        #expect(try held() == ["9000", "1"])
        try rig.configure(ConfigAlteration(.cluster, ["log.retention.ms": "8000"]))
        #expect(try held() == ["8000", "1"])
        try rig.configure(ConfigAlteration(.broker(1), ["log.retention.ms": "7000"]))
        #expect(try held() == ["7000", "1"])
        #expect(plain.partition(0)?.log?.config.retentionAge == .seconds(7))
        let entry = try rig.administration.describeConfigs(of: .topic("plain"), keys: ["retention.ms"]).get()[
            0]
        #expect(entry.synonyms.map(\.origin) == [.broker, .cluster, .start, .default])
        #expect(entry.synonyms.map(\.value) == ["7000", "8000", "9000", "168"])
        try rig.configure(ConfigAlteration(.broker(1), ["log.retention.ms": nil]))
        #expect(try held() == ["8000", "1"])
        // A topic that is made now has them too.
        #expect(try rig.topic("new").settings.retentionMilliseconds == 8000)
        try rig.configure(ConfigAlteration(.cluster, ["log.retention.ms": nil]))
        #expect(try held() == ["9000", "1"])
    }

    @Test("of connections hold for the next one, and of compaction for the next look")
    func liveBroker() throws {
        let rig = try BrokerRig()
        let first = try rig.connect()
        try rig.configure(
            ConfigAlteration(
                .broker(1), ["max.connections": "1", "log.cleaner.backoff.ms": "7", "nothing": "x"]))
        #expect(throws: ConnectionCounts.Refusal.tooMany(1)) { try rig.connect() }
        #expect(rig.storage.compaction.withLock { $0.backoff } == .milliseconds(7))
        try rig.configure(ConfigAlteration(.broker(1), ["max.connections": nil]))
        _ = try rig.connect()
        first.vanish()
    }

    @Test("of compaction get no more memory than there is room for", arguments: [1, 8])
    func compactionInLittleMemory(threads: Int32) throws {
        let room = MemoryRoom(bytes: 64 << 20, bound: .controlGroup)
        let system = SystemLimits(descriptors: 1024, room: room, backlogMax: nil)
        var settings = BrokerSettings()
        settings.cleanerThreads = threads
        for value in ["134217728", "1073741824"] {
            let configs = try BrokerConfigs(
                system.bounding(settings), cluster: ["log.cleaner.dedupe.buffer.size": value])
            #expect(CompactionSettings(configs.settings).mapBytes == 8 << 20)
            #expect(configs.text(of: "log.cleaner.dedupe.buffer.size") == value)
        }
    }

    @Test("of a group reach its members with their next heartbeat")
    func liveGroup() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        func beat(_ epoch: Int32) throws -> ConsumerGroupHeartbeatResponse {
            var request = ConsumerGroupHeartbeatRequest()
            request.groupID = "g"
            request.memberID = "m"
            request.memberEpoch = epoch
            request.rebalanceTimeoutMs = 60_000
            if epoch == 0 {
                request.subscribedTopicNames = ["t"]
                request.topicPartitions = []
            }
            try client.send(request, version: 1)
            return try #require(try client.reply(to: ConsumerGroupHeartbeatRequest.self, 1, rig))
        }
        let first = try beat(0)
        #expect(first.heartbeatIntervalMs == 5_000)
        try rig.configure(
            ConfigAlteration(.init(.group, "g"), ["consumer.heartbeat.interval.ms": "7000"]))
        #expect(try beat(first.memberEpoch).heartbeatIntervalMs == 7_000)
        try rig.configure(ConfigAlteration(.init(.group, "g"), ["consumer.heartbeat.interval.ms": nil]))
        #expect(try beat(first.memberEpoch).heartbeatIntervalMs == 5_000)
    }

    @Test("of the broker hold for groups of which nobody had heard yet")
    func laterGroups() throws {
        let rig = try BrokerRig()
        try rig.configure(ConfigAlteration(.broker(1), ["group.consumer.assignment.interval.ms": "7"]))
        let client = try rig.connect()
        var request = ConsumerGroupHeartbeatRequest()
        (request.groupID, request.memberID, request.rebalanceTimeoutMs) = ("g", "m", 60_000)
        (request.subscribedTopicNames, request.topicPartitions) = (["t"], [])
        try client.send(request, version: 1)
        #expect(try client.reply(to: ConsumerGroupHeartbeatRequest.self, 1, rig)?.errorCode == 0)
        let shard = GroupHost.shard(of: "g", in: try #require(rig.broker.groups.existingShards()))
        let defaults = try #require(shard.inspect { $0.settings.consumer.defaults })
        #expect(defaults.assignmentIntervalMilliseconds == 7)
    }

    @Test("of loggers hold until the next start")
    func loggers() throws {
        let rig = try BrokerRig()
        func logged(_ topic: Name) throws -> Bool {
            try rig.topic(topic)
            return rig.lines.all.contains { $0.contains("topic.created topic=\(topic) ") }
        }
        #expect(try logged("a"))
        try rig.configure(ConfigAlteration(.init(.logger, "1"), ["topic": "WARN"]))
        #expect(try !logged("b"))
        try rig.configure(ConfigAlteration(.init(.logger, "1"), ["topic": nil]))
        #expect(try logged("c"))
        try rig.configure(ConfigAlteration(.init(.logger, "1"), ["root": "FATAL"]))
        #expect(try !logged("d"))
        try rig.configure(ConfigAlteration(.init(.logger, "1"), ["root": "FATAL", "topic": "INFO"]))
        #expect(try logged("e"))
        #expect(rig.broker.catalog.metadata.image.configs.isEmpty)
    }

    @Test("are there after a restart, all of them")
    func restart() throws {
        let disk = SimulatedDisk(seed: 1)
        let group = Target(.group, "g")
        let metrics = Target(.clientMetrics, "s")
        do {
            let rig = try BrokerRig(on: disk)
            try rig.topic("t")
            try rig.configure(
                ConfigAlteration(.topic("t"), ["retention.ms": "5000"]),
                ConfigAlteration(.broker(1), ["message.max.bytes": "4000"]),
                ConfigAlteration(.cluster, ["message.max.bytes": "3000", "log.segment.bytes": "2000000"]),
                ConfigAlteration(group, ["consumer.session.timeout.ms": "50000"]),
                ConfigAlteration(metrics, ["interval.ms": "1000"]))
            rig.flush()
        }
        let rig = try BrokerRig(on: disk.afterKill())
        let expected: [(Target, Name, String)] = [
            (.topic("t"), "retention.ms", "5000"), (.topic("t"), "max.message.bytes", "4000"),
            (.topic("t"), "segment.bytes", "2000000"), (.broker(1), "message.max.bytes", "4000"),
            (group, "consumer.session.timeout.ms", "50000"), (metrics, "interval.ms", "1000"),
        ]
        for (resource, key, value) in expected { #expect(try rig.text(resource, key) == value) }
        #expect(rig.broker.settings.topicDefaults.maxMessageBytes == 4000)
    }

    @Test("that go together alone are there after a restart, whatever their order")
    func contradictoryAlone() throws {
        let disk = SimulatedDisk(seed: 1)
        let pairs: [(resource: Target, prefix: String, lags: (min: String, max: String))] = [
            (.cluster, "log.cleaner.", ("50000", "100000")), (.broker(1), "log.cleaner.", ("20000", "40000")),
            (.topic("t"), "", ("5000", "10000")),
        ]
        func check(_ rig: BrokerRig) throws {
            for (resource, prefix, lags) in pairs.dropFirst() {
                #expect(try rig.text(resource, Name(prefix + "min.compaction.lag.ms")) == lags.min)
                #expect(try rig.text(resource, Name(prefix + "max.compaction.lag.ms")) == lags.max)
            }
        }
        do {
            let rig = try BrokerRig(on: disk)
            try rig.topic("t")
            for (resource, prefix, lags) in pairs {
                let keys = ["min", "max"].map { Name("\(prefix)\($0).compaction.lag.ms") }
                try rig.configure(ConfigAlteration(resource, [keys[0]: lags.min, keys[1]: lags.max]))
            }
            try check(rig)
            rig.flush()
        }
        try check(try BrokerRig(on: disk.afterKill()))
    }

    @Test("go as a whole or not at all where the broker crashes at any moment", arguments: 0..<12)
    func crashes(after operations: Int) throws {
        let disk = SimulatedDisk(seed: UInt64(operations))
        let half = try StorageHalf(on: disk)
        #expect(half.create("t", partitions: 1) == nil)
        let first = ConfigAlteration(.topic("t"), ["retention.ms": "1000", "retention.bytes": "1000"])
        #expect(half.configure([first]) == [nil])
        disk.crash(after: operations)
        let second = ConfigAlteration(.topic("t"), ["retention.ms": "2000", "retention.bytes": "2000"])
        let other = ConfigAlteration(.cluster, ["log.segment.bytes": "2000000"])
        let isTold = half.configure([second, other]) == [nil, nil]
        half.directory.abandon()
        let next = try StorageHalf(on: disk.afterPowerCut())
        let settings = try #require(next.catalog.topics["t"]).settings
        let isThere = settings.retentionMilliseconds == 2000
        #expect(settings.retentionMilliseconds == settings.retentionBytes)
        #expect(settings.segmentBytes == (isThere ? 2_000_000 : 1 << 30))
        // What was told is there; what was not may be there too.
        #expect(isThere || !isTold)
        if !isThere { #expect(settings.retentionMilliseconds == 1000) }
    }

    @Test("are only checked where that is wished")
    func validation() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let end = rig.broker.catalog.metadataOffset
        let good = ConfigAlteration(.topic("t"), ["retention.ms": "5"])
        #expect(try rig.refusal(good, validateOnly: true) == nil)
        let bad = ConfigAlteration(.topic("t"), ["retention.ms": "x"])
        #expect(try rig.refusal(bad, validateOnly: true)?.code == .invalidConfig)
        let level = ConfigAlteration(.init(.logger, "1"), ["root": "ERROR"])
        #expect(try rig.refusal(level, validateOnly: true) == nil)
        #expect(try rig.text(.init(.logger, "1"), "root") == "INFO")
        #expect(rig.broker.catalog.metadataOffset == end)
    }

    @Test("can be taken back as they were told, every one of them")
    func getThenSet() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        for resource in [
            Target.topic("t"), .init(.group, "g"), .init(.clientMetrics, "s"), .init(.logger, "1"),
            .broker(1),
        ] {
            let told = try rig.administration.describeConfigs(of: resource, keys: []).get()
            let entries = told.filter { !$0.isReadOnly && $0.value != nil }
            #expect(!entries.isEmpty)
            for entry in entries {
                // They count at a start alone here, or belong to a listener, as in Kafka.
                if ["listeners", "listener.security.protocol.map"].contains(entry.name) { continue }
                if ["ssl.keystore.type", "ssl.truststore.type"].contains(entry.name) { continue }
                let change = ConfigAlteration(resource, [entry.name: entry.value])
                #expect(try rig.refusal(change) == nil, "\(resource) \(entry.name)")
            }
        }
    }

    @Test(
        "of groups that this version refuses, or the broker's bounds by now, have no effect; those beside do",
        arguments: [
            ("consumer.assignment.interval.ms", "x"), ("consumer.heartbeat.interval.ms", "1"),
            ("consumer.of.the.future", "1"), ("", ""),
        ])
    func foreignGroupValues(_ key: Name, _ value: String) throws {
        let broker = try BrokerConfigs(BrokerSettings())
        var refused: [Name] = []
        let config = GroupConfig(
            accepted: ["consumer.session.timeout.ms": "50000", key: value], broker
        ) { refused.append($0.key) }
        var expected = ConsumerSettings(BrokerSettings()).defaults
        expected.sessionTimeoutMilliseconds = 50_000
        #expect(config.consumer == expected)
        #expect(refused == [key])
    }

    @Test("of Kafka's that this version refuses have no effect, and those beside them keep theirs")
    func foreignValues() throws {
        let disk = SimulatedDisk(seed: 1)
        do {
            let half = try StorageHalf(on: disk)
            let records: [(Target, Name, String)] = [
                (.broker(1), "max.connection.creation.rate", "5"), (.broker(1), "message.max.bytes", "99"),
                (.cluster, "num.io.threads", "16"), (.cluster, "min.insync.replicas", "1"),
            ]
            try half.metadata.append(records.map { .config(ConfigRecord($0, $1, $2)) })
            try half.directory.stop()
        }
        let half = try StorageHalf(on: disk.afterKill())
        #expect(half.catalog.settings.topicDefaults.maxMessageBytes == 99)
        #expect(half.lines(about: "broker_config.refused") == 1)
        let unserved = UnservedMetadata(half.metadata.image, nodeID: 1)
        #expect(unserved.brokerConfigs == ["max.connection.creation.rate", "num.io.threads"])
    }
}
