/// DescribeCluster (key 60, v0–2): the brokers without any topics. v1 brokers or controllers (KIP-919) · v2
/// fenced brokers.
import Base
import Network
import Protocol

enum DescribeClusterHandler: RequestHandler {
    typealias Request = DescribeClusterRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    /// What the request can ask for.
    private enum EndpointType: Int8 {
        case brokers = 1
        case controllers = 2
    }

    static func handle(_ request: DescribeClusterRequest, _ context: RequestContext) -> Outcome<
        DescribeClusterResponse
    > {
        let broker = context.broker
        var response = DescribeClusterResponse()
        switch EndpointType(rawValue: request.endpointType) {
        case .brokers:
            break
        case .controllers:
            response.errorCode = ErrorCode.mismatchedEndpointType.rawValue
            response.errorMessage =
                "This endpoint is of type BROKER; one of type CONTROLLER was wanted"
            return .now(response)
        case nil:
            response.errorCode = ErrorCode.unsupportedEndpointType.rawValue
            response.errorMessage = "Unsupported endpoint type \(request.endpointType)"
            return .now(response)
        }
        response.clusterID = broker.clusterID
        let address = broker.advertisedAddress(for: context)
        response.controllerID = broker.settings.nodeID
        var node = DescribeClusterResponse.DescribeClusterBroker()
        node.brokerID = broker.settings.nodeID
        (node.host, node.port) = address
        node.rack = broker.settings.rack.map { Name($0) }
        response.brokers = [node]
        if request.includeClusterAuthorizedOperations {
            response.clusterAuthorizedOperations = context.clusterOperationBits
        }
        return .now(response)
    }
}
