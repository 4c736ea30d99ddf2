// Every configuration of the corpus, beside what Kafka 4.3.1 made of it.
import Base
import Foundation
import Network
import Protocol
import TestSupport
import Testing

@testable import Broker

@Suite("the corpus of configurations")
struct ConfigurationCorpusTests {
    /// What is refused, and the key that the refusal names: protection that was asked for, and nonsense.
    private static let refused = [
        "compose/apache-sasl": "listener.security.protocol.map",
        "compose/apache-ssl": "listener.security.protocol.map",
        "compose/bitnami-sasl": "listener.security.protocol.map", "compose/confluent-sasl-ssl": "listeners",
        "stock/secured-listeners": "listener.security.protocol.map",
        "stock/ids-differ": "broker.id", "stock/kafka-4-controller": "process.roles",
    ]
    private static let accepted = CorpusConfiguration.all.filter { refused[$0.name] == nil }

    @Test(
        "what asks for protection that there is not, or contradicts itself, is refused with its key",
        arguments: CorpusConfiguration.all.filter { refused[$0.name] != nil })
    func refusals(_ configuration: CorpusConfiguration) throws {
        let loader = try configuration.loader()
        let error = #expect(throws: ConfigError.self) { try loader.settings() }
        let key = try #require(Self.refused[configuration.name])
        #expect(error?.key.text == key)
        #expect(error?.description.contains(key) == true)
    }

    @Test("all others start and tell their clients what Kafka would", arguments: accepted)
    func starts(_ configuration: CorpusConfiguration) throws {
        let (settings, _, unknown) = try configuration.loader().settings()
        #expect(unknown == (configuration.name == "compose/apache-tuned" ? ["KAFKA_MAX_REQUEST_SIZE"] : []))
        let plan = try ListenerPlan(settings)
        let scratch = FileManager.default.temporaryDirectory.path + "/apus-corpus-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        do {
            try withBroker(on: scratch, { settle(&$0, settings, in: scratch) }) { broker, _ in
                #expect(broker.boundAddresses.count == plan.listeners.count)
                for (listener, bound) in zip(plan.listeners, broker.boundAddresses) {
                    try check(listener, bound, configuration.advertised[listener.name], plan)
                }
            }
        } catch let error as StartError {
            #expect(configuration.name == "stock/directory-twice", "\(error)")
            #expect(!configuration.starts)
        }
    }

    /// The configuration on this machine: directories of the test's own, ports that are free, names that it
    /// knows.
    private func settle(_ settings: inout BrokerSettings, _ wanted: BrokerSettings, in scratch: String) {
        settings = wanted
        settings.diskReserveBytes = 0
        settings.logDirectories = wanted.dataDirectories.map { scratch + "/" + $0 }
        settings.metadataLogDirectory = wanted.metadataLogDirectory.map { scratch + "/" + $0 }
        settings.listeners = settings.listeners.map { entry in
            let name = entry.prefix { $0 != ":" }
            let host = entry.dropFirst(name.count + 3).reversed().drop { $0 != ":" }.dropFirst().reversed()
            let isKnown = ["", "0.0.0.0", "[::]", "localhost", "::1", "127.0.0.1"].contains(String(host))
            return "\(name)://\(isKnown ? String(host) : "localhost"):0"
        }
    }

    private func check(
        _ listener: ListenerAddress, _ bound: SocketAddress, _ told: String?, _ plan: ListenerPlan
    ) throws {
        let families = listener.isEverywhere ? [false, true] : [bound.isIPv6]
        for isIPv6 in families {
            let client = try LoopbackClient(port: bound.port, isIPv6: isIPv6)
            let reply = try client.ask(MetadataRequest(), version: 9, MetadataResponse.self)
            let broker = try #require(reply.brokers.first)
            let configured = plan.advertised.first { $0.name == listener.name }
            let port = Int32(configured?.port ?? 0) == 0 ? Int32(bound.port) : Int32(configured?.port ?? 0)
            #expect(broker.port == port)
            guard let told else { continue }
            let host = told.hasPrefix("THIS-MACHINE:") ? "localhost" : String(told.prefix { $0 != ":" })
            #expect(broker.host == host)
        }
    }

    @Test("there are as many as were promised, and none is without Kafka's verdict")
    func size() {
        #expect(CorpusConfiguration.all.count >= 43)
        #expect(CorpusConfiguration.all.filter { $0.name.hasPrefix("compose") }.count >= 28)
        #expect(Set(Self.refused.keys).isSubset(of: CorpusConfiguration.all.map(\.name)))
    }

    @Test("every key of Kafka's has one row, honoured, without effect for a reason, or refused as protection")
    func oneRow() throws {
        let names = BrokerSettings.rules.map(\.name)
        #expect(Set(names).count == names.count)
        let catalogue = Set(
            try Fixture.objects("configurations/values.jsonl.gz").filter {
                $0["scope"]?.text == "broker"
            }
            .compactMap { $0["configs"]?.elements }.filter { $0.count == 1 }.compactMap {
                $0[0].elements[0].text.map { Name($0) }
            })
        let own = Set(names).subtracting(catalogue)
        // Two are read by Kafka's authorizer alone, so that Kafka's own table does not have them.
        let ofAuthorizer: Set<Name> = ["super.users", "allow.everyone.if.no.acl.found"]
        #expect(own.subtracting(ofAuthorizer).allSatisfy { $0.hasPrefix("apus.") }, "\(own.sorted())")
        let missing = catalogue.subtracting(names).filter { ListenerKey.key(of: $0) == nil }
        #expect(
            missing.subtracting(["no.such.key"]).allSatisfy(ForeignBrokerKeys.contains), "\(missing.sorted())"
        )
        for rule in BrokerSettings.rules {
            if case .none(let reason) = rule.effect { #expect(!reason.isEmpty) }
        }
    }
}
