// What topics are configured with. There are many more topics than ways to configure them, and what one of
// those amounts to is several hundred bytes: topics that are configured alike share it.
internal import Base

/// A way to configure topics.
final class TopicConfiguration: Sendable {
    /// What was set on the topics themselves.
    let overrides: [Name: String]
    /// All settings, defaults included.
    let settings: TopicSettings
    /// What producers' batches must satisfy, worked out from `settings`.
    let rules: ProduceRules

    /// The settings that `overrides` make of the broker's defaults.
    init(overrides: [Name: String], settings: TopicSettings) {
        self.overrides = overrides
        self.settings = settings
        rules = ProduceRules(settings)
    }
}

/// The ways to configure topics that are known to be in use.
final class TopicConfigurations: Sendable {
    private let known = Lock([[Name: String]: TopicConfiguration]())
    /// So many are kept for the next topics; with more of them, topics share less.
    private static let knownMax = 256

    /// The configuration of topics with these values of their own, and what they amount to.
    func shared(_ overrides: [Name: String], _ settings: TopicSettings) -> TopicConfiguration {
        known.withLock { known in
            // The same values may amount to something else by now, as defaults change.
            if let found = known[overrides], found.settings == settings { return found }
            if known.count >= Self.knownMax { known = [:] }
            let configuration = TopicConfiguration(overrides: overrides, settings: settings)
            known[overrides] = configuration
            return configuration
        }
    }
}
