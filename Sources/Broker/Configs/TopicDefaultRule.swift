// Broker keys that are the defaults of topic keys. Type, limits and meaning stand in the topic key's row
// alone: a broker key's row names it, so that the two cannot come apart.
import Base

extension ConfigRule<BrokerSettings> {
    /// The row of `name`, whose value is what topics have for `topicKey` unless they are given their own.
    static func defaulting(_ name: Name, of topicKey: Name) -> ConfigRule {
        let rule = TopicSettings.rule(topicKey)
        return ConfigRule(
            name, rule.kind, summary: summary(of: name, topicKey, rule),
            apply: { (settings, text) throws(ConfigError) in
                // Checked first under this name, which errors are to tell.
                try rule.kind.check(text, name)
                try rule.apply(&settings.topics, text)
            },
            render: { rule.render($0.topics) })
    }

    private static func summary(
        of name: Name, _ topicKey: Name, _ rule: ConfigRule<TopicSettings>
    ) -> String {
        name == topicKey ? "Default of topics. \(rule.summary)" : "Default of \(topicKey). \(rule.summary)"
    }
}
