// The entry points of the group coordinator: one shard's groups and offsets, as a value. What each request
// does lies beside it: `Classic/` for members of classic groups, `Offsets/` for offsets.
package import Base
internal import Protocol

/// Names what is due of a group.
package enum GroupDeadline: Hashable, Sendable {
    /// A member has been silent for too long, or did not come back for its new id.
    case session(group: Name, member: Name)
    /// A round of joining ends.
    case join(group: Name)
    /// Members had their time to ask for their assignment.
    case sync(group: Name)
    /// A member of a consumer group did not do in time what it should.
    case consumer(ConsumerDeadline, group: Name, member: Name)

    /// Whose deadline it is.
    var group: Name {
        switch self {
        case .session(let group, _), .join(let group), .sync(let group), .consumer(_, let group, _): group
        }
    }
}

/// What a group coordinator decides.
package typealias GroupDecision = Decision<GroupRecord, GroupReply, GroupEvent, Never>

/// The groups of one partition of `__consumer_offsets`.
package struct GroupCoordinator: Shard {
    /// What was configured.
    package internal(set) var settings: GroupSettings
    /// The groups.
    package internal(set) var groups = GroupTable()
    /// What groups have read.
    package internal(set) var offsets = OffsetTable()
    /// What groups will have read once transactions commit.
    package internal(set) var pending = PendingOffsets()
    /// What happened lately, for people.
    package internal(set) var journals: [Name: GroupJournal] = [:]
    /// The topics that there are.
    package internal(set) var topics: any TopicsView = TopicTable(version: 0)
    /// What is configured of single consumer groups.
    package internal(set) var consumerConfigs: [Name: ConsumerGroupConfig] = [:]
    var deadlines = Deadlines<GroupDeadline>()
    /// The decision that is being made, and when.
    var decision = GroupDecision()
    /// The targets that are being computed elsewhere, by group.
    var computations: [Name: TargetComputation] = [:]
    /// Work that takes more than one decision.
    var unfinished: [LongWorkID: Unfinished] = [:]
    /// How often topics were deleted, which numbers the work of forgetting their offsets.
    var deletionCount = 0
    /// When the next offset expires, as it stood when the last look for such was over; nil if none will
    /// before something is written.
    package internal(set) var nextExpiry: Timestamp?
    var now = Moment(monotonic: 0, wall: .none)

    /// A shard without groups.
    package init(_ settings: GroupSettings) { self.settings = settings }

    /// Decides what follows from `event`.
    package mutating func handle(_ event: GroupEvent, at now: Moment) -> GroupDecision {
        decide(at: now) { shard in
            switch event {
            case .request(let request, let token): shard.serve(request, token)
            case .topicsDeleted(let topics): shard.forgetOffsets(.deleted(topics))
            case .topicsKnown(let topics): shard.forgetOffsets(.unlike(topics))
            case .expiryDue: if !shard.isExpiring { shard.begin(Expiry(shard), .expiry, nil) }
            case .goOn(let id): shard.goOn(id)
            case .topicsChanged(let topics): shard.topics = topics
            case .configured(let group, let config): shard.consumerConfigs[group] = config
            case .defaultsConfigured(let config): shard.settings.consumer.defaults = config
            case .targetComputed(let target): shard.targetComputed(target)
            }
        }
    }

    /// Serves a request, or has it wait for what is done to its group.
    mutating func serve(_ request: GroupRequest, _ token: ReplyToken) {
        guard !mustWait(request, token) else { return }
        switch request {
        case .join(let request, let version, let client, let freshID):
            join(JoinAttempt(request, version, client, freshID, token))
        case .sync(let request): sync(request, token)
        case .heartbeat(let request): heartbeat(request, token)
        case .leave(let request): leave(request, token)
        case .commitOffsets(let request, let version): commit(request, version, token)
        case .commitInTransaction(let request, let permission):
            commit(request, permission: permission, token)
        case .fetchOffsets(let request, let requireStable):
            decision.reply(.fetchOffsets(fetch(request, requireStable)), to: token)
        case .deleteOffsets(let id, let places):
            begin(OffsetDeletion(of: id, places), .group(id), token)
        case .describe(let id): decision.reply(.describe(description(of: id)), to: token)
        case .list(let filter): begin(GroupListing(filter, groups), .request(token), token)
        case .consumerHeartbeat(let beat): consumerHeartbeat(beat, token)
        case .describeConsumers(let id):
            decision.reply(.describeConsumers(consumerDescription(of: id)), to: token)
        case .delete(let id): begin(GroupDeletion(id), .group(id), token)
        }
    }

    /// Does what is due.
    package mutating func deadlinesReached(at now: Moment) -> GroupDecision {
        decide(at: now) { shard in
            while let key = shard.deadlines.popDue(at: now.monotonic) {
                switch key {
                case .session(let group, let member): shard.sessionEnded(of: member, in: group)
                case .join(let group): shard.joinTimeEnded(group)
                case .sync(let group): shard.syncTimeEnded(group)
                case .consumer(let deadline, let group, let member):
                    shard.consumerDeadlineReached(deadline, of: member, in: group)
                }
            }
        }
    }

    /// When something is due next.
    package var nextDeadline: Int64? { deadlines.next }

    /// Begins to live with what was replayed: members have their whole session timeout to say that they are
    /// alive.
    package mutating func loaded(at now: Moment) -> GroupDecision {
        decide(at: now) { shard in
            for id in shard.groups.classic.keys.sorted() { shard.resume(id) }
            for id in shard.groups.consumer.keys.sorted() { shard.resumeConsumer(id) }
        }
    }

    private mutating func decide(
        at now: Moment, _ body: (inout GroupCoordinator) -> Void
    ) -> GroupDecision {
        self.now = now
        body(&self)
        let made = decision
        decision = GroupDecision()
        return made
    }
}

