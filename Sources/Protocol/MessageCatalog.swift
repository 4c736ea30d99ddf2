// Every message by name, for tools and tests. Requests and replies come from the table of API keys.
import Base

/// All messages that the codec knows.
package enum MessageCatalog {
    /// Requests, replies, headers, records and the other structures.
    package static let all: [any Message.Type] =
        requests + replies + [RequestHeader.self, ResponseHeader.self] + coordinatorRecords + metadataRecords
        + remoteLogRecords + otherData

    /// In the order of the API keys.
    package static let requests: [any Message.Type] = APIKey.allCases.compactMap { $0.requestType }
    /// In the order of the API keys.
    package static let replies: [any Message.Type] = APIKey.allCases.compactMap { $0.replyType }

    /// Keys and values in the logs of group, transaction and share coordinators.
    package static let coordinatorRecords: [any RecordMessage.Type] = [
        OffsetCommitKey.self,
        OffsetCommitValue.self,
        LegacyOffsetCommitKey.self,
        LegacyOffsetCommitValue.self,
        GroupMetadataKey.self,
        GroupMetadataValue.self,
        ConsumerGroupMetadataKey.self,
        ConsumerGroupMetadataValue.self,
        ConsumerGroupPartitionMetadataKey.self,
        ConsumerGroupPartitionMetadataValue.self,
        ConsumerGroupMemberMetadataKey.self,
        ConsumerGroupMemberMetadataValue.self,
        ConsumerGroupTargetAssignmentMetadataKey.self,
        ConsumerGroupTargetAssignmentMetadataValue.self,
        ConsumerGroupTargetAssignmentMemberKey.self,
        ConsumerGroupTargetAssignmentMemberValue.self,
        ConsumerGroupCurrentMemberAssignmentKey.self,
        ConsumerGroupCurrentMemberAssignmentValue.self,
        ConsumerGroupRegularExpressionKey.self,
        ConsumerGroupRegularExpressionValue.self,
        ShareGroupMemberMetadataKey.self,
        ShareGroupMemberMetadataValue.self,
        ShareGroupMetadataKey.self,
        ShareGroupMetadataValue.self,
        ShareGroupTargetAssignmentMetadataKey.self,
        ShareGroupTargetAssignmentMetadataValue.self,
        ShareGroupTargetAssignmentMemberKey.self,
        ShareGroupTargetAssignmentMemberValue.self,
        ShareGroupCurrentMemberAssignmentKey.self,
        ShareGroupCurrentMemberAssignmentValue.self,
        ShareGroupStatePartitionMetadataKey.self,
        ShareGroupStatePartitionMetadataValue.self,
        StreamsGroupMetadataKey.self,
        StreamsGroupMetadataValue.self,
        StreamsGroupMemberMetadataKey.self,
        StreamsGroupMemberMetadataValue.self,
        StreamsGroupTargetAssignmentMetadataKey.self,
        StreamsGroupTargetAssignmentMetadataValue.self,
        StreamsGroupTargetAssignmentMemberKey.self,
        StreamsGroupTargetAssignmentMemberValue.self,
        StreamsGroupCurrentMemberAssignmentKey.self,
        StreamsGroupCurrentMemberAssignmentValue.self,
        StreamsGroupTopologyKey.self,
        StreamsGroupTopologyValue.self,
        ShareSnapshotKey.self,
        ShareSnapshotValue.self,
        ShareUpdateKey.self,
        ShareUpdateValue.self,
        TransactionLogKey.self,
        TransactionLogValue.self,
    ]

    /// Records of the metadata log.
    package static let metadataRecords: [any RecordMessage.Type] = [
        TopicRecord.self,
        RemoveTopicRecord.self,
        PartitionRecord.self,
        PartitionChangeRecord.self,
        ClearElrRecord.self,
        RegisterBrokerRecord.self,
        UnregisterBrokerRecord.self,
        FenceBrokerRecord.self,
        UnfenceBrokerRecord.self,
        BrokerRegistrationChangeRecord.self,
        RegisterControllerRecord.self,
        AccessControlEntryRecord.self,
        RemoveAccessControlEntryRecord.self,
        UserScramCredentialRecord.self,
        RemoveUserScramCredentialRecord.self,
        DelegationTokenRecord.self,
        RemoveDelegationTokenRecord.self,
        ConfigRecord.self,
        ClientQuotaRecord.self,
        FeatureLevelRecord.self,
        ProducerIdsRecord.self,
        BeginTransactionRecord.self,
        EndTransactionRecord.self,
        AbortTransactionRecord.self,
        NoOpRecord.self,
        ZkMigrationStateRecord.self,
    ]

    /// Records of `__remote_log_metadata`.
    package static let remoteLogRecords: [any RecordMessage.Type] = [
        RemoteLogSegmentMetadataRecord.self,
        RemoteLogSegmentMetadataUpdateRecord.self,
        RemoteLogSegmentMetadataSnapshotRecord.self,
        RemotePartitionDeleteMetadataRecord.self,
    ]

    /// Structures without a number: consumer protocol, control records, files.
    package static let otherData: [any Message.Type] = [
        ConsumerProtocolSubscription.self,
        ConsumerProtocolAssignment.self,
        ControlRecordTypeSchema.self,
        EndTxnMarker.self,
        LeaderChangeMessage.self,
        SnapshotHeaderRecord.self,
        SnapshotFooterRecord.self,
        KRaftVersionRecord.self,
        VotersRecord.self,
        QuorumStateData.self,
        ProducerSnapshot.self,
        DefaultPrincipalData.self,
    ]

    /// The message called `name` in Kafka; nil if there is none.
    package static func type(named name: String) -> (any Message.Type)? { byName[Name(name)] }

    /// The metadata record with this number; nil if there is none.
    package static func metadataRecord(_ recordType: Int) -> (any RecordMessage.Type)? {
        metadataRecords.first { Int($0.recordType) == recordType }
    }

    private static let byName: [Name: any Message.Type] = Dictionary(
        uniqueKeysWithValues: all.map { (Name($0.name), $0) })
}
