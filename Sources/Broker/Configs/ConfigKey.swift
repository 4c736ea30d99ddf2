// What there is to know of one configuration key, whatever its values are kept in: checks, descriptions and
// docs/configuration.md all read it.
package import Base

/// The type of a configuration value, numbered as DescribeConfigs numbers it (KIP-226).
package enum ConfigType: Int8, Sendable {
    case boolean = 1, string, int, short, long, double, list, `class`, password
}

/// What becomes of a key's value.
package enum ConfigEffect: Sendable {
    /// It is obeyed.
    case honoured
    /// It is checked and has no effect, for this reason.
    case none(String)
    /// It asks for protection that there is not: the broker refuses to start with it.
    case protection
}

/// How much a key matters, in Kafka's view.
package enum ConfigImportance: String, Sendable {
    case high, medium, low
}

/// When a broker's key can be changed (KIP-226).
package enum ConfigUpdate: String, Sendable {
    /// At a start alone.
    case readOnly = "read-only"
    /// At any time, for one broker.
    case perBroker = "per-broker"
    /// At any time, for one broker or for all.
    case clusterWide = "cluster-wide"
}

/// A configuration key.
package struct ConfigKey: Sendable {
    /// Kafka's name of the key.
    package let name: Name
    /// What values it takes.
    package let kind: ConfigKind
    /// What becomes of them.
    package internal(set) var effect: ConfigEffect
    /// What the key does, in one sentence; of a key without an effect the reason, as half a sentence.
    package let summary: String
    /// Its value where nobody sets it, for keys whose settings do not tell; nil is no value.
    package internal(set) var unsetText: String?
    /// How much it matters.
    package internal(set) var importance = ConfigImportance.medium
    /// When it can be changed; topics, groups and client metrics are changed at any time.
    package internal(set) var update = ConfigUpdate.readOnly
    /// The keys of the broker that its value comes from where nobody sets it, the strongest first.
    package internal(set) var synonyms: [Name] = []
    /// Whether it is listed only where somebody sets it.
    package internal(set) var isHidden = false

    /// How the value is written.
    package var type: ConfigType { kind.type }
    /// Whether nobody is shown the value.
    package var isSensitive: Bool { type == .password }
    /// What a reader is told of it.
    package var documentation: String {
        switch effect {
        case .honoured: summary
        case .none(let reason): "Without an effect here: \(reason)."
        case .protection: "Refused unless it asks for nothing: \(summary)."
        }
    }
}

extension ConfigRule {
    /// The same row of a key that matters more than most.
    var high: Self { changed { $0.importance = .high } }
    /// The same row of a key that matters less.
    var low: Self { changed { $0.importance = .low } }
    /// The same row of a key that can be changed for one broker, while it runs.
    var perBroker: Self { changed { $0.update = .perBroker } }
    /// The same row of a key that can be changed for one broker or for all.
    var clusterWide: Self { changed { $0.update = .clusterWide } }
    /// The same row of a key that is listed only where somebody sets it.
    var hidden: Self { changed { $0.isHidden = true } }
    /// The same row of a key without an effect, for `reason`.
    func idle(_ reason: String) -> Self { changed { $0.effect = .none(reason) } }
    /// The same row of a key that has this value where nobody sets it.
    func defaultsTo(_ text: String) -> Self { changed { $0.unsetText = text } }
    /// The same row of a key whose value comes from these keys of the broker where nobody sets it.
    func from(_ synonyms: Name...) -> Self { changed { $0.synonyms = synonyms } }

    private func changed(_ body: (inout ConfigKey) -> Void) -> Self {
        var copy = self
        body(&copy.key)
        return copy
    }
}
