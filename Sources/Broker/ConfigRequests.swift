// What requests about configurations have in common: who may ask, and how changes are answered that are asked
// for in two ways (AlterConfigs, IncrementalAlterConfigs).
import Base
import Protocol
import Security

/// What became of one thing whose configurations were to be changed.
protocol AlteredConfigs: SendableMetatype {
    init()
    var errorCode: Int16 { get set }
    var errorMessage: String? { get set }
    var resourceType: Int8 { get set }
    var resourceName: Name { get set }
}

extension AlterConfigsResponse.AlterConfigsResourceResponse: AlteredConfigs {}
extension IncrementalAlterConfigsResponse.AlterConfigsResourceResponse: AlteredConfigs {}

extension RequestContext {
    /// Why the sender must not do `operation` to the configuration of `resource`; nil if he may.
    func denial(_ operation: Operation, _ resource: MetadataImage.ConfigResource) -> Refusal? {
        let asked: Resource =
            switch resource.kind {
            case .topic: .topic(resource.name)
            case .group: .group(resource.name)
            case .broker, .logger, .clientMetrics, nil: .cluster
            }
        guard !authorize(operation, asked) else { return nil }
        return Refusal(code: asked.refusal, message: "Authorization failed.")
    }

    /// Changes configurations as far as the sender may; `reply` is made of what became of each, in order.
    func alterConfigs<Altered: AlteredConfigs, Reply: Sendable>(
        _ wanted: [ConfigAlteration], validateOnly: Bool, reply: @escaping @Sendable ([Altered]) -> Reply
    ) -> Outcome<Reply> {
        .later(
            administration.alterConfigs(
                wanted, validateOnly: validateOnly, denial: { denial(.alterConfigs, $0) },
                answer: { refusals in
                    reply(
                        zip(wanted, refusals).map { alteration, refusal in
                            var altered = Altered()
                            altered.errorCode = refusal?.code.rawValue ?? ErrorCode.none.rawValue
                            altered.errorMessage = refusal?.message
                            altered.resourceType = alteration.resource.type
                            altered.resourceName = alteration.resource.name
                            return altered
                        })
                }))
    }
}
