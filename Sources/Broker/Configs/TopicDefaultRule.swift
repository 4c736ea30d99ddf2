// Broker keys that are the defaults of topic keys. Type, limits and meaning stand in the topic key's row
// alone: a broker key's row names it, so that the two cannot come apart.

extension ConfigRule<BrokerSettings> {
    /// The row of `name`, whose value is what topics have for `topicKey` unless they are given their own.
    static func defaulting(_ name: String, of topicKey: String) -> ConfigRule {
        let rule = TopicSettings.rule(topicKey)
        return ConfigRule(
            name: name, type: rule.type, summary: summary(of: name, topicKey, rule),
            apply: { (settings, text) throws(ConfigError) in
                try rule.apply(&settings.topics, text, as: name)
            },
            render: { rule.render($0.topics) })
    }

    /// The same for a key that competes with others in coarser units: its value is kept at `path`, where
    /// `topicDefaults` finds out which of them counts.
    static func defaulting(
        _ name: String, of topicKey: String,
        kept path: any WritableKeyPath<BrokerSettings, Int64?> & Sendable
    ) -> ConfigRule {
        let rule = TopicSettings.rule(topicKey)
        return ConfigRule(
            name: name, type: rule.type, summary: summary(of: name, topicKey, rule),
            apply: { (settings, text) throws(ConfigError) in
                // The topic's row knows the limits; a number that passes them is one that can be kept.
                var checked = TopicSettings()
                try rule.apply(&checked, text, as: name)
                settings[keyPath: path] = Int64(text.trimmed)
            },
            render: { $0[keyPath: path].map { String($0) } })
    }

    private static func summary(
        of name: String, _ topicKey: String, _ rule: ConfigRule<TopicSettings>
    ) -> String {
        name == topicKey ? "Default of topics. \(rule.summary)" : "Default of \(topicKey). \(rule.summary)"
    }
}

extension ConfigRule {
    /// Applies a value that was given under another key, which errors then name.
    fileprivate func apply(_ settings: inout Settings, _ text: String, as key: String) throws(ConfigError) {
        do throws(ConfigError) { try apply(&settings, text) } catch { throw error.renamed(to: key) }
    }
}
