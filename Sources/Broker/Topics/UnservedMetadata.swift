// What a data directory of Kafka asks for that this broker does not do: quotas hold nobody back, access rules
// are not asked where no authorizer is configured, and some of the configurations that were changed at run
// time have no effect. A start says so once.
internal import Base
internal import Security

/// What the metadata has without an effect.
struct UnservedMetadata: Equatable {
    var quotas = 0
    var accessRules = 0
    var users = 0
    /// Keys without an effect that were set for this broker, or for all, while it ran.
    var brokerConfigs: [Name] = []

    /// What there is in `image`; access rules only where nobody asks them.
    init(_ image: MetadataImage, nodeID: Int32, asksRules: Bool = false) {
        users = Set(image.credentials.keys.map(\.name)).count
        quotas = image.quotas.entities.count
        accessRules = asksRules ? 0 : image.accessRules.count
        let keys = [.cluster, .broker(nodeID)].flatMap { image.configs[$0].map { Array($0.keys) } ?? [] }
        brokerConfigs = Set(keys).filter { key in
            if case .some(.honoured) = BrokerSettings.rule(key)?.effect { false } else { true }
        }.sorted()
    }

    /// Whether there is nothing of all that.
    var isEmpty: Bool { quotas == 0 && accessRules == 0 && users == 0 && brokerConfigs.isEmpty }

    /// Warns of what there is.
    func report(to logger: Logger) {
        guard !isEmpty else { return }
        logger.log(
            .warning, "metadata.ignored",
            [
                "quotas": "\(quotas)", "acls": "\(accessRules)", "users": "\(users)",
                "broker_configs": brokerConfigs.map(\.text).joined(separator: ","),
            ])
    }
}
