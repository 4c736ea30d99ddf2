/// UpdateFeatures (key 57, v0–2): gives features other levels, all or none (KIP-584). v1 kinds of changes,
/// validation alone · v2 one answer for all.
import Base
import Network
import Protocol
import Security

enum UpdateFeaturesHandler: RequestHandler {
    typealias Request = UpdateFeaturesRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.featureUpdates, limitBytes) {
            EntryBytes.refusal + 2 * $0.feature.utf8.count
        }
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        guard context.authorize(.alter, .cluster) else {
            return .now(Reply(request, context.clusterRefusal))
        }
        let updates = request.featureUpdates.map { update in
            FeatureUpdate(
                name: update.feature, level: update.maxVersionLevel,
                kind: FeatureUpdate.Kind(rawValue: update.upgradeType))
        }
        return .later(
            context.administration.updateFeatures(
                updates, validateOnly: request.validateOnly, answer: { Reply(request, $0) }))
    }
}

extension UpdateFeaturesResponse {
    fileprivate init(_ request: UpdateFeaturesRequest, _ refusal: Refusal?) {
        self.init()
        errorCode = refusal?.code.rawValue ?? ErrorCode.none.rawValue
        errorMessage = refusal?.message
        guard refusal == nil else { return }
        results = request.featureUpdates.map { update in
            var result = UpdatableFeatureResult()
            (result.feature, result.errorMessage) = (update.feature, "NONE")
            return result
        }
    }
}
