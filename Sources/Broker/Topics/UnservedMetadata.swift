// What a data directory of Kafka asks for that this broker does not do yet: quotas hold nobody back, ACLs
// refuse nothing, configurations that were changed at run time have no effect. A start says so once.
internal import Base

/// What the metadata has without an effect.
struct UnservedMetadata: Equatable {
    var quotas = 0
    var accessRules = 0
    var users = 0
    /// Keys of configurations of this broker, or of all.
    var brokerConfigs: [Name] = []

    init(_ image: MetadataImage, nodeID: Int32) {
        users = image.unmodelledRecords(of: .userScramCredential)
        quotas = image.unmodelledRecords(of: .clientQuota)
        accessRules = image.unmodelledRecords(of: .accessControlEntry)
        let own = MetadataImage.ConfigResource(
            type: MetadataImage.ConfigResource.cluster.type, name: "\(nodeID)")
        let keys = [.cluster, own].flatMap { image.configs[$0].map { Array($0.keys) } ?? [] }
        // Kafka writes the first into every directory, with the value that it has anyway.
        brokerConfigs = Set(keys).subtracting(["min.insync.replicas"]).sorted()
    }

    /// Whether there is nothing of all that.
    var isEmpty: Bool { quotas == 0 && accessRules == 0 && users == 0 && brokerConfigs.isEmpty }

    /// Warns of what there is.
    func report(to logger: Logger) {
        guard !isEmpty else { return }
        logger.log(
            .warning, "metadata.without_effect",
            [
                "quotas": "\(quotas)", "acls": "\(accessRules)", "users": "\(users)",
                "broker_configs": brokerConfigs.map(\.text).joined(separator: ","),
            ])
    }
}
