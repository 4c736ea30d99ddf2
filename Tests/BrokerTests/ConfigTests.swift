import Base
import Network
import Testing

@testable import Broker

@Suite("configuration")
struct ConfigTests {
    @Test("a stronger source wins, whatever the order")
    func precedence() throws {
        var loader = BrokerConfigLoader()
        loader.add("num.partitions", "3", from: .flag)
        loader.addEnvironment([
            "KAFKA_NUM_PARTITIONS": "2", "KAFKA_CFG_MESSAGE_MAX_BYTES": "77", "KAFKA_MESSAGE_MAX_BYTES": "78",
        ])
        loader.add("num.partitions", "1", from: .file)
        loader.add("message.max.bytes", "1", from: .file)
        let (settings, withoutEffect, unknown) = try loader.settings()
        #expect(settings.defaultPartitions == 3)
        #expect(settings.topicDefaults.maxMessageBytes == 77)
        #expect(withoutEffect.isEmpty && unknown.isEmpty)
    }

    @Test("keys that Kafka knows and keys that nobody knows are told apart")
    func unknownKeys() throws {
        var loader = BrokerConfigLoader()
        loader.add("num.io.threads", "8", from: .file)
        loader.add("listener.name.internal.ssl.keystore.location", "x", from: .file)
        loader.add("num.partitons", "8", from: .file)
        loader.add("zookeeper.connect", "localhost:2181", from: .file)
        loader.addEnvironment([
            "KAFKA_HEAP_OPTS": "-Xmx1G", "PATH": "/bin", "KAFKA_PORT": "tcp://10.0.0.1:9092",
            "KAFKA_MESSAGE_MAX_BITES": "7",
        ])
        let (_, withoutEffect, unknown) = try loader.settings()
        #expect(
            withoutEffect == [
                "listener.name.internal.ssl.keystore.location", "num.io.threads", "zookeeper.connect",
            ])
        #expect(unknown == ["KAFKA_MESSAGE_MAX_BITES", "num.partitons"])
    }

    @Test(
        "a bad value names its key and what would be accepted",
        arguments: [
            ("num.partitions", "many", "Not a number of type INT"), ("num.partitions", "0", "at least 1"),
            ("auto.create.topics.enable", "maybe", "true or false"),
            ("apus.durability", "tape", "one of: disk, os"),
            ("log.cleanup.policy", "compact,keep", "compact, delete"),
            ("log.cleaner.min.cleanable.ratio", "2", "no more than 1"),
        ])
    func badValues(key: Name, value: String, hint: String) {
        var loader = BrokerConfigLoader()
        loader.add(key, value, from: .flag)
        let error = #expect(throws: ConfigError.self) { _ = try loader.settings() }
        #expect(error?.description.contains(key.text) == true)
        #expect(error?.description.contains(hint) == true)
    }

    @Test("limits of single hosts are given by name or by address, and blanks do not count")
    func addressLimits() throws {
        var loader = BrokerConfigLoader()
        let text = " localhost : 1 , 10.0.0.1:2,::2: 3,10.0.0.1:+4, "
        loader.add("max.connections.per.ip.overrides", text, from: .file)
        let limits = try loader.settings().settings.maxConnectionsPerAddressOverrides.resolved()
        let expected = [("127.0.0.1", 1), ("10.0.0.1", 4), ("::2", 3)]
        #expect(limits.count == 3)
        for (host, limit) in expected { #expect(limits[try #require(SocketAddress.Host(host))] == limit) }
        #expect(throws: StartError.self) { try AddressLimits("no.such.host.invalid:5").resolved() }
    }

    @Test("retention and rolling take the finest unit that is set")
    func units() throws {
        var loader = BrokerConfigLoader()
        loader.add("log.retention.hours", "1", from: .file)
        #expect(try loader.settings().settings.topicDefaults.retentionMilliseconds == 3_600_000)
        loader.add("log.retention.minutes", "1", from: .file)
        #expect(try loader.settings().settings.topicDefaults.retentionMilliseconds == 60_000)
        loader.add("log.retention.ms", "5", from: .file)
        loader.add("log.roll.ms", "9", from: .file)
        #expect(try loader.settings().settings.topicDefaults.retentionMilliseconds == 5)
        #expect(try loader.settings().settings.topicDefaults.segmentMilliseconds == 9)
    }

    @Test("each topic configuration takes back what it renders", arguments: TopicSettings.rules.map(\.name))
    func renderedValuesParse(name: Name) throws {
        let rule = try #require(TopicSettings.rules.first { $0.name == name })
        let text = try #require(rule.render(TopicSettings()))
        var settings = TopicSettings()
        try rule.apply(&settings, text)
        #expect(rule.render(settings) == text)
    }

    @Test(
        "a topic key's default in the broker has the same limits, and errors name the key that was given",
        arguments: [
            ("log.segment.bytes", "segment.bytes", "1048575"),
            ("log.index.interval.bytes", "index.interval.bytes", "x"),
            ("log.cleanup.policy", "cleanup.policy", "keep"), ("compression.type", "compression.type", "rar"),
            ("message.max.bytes", "max.message.bytes", "-1"), ("log.preallocate", "preallocate", "1"),
            ("log.message.timestamp.type", "message.timestamp.type", "x"),
        ])
    func oneRow(_ brokerKey: Name, _ topicKey: Name, _ value: String) throws {
        var loader = BrokerConfigLoader()
        loader.add(brokerKey, value, from: .flag)
        let broker = #expect(throws: ConfigError.self) { try loader.settings() }
        let topic = #expect(throws: ConfigError.self) { try TopicSettings().applying([topicKey: value]) }
        #expect(broker?.key == brokerKey)
        #expect(broker?.description == topic?.description.replacing(topicKey.text, with: brokerKey.text))
        let rule = try #require(BrokerSettings.rules.first { $0.name == brokerKey })
        #expect(rule.type == TopicSettings.rules.first { $0.name == topicKey }?.type)
    }

    @Test("every row can read what it writes")
    func rendering() throws {
        var settings = BrokerSettings()
        for rule in BrokerSettings.rules {
            guard let text = rule.render(settings) else { continue }
            try rule.apply(&settings, text)
            #expect(rule.render(settings) == text, "\(rule.name)")
        }
        settings.retentionMilliseconds = 77
        #expect(settings.topicDefaults.retentionMilliseconds == 77)
    }
}
