// The rows of broker keys that ask for protection: whoever sets one relies on it, so a broker without it does
// not start. Listeners with TLS or SASL are refused in the same way (`ListenerPlan`).
import Base

extension BrokerSettings {
    /// Every broker configuration that is refused unless its value is harmless.
    static let protections: [ConfigRule<BrokerSettings>] = [
        .protection(
            "principal.builder.class", .className, unless: { $0 == defaultPrincipalBuilder },
            noPrincipalBuilder
        ).defaultsTo("org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder").perBroker,
        .protection(
            "create.topic.policy.class.name", .className, unless: { _ in false },
            "there are no classes of Java, and no policy refuses topics"
        ).low,
        .protection(
            "alter.config.policy.class.name", .className, unless: { _ in false },
            "there are no classes of Java, and no policy refuses configurations"
        ).low,
        .protection(
            "client.quota.callback.class", .className, unless: { _ in false },
            "there are no classes of Java, and no quota holds clients back"
        ).low,
        .protection(
            "max.connection.creation.rate", .int(from: 0),
            unless: { JavaNumber.integer($0) == Int64(Int32.max) },
            "how often clients connect is not limited"
        ).defaultsTo("2147483647").clusterWide,
        .protection(
            "cordoned.log.dirs", .list, unless: \.isEmpty,
            "new partitions are placed in every data directory"
        ).defaultsTo("").perBroker,
    ]

    fileprivate static let noPrincipalBuilder = "there are no classes of Java, and everybody is ANONYMOUS"
    fileprivate static let defaultPrincipalBuilder =
        "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder"
}

/// Keys of one listener: `listener.name.NAME.KEY`.
enum ListenerKey {
    /// What is set for one listener; nil if the key is none of a listener.
    static func key(of name: Name) -> Substring? {
        let parts = name.text.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "listener", parts[1] == "name", !parts[2].isEmpty,
            !parts[3].isEmpty
        else { return nil }
        return parts[3]
    }

    /// Refuses limits and rules of single listeners, which Kafka would obey.
    static func check(_ name: Name, _ value: String) throws(ConfigError) {
        guard let key = key(of: name) else { return }
        switch key {
        case "max.connections", "max.connection.creation.rate":
            let count = try ConfigKind.int(from: 0).integer(value, name)
            guard count == Int64(Int32.max) else {
                throw .unprotected(name, value, "connections of single listeners are not limited")
            }
        case "principal.builder.class":
            guard value.trimmed == BrokerSettings.defaultPrincipalBuilder else {
                throw .unprotected(name, value, BrokerSettings.noPrincipalBuilder)
            }
        default: return
        }
    }
}
