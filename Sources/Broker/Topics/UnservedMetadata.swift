// What a data directory of Kafka asks for that this broker does not do yet: quotas hold nobody back, ACLs
// refuse nothing, and some of the configurations that were changed at run time have no effect. A start says
// so once.
internal import Base

/// What the metadata has without an effect.
struct UnservedMetadata: Equatable {
    var quotas = 0
    var accessRules = 0
    var users = 0
    /// Keys without an effect that were set for this broker, or for all, while it ran.
    var brokerConfigs: [Name] = []

    init(_ image: MetadataImage, nodeID: Int32) {
        users = Set(image.credentials.keys.map(\.name)).count
        quotas = image.quotas.entities.count
        accessRules = image.unmodelledRecords(of: .accessControlEntry)
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
