// Configuration values, against what Kafka 4.3.1 made of them: `fixtures/configurations/values.jsonl.gz`.
import Base
import Foundation
import Protocol
import TestSupport
import Testing

@testable import Broker

/// One question and Kafka's answer.
private struct ConfigVector {
    let configs: [(key: String, value: String?)]
    let code: Int64
    let message: String?

    static let all: [(scope: String, vector: ConfigVector)] = load()

    private static func load() -> [(scope: String, vector: ConfigVector)] {
        let objects = (try? Fixture.objects("configurations/values.jsonl.gz")) ?? []
        return objects.map { ($0["scope"]?.text ?? "", ConfigVector($0)) }
    }

    private init(_ object: JSONValue) {
        var configs: [(key: String, value: String?)] = []
        for pair in object["configs"]?.elements ?? [] {
            configs.append((key: pair.elements[0].text ?? "", value: pair.elements[1].text))
        }
        self.configs = configs
        code = object["code"]?.integer ?? -1
        message = object["message"]?.text
    }

    static func of(_ scope: String) -> [ConfigVector] { all.filter { $0.scope == scope }.map(\.vector) }

    var text: String {
        configs.map { "\($0.key)=\($0.value?.debugDescription ?? "null")" }.joined(separator: " ")
    }
}

@Suite("configuration values beside Kafka's")
struct ConfigVectorTests {
    @Test("1,292 configurations of topics are created, or refused with Kafka's code and sentence")
    func topics() throws {
        let vectors = ConfigVector.of("topic")
        #expect(vectors.count > 1200)
        for vector in vectors {
            var topic = CreateTopicsRequest.CreatableTopic()
            topic.name = "t"
            topic.numPartitions = 1
            topic.replicationFactor = 1
            topic.configs = vector.configs.map { key, value in
                var config = CreateTopicsRequest.CreatableTopicConfig()
                config.name = Name(key)
                config.value = value
                return config
            }
            var (code, message): (Int64, String?) = (0, nil)
            do throws(Refusal) {
                _ = try NewTopic(topic).checked(against: TopicDirectory(), BrokerSettings())
            } catch {
                (code, message) = (Int64(error.code.rawValue), error.message)
            }
            if code == vector.code && message == vector.message { continue }
            #expect(
                TopicDifference.covers(vector.configs, code, vector.code),
                "\(vector.text): \(message ?? "accepted"), not \(vector.message ?? "accepted")")
        }
    }

    @Test(
        "11,366 configurations of brokers are accepted or refused as Kafka does, but for those with a reason")
    func brokers() throws {
        let vectors = ConfigVector.of("broker")
        #expect(vectors.count > 11_000)
        var unusedReasons = Set(BrokerDifference.all.map(\.reason))
        for vector in vectors {
            let ours = verdict(vector)
            if ours == nil && vector.code == 0 { continue }
            if let ours, vector.code != 0, isSame(ours, vector.message ?? "", vector) { continue }
            let difference = BrokerDifference.all.first {
                $0.covers(vector.configs.map { ($0.key, $0.value ?? "") }, ours != nil, vector.code != 0)
            }
            if let difference { unusedReasons.remove(difference.reason) }
            #expect(
                difference != nil,
                "\(vector.text): \(ours?.description ?? "accepted"), not \(vector.message ?? "accepted")")
        }
        #expect(unusedReasons.isEmpty, "differences that are none any more")
    }

    private func verdict(_ vector: ConfigVector) -> ConfigError? {
        var loader = BrokerConfigLoader()
        for (key, value) in [
            ("process.roles", "broker,controller"), ("node.id", "1"),
            ("controller.quorum.voters", "1@127.0.0.1:9093"),
            ("listeners", "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"),
            ("controller.listener.names", "CONTROLLER"),
            (
                "listener.security.protocol.map",
                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,"
                    + "SASL_SSL:SASL_SSL"
            ),
        ] {
            loader.add(Name(key), value, from: .file)
        }
        for (key, value) in vector.configs { loader.add(Name(key), value ?? "", from: .file) }
        do throws(ConfigError) {
            _ = try loader.settings()
            return nil
        } catch {
            return error
        }
    }

    private func isSame(_ ours: ConfigError, _ theirs: String, _ vector: ConfigVector) -> Bool {
        let sentence = theirs.hasPrefix("requirement failed: ") ? String(theirs.dropFirst(20)) : theirs
        return ours.description == sentence || BrokerDifference.ownSentences.contains(ours.key.text)
    }
}
