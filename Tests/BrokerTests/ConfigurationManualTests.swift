// docs/configuration.md is made of the tables of configurations; UPDATE_FIXTURES=1 writes it anew.
import Base
import Foundation
import TestSupport
import Testing

@testable import Broker

/// The manual of all configuration keys.
private enum ConfigurationManual {
    static var text: String {
        """
        # Configuration
        Every key that the broker knows, made of the tables that it reads them by. Names are Kafka's, but for
        those that begin with `apus.`, and defaults are Kafka's unless [GAPS.md](../GAPS.md) says otherwise.
        How values are given at a start is told in the [README](../README.md). What can be changed while the
        broker runs is changed with Kafka's tools (`kafka-configs.sh`) or by any client; it is durable before
        the answer, and holds at once. Keys without an effect are checked, kept and told.

        ## Topics
        Set when a topic is created, or at any time; where a topic sets nothing, the broker's key holds.

        \(topics)
        ## Groups
        Set at any time.

        \(groups)
        ## Client metrics
        Subscriptions are kept, and told.

        \(metrics)
        ## Loggers
        The levels of the log are changed while the broker runs, and gone after a restart: `TRACE`, `DEBUG`,
        `INFO`, `WARN`, `ERROR` or `FATAL` for `root` or for a component, the first part of an event:
        \(code(BrokerLoggers.components)).

        ## The broker
        Changed at a start alone (read-only), at any time for this broker (per-broker), or for this one or for
        all (cluster-wide).

        \(brokers)
        """
    }

    private static var topics: String {
        table(TopicSettings.rules, TopicSettings.defaults, last: "broker's key") { code($0.synonyms) }
    }
    private static var groups: String {
        table(GroupConfig.rules, groupDefaults, last: "broker's key") { code($0.synonyms) }
    }
    private static var metrics: String {
        table(ClientMetricsConfig.rules, metricsDefaults, last: nil) { _ in "" }
    }
    private static var brokers: String {
        table(BrokerSettings.rules, BrokerSettings.defaults, last: "changed") { $0.update.rawValue }
    }

    private static var groupDefaults: [Name: String] {
        let broker = try? BrokerConfigs(BrokerSettings())
        return Dictionary(
            uniqueKeysWithValues: GroupConfig.rules.compactMap { rule in
                broker.flatMap { GroupConfig.defaultText(of: rule, $0) }.map { (rule.name, $0) }
            })
    }

    private static var metricsDefaults: [Name: String] {
        Dictionary(
            uniqueKeysWithValues: ClientMetricsConfig.rules.compactMap { rule in
                rule.render(ClientMetricsConfig()).map { (rule.name, $0) }
            })
    }

    private static func table<Settings>(
        _ rules: [ConfigRule<Settings>], _ defaults: [Name: String], last title: String?,
        _ last: (ConfigKey) -> String
    ) -> String {
        var columns = ["key", "type", "default", "valid", "importance", "what"]
        if let title { columns.append(title) }
        var lines = [row(columns), row(columns.map { _ in "---" })]
        for rule in rules.sorted(by: { $0.name < $1.name }) {
            let unset = defaults[rule.name].map { $0.isEmpty ? "empty" : "`\($0)`" } ?? ""
            var cells = [
                "`\(rule.name)`", rule.type.name.lowercased(), unset, valid(rule.kind),
                rule.key.importance.rawValue, rule.key.documentation,
            ]
            if title != nil { cells.append(last(rule.key)) }
            lines.append(row(cells))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ cells: [String]) -> String {
        "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }

    private static func code(_ names: [Name]) -> String {
        names.map { "`\($0)`" }.joined(separator: ", ")
    }

    private static func valid(_ kind: ConfigKind) -> String {
        switch kind {
        case .boolean: "true, false"
        case .integer(let type, let range, let exception):
            bounds(type, range) + (exception.map { " or \($0)" } ?? "")
        case .fraction(let range):
            range.lowerBound.isInfinite
                ? ""
                : "from \(JavaNumber.text(range.lowerBound)) to "
                    + JavaNumber.text(range.upperBound)
        case .text(let mayBeEmpty): mayBeEmpty ? "" : "not empty"
        case .choice(let names, _): names.joined(separator: ", ")
        case .list(let names, let mayBeEmpty):
            [names.map { "some of " + $0.joined(separator: ", ") }, mayBeEmpty ? nil : "not empty"]
                .compactMap(\.self).joined(separator: "; ")
        case .replicas: "PARTITION:BROKER, or *"
        case .offsetReset: "earliest, latest, by_duration:PnDTnHnMn.nS"
        case .className: "a class of Java"
        case .password: ""
        }
    }

    private static func bounds(_ type: ConfigType, _ range: ClosedRange<Int64>) -> String {
        let all: ClosedRange<Int64> =
            switch type {
            case .short: Int64(Int16.min)...Int64(Int16.max)
            case .int: Int64(Int32.min)...Int64(Int32.max)
            default: .min ... .max
            }
        switch (range.lowerBound == all.lowerBound, range.upperBound == all.upperBound) {
        case (true, true): return ""
        case (false, true): return "from \(range.lowerBound)"
        case (true, false): return "to \(range.upperBound)"
        case (false, false): return "from \(range.lowerBound) to \(range.upperBound)"
        }
    }
}

@Suite("the manual of configurations")
struct ConfigurationManualTests {
    private static let path = Fixture.path("../docs/configuration.md")

    @Test("docs/configuration.md says what the tables say")
    func manual() throws {
        if ProcessInfo.processInfo.environment["UPDATE_FIXTURES"] == "1" {
            try Data(ConfigurationManual.text.utf8).write(to: URL(filePath: Self.path))
        }
        let written = try String(contentsOfFile: Self.path, encoding: .utf8)
        #expect(
            written == ConfigurationManual.text,
            "UPDATE_FIXTURES=1 swift test --filter ConfigurationManualTests writes it anew")
    }
}
