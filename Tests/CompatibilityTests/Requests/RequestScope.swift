// Which requests a sequence asks, and what kinds of them there are.
import Protocol

/// What a sequence of requests is about.
enum RequestScope: Sendable {
    /// Every key as often as any other.
    case everything
    /// Mostly administration, and what goes on beside it.
    case administration

    /// How many fields become odd.
    var oddFields: [Int] {
        self == .everything ? [0, 1, 1, 1, 1, 1, 2, 3] : [0, 0, 0, 0, 1, 1, 1, 2]
    }

    /// Of all that is served what is asked, the more often the more often it is there.
    func chosen(of served: RequestSequence.Served) -> RequestSequence.Served {
        guard self == .administration else { return served }
        return served.flatMap { key, versions -> RequestSequence.Served in
            let count = Self.administering.contains(key) ? 3 : Self.beside.contains(key) ? 1 : 0
            return Array(repeating: (key, versions), count: count)
        }
    }

    private static let administering: Set<APIKey> = [
        .createTopics, .deleteTopics, .createPartitions, .deleteRecords, .describeTopicPartitions,
        .describeConfigs, .alterConfigs, .incrementalAlterConfigs, .listConfigResources,
        .describeLogDirs, .alterReplicaLogDirs, .electLeaders, .alterPartitionReassignments,
        .listPartitionReassignments, .describeProducers, .describeCluster, .describeQuorum,
        .updateFeatures, .unregisterBroker, .addRaftVoter, .removeRaftVoter, .describeClientQuotas,
        .alterClientQuotas, .describeUserScramCredentials, .alterUserScramCredentials, .describeAcls,
        .createAcls, .deleteAcls, .createDelegationToken, .renewDelegationToken,
        .expireDelegationToken, .describeDelegationToken, .deleteGroups, .offsetDelete, .describeGroups,
        .listGroups, .consumerGroupDescribe,
    ]
    private static let beside: Set<APIKey> = [
        .produce, .fetch, .listOffsets, .metadata, .offsetCommit, .offsetFetch, .joinGroup, .leaveGroup,
        .heartbeat, .consumerGroupHeartbeat, .initProducerID,
    ]

    /// Requests after which topics have come or gone.
    static let changesTopics: Set<APIKey> = [.createTopics, .deleteTopics, .metadata, .createPartitions]

    /// Requests that may be asked again, as they change nothing.
    static let onlyReads: Set<APIKey> = [
        .describeConfigs, .listConfigResources, .listOffsets, .metadata, .offsetFetch, .findCoordinator,
        .describeGroups, .listGroups, .apiVersions, .offsetForLeaderEpoch, .describeCluster,
        .consumerGroupDescribe, .describeTopicPartitions, .describeProducers, .describeLogDirs,
        .listPartitionReassignments, .electLeaders, .alterPartitionReassignments, .describeQuorum,
        .describeClientQuotas,
        .describeUserScramCredentials, .describeAcls,
    ]
}
