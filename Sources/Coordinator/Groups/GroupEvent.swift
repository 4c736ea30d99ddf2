// What a group coordinator is told, and what it answers. Requests come as their messages; what concerns many
// groups is split by shard before and put together afterwards by the host.
package import Base
package import Protocol

/// Who sent a request, as members are described.
package struct GroupClient: Hashable, Sendable {
    /// The client id of the request's header.
    package let id: Name
    /// The address, written as Kafka does: `/127.0.0.1`.
    package let host: String

    /// The client `id` at `host`.
    package init(id: Name, host: String) {
        self.id = id
        self.host = host
    }
}

/// A request to the groups of one shard.
package enum GroupRequest: Sendable {
    /// `freshID` makes the id of a member that has none.
    case join(JoinGroupRequest, version: Int16, from: GroupClient, freshID: UUID)
    case sync(SyncGroupRequest)
    case heartbeat(HeartbeatRequest)
    case leave(LeaveGroupRequest)
    /// Topics have their names, and their ids where they are known.
    case commitOffsets(OffsetCommitRequest, version: Int16)
    /// Topics have their names.
    case fetchOffsets(OffsetFetchRequest.OffsetFetchRequestGroup, requireStable: Bool)
    case deleteOffsets(OffsetDeleteRequest)
    case describe([Name])
    case list(GroupFilter)
    case delete([Name])
    case consumerHeartbeat(ConsumerHeartbeat)
    case describeConsumers([Name])
}

/// The answer to a `GroupRequest` of the same name.
package enum GroupReply: Sendable {
    case join(JoinGroupResponse)
    case sync(SyncGroupResponse)
    case heartbeat(HeartbeatResponse)
    case leave(LeaveGroupResponse)
    case commitOffsets(OffsetCommitResponse)
    case fetchOffsets(OffsetFetchResponse.OffsetFetchResponseGroup)
    case deleteOffsets(OffsetDeleteResponse)
    case describe([DescribeGroupsResponse.DescribedGroup])
    case list([ListGroupsResponse.ListedGroup])
    case delete([DeleteGroupsResponse.DeletableGroupResult])
    case consumerHeartbeat(ConsumerGroupHeartbeatResponse)
    case describeConsumers([ConsumerGroupDescribeResponse.DescribedGroup])
}

/// What happens to the groups of one shard, deadlines aside.
package enum GroupEvent: Sendable {
    /// Somebody asks.
    case request(GroupRequest, ReplyToken)
    /// Topics were deleted; their offsets go too.
    case topicsDeleted(Set<Name>)
    /// These topics exist, and no others: offsets of topics that were deleted while nobody looked go.
    case topicsKnown([Name: TopicID])
    /// It is time to look for offsets and groups that nobody uses any more.
    case expiryDue
    /// Topics were made, changed or deleted; a host says so at the beginning too.
    case topicsChanged(any TopicsView)
    /// A consumer group has settings of its own, or no longer.
    case configured(group: Name, ConsumerGroupConfig?)
    /// What the members of a large consumer group shall have was computed.
    case targetComputed(ComputedTarget)
}

/// Which groups a listing shows; empty filters show all.
package struct GroupFilter: Sendable {
    /// Names of states, in any case.
    package var states: Set<Name> = []
    /// Names of types, in any case.
    package var types: Set<Name> = []

    /// A filter from the lists of a ListGroups request.
    package init(states: [Name] = [], types: [Name] = []) {
        self.states = Set(states.map { Name($0.text.lowercased()) })
        self.types = Set(types.map { Name($0.text.lowercased()) })
    }

    /// Whether a group in `state` of `type` is shown.
    package func shows(state: Name, type: Name) -> Bool {
        (states.isEmpty || states.contains(Name(state.text.lowercased())))
            && (types.isEmpty || types.contains(Name(type.text.lowercased())))
    }
}

/// The types of groups, named as ListGroups names them.
package enum GroupKind: Name, Sendable {
    /// The leader among the members assigns.
    case classic
    /// The coordinator assigns (KIP-848).
    case consumer
}