// MARK: - Records

extension GroupCoordinator {
    /// Decides on a record: it takes effect at once, and is hidden until it is durable.
    mutating func emit(_ record: GroupRecord) {
        decision.records.append(record)
        apply(record)
    }

    /// Changes groups and offsets to what a record says; nothing else changes what survives a restart.
    package mutating func apply(_ record: GroupRecord) {
        switch record {
        case .offsetCommit(let key, let value):
            // Someone who only commits makes a group without members.
            if value != nil { groups.ensureGroup(key.group) }
            offsets.apply(key, value)
            guard !pending.isEmpty else { break }
            if value != nil {
                pending.supersede(key.group, key.topic, key.partition)
            } else {
                pending.remove(key.group, key.topic, key.partition)
            }
        case .classicGroup(let key, let value):
            if let value {
                groups.classic[key.group, default: ClassicGroup(id: key.group)].adopt(value)
            } else {
                groups.classic[key.group] = nil
            }
        case .consumerGroup(let key, nil): groups.consumer[key.groupID] = nil
        case .consumerGroup(let key, .some): applyToConsumer(key.groupID, record, creating: true)
        case .consumerMember(let key, let value): applyToConsumer(key.groupID, record, creating: value != nil)
        case .consumerPartitions(let key, let value):
            applyToConsumer(key.groupID, record, creating: value != nil)
        case .consumerTarget(let key, let value): applyToConsumer(key.groupID, record, creating: value != nil)
        case .consumerTargetMember(let key, let value):
            applyToConsumer(key.groupID, record, creating: value != nil)
        case .consumerCurrent(let key, let value):
            applyToConsumer(key.groupID, record, creating: value != nil)
        case .consumerRegex(let key, let value): applyToConsumer(key.groupID, record, creating: value != nil)
        }
    }
}

extension GroupCoordinator {
    /// Notes an offset that counts once the transaction of `producer` commits; nothing else is written in
    /// transactions.
    package mutating func apply(_ record: GroupRecord, ofTransactionOf producer: ProducerID) {
        guard case .offsetCommit(let key, let value?) = record else { return apply(record) }
        groups.ensureGroup(key.group)
        pending.add(CommittedOffset(value), key.group, key.topic, key.partition, of: producer)
    }

    /// Has the offsets of a transaction count, or forgets them.
    package mutating func transactionEnded(of producer: ProducerID, isCommit: Bool) {
        pending.end(producer, isCommit: isCommit) { offsets.set($0, $1, $2, $3) }
    }

    /// A record of a consumer group makes one where there is none, or where only commits made a classic one;
    /// a record that takes something back does not.
    private mutating func applyToConsumer(_ id: Name, _ record: GroupRecord, creating: Bool) {
        if creating {
            if let classic = groups.classic[id], classic.isSimple {
                groups.classic[id] = nil
            }
            groups.consumer[id, default: ConsumerGroup(id: id)].apply(record)
        } else {
            groups.consumer[id]?.apply(record)
        }
    }
}

// MARK: - Shared by what serves requests

extension GroupCoordinator {
    /// The classic group `id`, which the caller has looked up.
    subscript(classic id: Name) -> ClassicGroup {
        _read { yield groups.classic[id, default: ClassicGroup(id: id)] }
        _modify { yield &groups.classic[id, default: ClassicGroup(id: id)] }
    }

    /// The consumer group `id`; one without members where there is none.
    subscript(consumer id: Name) -> ConsumerGroup {
        _read { yield groups.consumer[id, default: ConsumerGroup(id: id)] }
    }

    /// Notes an event in the group's journal.
    mutating func note(_ id: Name, _ event: GroupNote) {
        journals[id, default: GroupJournal()].add(event, at: now.wall)
    }

    /// Forgets everything about a group that is deleted but its records.
    mutating func forget(_ id: Name, members: some Sequence<Name>) {
        cancelClassicDeadlines(id, members: members)
        journals[id] = nil
    }

    /// Nothing is expected of a classic group and these members any more.
    mutating func cancelClassicDeadlines(_ id: Name, members: some Sequence<Name>) {
        for member in members { deadlines.cancel(.session(group: id, member: member)) }
        deadlines.cancel(.join(group: id))
        deadlines.cancel(.sync(group: id))
    }
}
