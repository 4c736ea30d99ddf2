// What a group coordinator is told, and what it answers. Requests of members come as their messages, those of
// operators as values; what concerns many groups is split by shard before and put together afterwards.
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
    /// `permission` is the number of what the log asked the transaction's coordinator for.
    case commitInTransaction(TxnOffsetCommitRequest, permission: UInt64?)
    /// Topics have their names.
    case fetchOffsets(OffsetFetchRequest.OffsetFetchRequestGroup, requireStable: Bool)
    case deleteOffsets(of: Name, [OffsetPlaces])
    case describe(Name)
    case list(GroupFilter)
    case delete(Name)
    case consumerHeartbeat(ConsumerHeartbeat)
    case describeConsumers(Name)

    /// The group that it is about; nil if it is about all.
    var group: Name? {
        switch self {
        case .join(let request, _, _, _): request.groupID
        case .sync(let request): request.groupID
        case .heartbeat(let request): request.groupID
        case .leave(let request): request.groupID
        case .commitOffsets(let request, _): request.groupID
        case .commitInTransaction(let request, _): request.groupID
        case .fetchOffsets(let request, _): request.groupID
        case .deleteOffsets(let id, _): id
        case .describe(let id), .delete(let id), .describeConsumers(let id): id
        case .consumerHeartbeat(let beat): beat.request.groupID
        case .list: nil
        }
    }
}

/// The answer to a `GroupRequest` of the same name.
package enum GroupReply: CountedReply {
    case join(JoinGroupResponse)
    case sync(SyncGroupResponse)
    case heartbeat(HeartbeatResponse)
    case leave(LeaveGroupResponse)
    case commitOffsets(OffsetCommitResponse)
    case commitInTransaction(TxnOffsetCommitResponse)
    case fetchOffsets(FetchedOffsets)
    case deleteOffsets(Result<[DeletedOffsets], GroupRefusal>)
    case describe(GroupDescription)
    /// In no order.
    case list([ListedGroup])
    /// `none` where the group was deleted.
    case delete(ErrorCode)
    case consumerHeartbeat(ConsumerGroupHeartbeatResponse)
    case describeConsumers(ConsumerGroupDescription)

    /// About how many parts the answer has when it is put into words: members, groups or offsets.
    package var partCount: Int {
        switch self {
        case .fetchOffsets(let fetched): fetched.count
        case .describe(let description): description.memberCount
        case .describeConsumers(let description): description.memberCount
        case .list(let groups): groups.count
        case .commitOffsets(let response): response.topics.reduce(0) { $0 + $1.partitions.count }
        case .commitInTransaction(let response): response.topics.reduce(0) { $0 + $1.partitions.count }
        case .deleteOffsets(let result): (try? result.get())?.reduce(0) { $0 + $1.partitions.count } ?? 1
        case .join, .sync, .heartbeat, .leave, .delete, .consumerHeartbeat: 1
        }
    }
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
    /// Consumer groups that have nothing of their own have these settings.
    case defaultsConfigured(ConsumerGroupConfig)
    /// What the members of a large consumer group shall have was computed.
    case targetComputed(ComputedTarget)
    /// Work that takes more than one decision goes on.
    case goOn(LongWorkID)
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
