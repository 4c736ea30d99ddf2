// The rows of broker keys that say who may do what.
import Base
internal import Security

extension BrokerSettings {
    /// The authorizer, and what it goes by.
    static let access: [ConfigRule<BrokerSettings>] = [
        .init(
            "authorizer.class.name", .string,
            summary: "Who decides what clients may do: Kafka's \(StandardAuthorizer.className), or nobody.",
            apply: { (settings, text) throws(ConfigError) in
                let name = text.trimmed
                guard name.isEmpty || name == StandardAuthorizer.className else {
                    throw .unprotected(
                        "authorizer.class.name", name,
                        "there are no classes of Java, and only \(StandardAuthorizer.className) is known")
                }
                settings.authorizerClass = name.isEmpty ? nil : name
            },
            render: { $0.authorizerClass ?? "" }
        ).low,
        .init(
            "super.users", .string,
            summary: "Who may do everything: TYPE:NAME, separated by semicolons.",
            apply: { (settings, text) throws(ConfigError) in
                guard let users = AccessPolicy.superUsers(text) else {
                    throw ConfigError(
                        key: "super.users", value: text,
                        problem: "expected users such as User:alice, separated by semicolons")
                }
                settings.accessPolicy.superUsers = users
            },
            render: { $0.accessPolicy.superUsers.sorted().joined(separator: ";") }
        ).hidden,
        .init(
            "allow.everyone.if.no.acl.found", sets: \.accessPolicy.allowsUncovered,
            "Whether everybody may do what no access rule is about."
        ).hidden,
    ]
}
