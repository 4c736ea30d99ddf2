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
        var response = DescribeClusterResponse()
        switch EndpointType(rawValue: request.endpointType) {
        case .brokers:
            break
        case .controllers:
            response.errorCode = ErrorCode.mismatchedEndpointType.rawValue
            response.errorMessage =
                "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type "
                + "CONTROLLER"
            return .now(response)
        case nil:
            response.errorCode = ErrorCode.unsupportedEndpointType.rawValue
            response.errorMessage = "Unsupported endpoint type \(request.endpointType)"
            return .now(response)
        }
        let cluster = context.administration.describeCluster()
        response.clusterID = cluster.id
        response.controllerID = cluster.controllerID
        // The client shall come the way that it came.
        let address = context.broker.advertisedAddress(for: context)
        response.brokers = cluster.nodes.map { known in
            var node = DescribeClusterResponse.DescribeClusterBroker()
            node.brokerID = known.id
            (node.host, node.port) = address
            node.rack = known.rack
            return node
        }
        if request.includeClusterAuthorizedOperations {
            response.clusterAuthorizedOperations = context.clusterOperationBits
        }
        return .now(response)
    }
}
