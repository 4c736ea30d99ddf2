// One request of each kind about what the cluster as a whole keeps.
import Base
import Protocol

@testable import Broker

extension AuthorizationWorld {
    /// Nil for a key that is not about the cluster.
    func aboutCluster(_ key: APIKey) -> (any RequestMessage)? {
        switch key {
        case .describeClientQuotas: return DescribeClientQuotasRequest()
        case .alterClientQuotas:
            var request = AlterClientQuotasRequest()
            request.entries = [.init()]
            request.entries[0].entity = [.init()]
            (request.entries[0].entity[0].entityType, request.entries[0].entity[0].entityName) = ("user", "u")
            request.entries[0].ops = [.init()]
            (request.entries[0].ops[0].key, request.entries[0].ops[0].value) = ("producer_byte_rate", 5)
            return request
        case .describeUserScramCredentials:
            var request = DescribeUserScramCredentialsRequest()
            request.users = [.init()]
            request.users?[0].name = "u"
            return request
        case .alterReplicaLogDirs: return Self.moves
        case .alterUserScramCredentials:
            var request = AlterUserScramCredentialsRequest()
            (request.deletions, request.upsertions) = ([.init()], [.init()])
            (request.deletions[0].name, request.deletions[0].mechanism) = ("gone", 1)
            (request.upsertions[0].name, request.upsertions[0].mechanism) = ("u", 2)
            (request.upsertions[0].iterations, request.upsertions[0].saltedPassword) = (4096, [1])
            return request
        case .updateFeatures: return UpdateFeaturesRequest()
        case .unregisterBroker: return UnregisterBrokerRequest()
        case .addRaftVoter:
            var request = AddRaftVoterRequest()
            (request.clusterID, request.voterID) = (nil, -1)
            return request
        case .removeRaftVoter:
            var request = RemoveRaftVoterRequest()
            (request.clusterID, request.voterID) = (nil, -1)
            return request
        case .createDelegationToken: return CreateDelegationTokenRequest()
        case .renewDelegationToken: return RenewDelegationTokenRequest()
        case .expireDelegationToken: return ExpireDelegationTokenRequest()
        case .describeDelegationToken: return DescribeDelegationTokenRequest()
        case .describeAcls:
            var request = DescribeAclsRequest()
            (request.resourceTypeFilter, request.operation, request.permissionType) = (1, 1, 1)
            return request
        case .createAcls:
            var request = CreateAclsRequest()
            request.creations = [.init()]
            request.creations[0].resourceType = 2
            (request.creations[0].operation, request.creations[0].permissionType) = (3, 3)
            return request
        case .deleteAcls:
            var request = DeleteAclsRequest()
            request.filters = [.init()]
            request.filters[0].resourceTypeFilter = 2
            (request.filters[0].operation, request.filters[0].permissionType) = (3, 3)
            return request
        default: return nil
        }
    }

    /// Partitions that there are, and are not, on their way to a directory that there is not.
    private static var moves: AlterReplicaLogDirsRequest {
        var request = AlterReplicaLogDirsRequest()
        request.dirs = [.init()]
        (request.dirs[0].path, request.dirs[0].topics) = ("/nowhere", [.init(), .init()])
        (request.dirs[0].topics[0].name, request.dirs[0].topics[0].partitions) = ("t0", [0, 9])
        (request.dirs[0].topics[1].name, request.dirs[0].topics[1].partitions) = ("nothing", [0])
        return request
    }
}
