// Broker keys that are the defaults of topic keys. Type, limits and meaning stand in the topic key's row
// alone, which names the broker's key, so that the two cannot come apart.
import Base

extension ConfigRule<BrokerSettings> {
    /// The row of `name`, whose value topics have for a key of theirs unless they are given their own: it has
    /// an effect where theirs has one.
    static func defaulting(_ name: Name) -> ConfigRule {
        let rule = TopicSettings.rule(defaultedBy: name)
        let summary = name == rule.name ? "Default of topics." : "Default of \(rule.name)."
        return ConfigRule(
            name, rule.kind, effect: rule.effect, summary: "\(summary) \(rule.key.summary)",
            apply: { (settings, text) throws(ConfigError) in
                // Checked first under this name, which errors are to tell.
                try rule.kind.check(text, name)
                try rule.apply(&settings.topics, text)
            },
            render: { rule.render($0.topics) })
    }
}
