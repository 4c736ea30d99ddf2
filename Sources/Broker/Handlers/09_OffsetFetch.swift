/// OffsetFetch (key 9, v0–10): how far groups have read. v2 all topics · v3 throttle time · v5 leader epoch ·
/// v6 flexible · v7 stable offsets only (KIP-447) · v8 many groups · v9 member and epoch (KIP-848) · v10
/// topic ids.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum OffsetFetchHandler: RequestHandler {
    typealias Request = OffsetFetchRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        request.replyBytes(context, limitBytes)
    }

    /// The first version that asks for many groups.
    private static let manyGroupsFrom: Int16 = 8
    /// The first version that names topics by their ids.
    private static let topicIDsFrom: Int16 = 10
    /// The first version with an error of the whole group.
    private static let groupErrorsFrom: Int16 = 2
    typealias Group = OffsetFetchResponse.OffsetFetchResponseGroup

    static func handle(_ request: OffsetFetchRequest, _ context: RequestContext) -> Outcome<
        OffsetFetchResponse
    > {
        let asked = context.version >= manyGroupsFrom ? request.groups : [request.onlyGroup]
        let topics = context.topics
        let resolved = asked.map { resolve($0, topics, context) }
        let reply = context.broker.groups.gather(count: asked.count) { answers in
            let groups = answers.enumerated().map { index, answer in
                answer.read { reply in
                    guard case .fetchOffsets(let fetched) = reply else { return nil as Group? }
                    var group = fetched.response
                    if asked[index].topics == nil {
                        group.topics.removeAll { !context.sees(.describe, .topic($0.name)) }
                        group.addIDs(topics)
                    }
                    if group.errorCode == ErrorCode.none.rawValue { group.topics += resolved[index].refused }
                    return group
                } _: { code in
                    refusal(code, of: asked[index], context)
                }
            }
            return response(groups, context)
        } ask: { index, answer in
            let group = resolved[index].known
            guard context.authorize(.describe, .group(group.groupID)) else {
                return answer(.failure(ErrorCodeError(.groupAuthorizationFailed)))
            }
            let part = GroupRequest.fetchOffsets(group, requireStable: request.requireStable)
            context.ask(group.groupID, part, answer: answer)
        }
        return .later(reply)
    }

    /// The topics by their names, and the answers for those whose id nobody knows, or that the sender may not
    /// see.
    private static func resolve(
        _ group: OffsetFetchRequest.OffsetFetchRequestGroup, _ topics: TopicDirectory,
        _ context: RequestContext
    ) -> (
        known: OffsetFetchRequest.OffsetFetchRequestGroup,
        refused: [OffsetFetchResponse.OffsetFetchResponseTopics]
    ) {
        guard let wanted = group.topics else { return (group, []) }
        var known = group
        var refused: [OffsetFetchResponse.OffsetFetchResponseTopics] = []
        known.topics = wanted.compactMap { topic in
            var named = topic
            if context.version >= topicIDsFrom {
                guard let found = topics[topic.topicID] else {
                    refused.append(topic.refused(.unknownTopicID))
                    return nil
                }
                named.name = found.name
            }
            guard context.authorize(.describe, .topic(named.name)) else {
                refused.append(named.refused(.topicAuthorizationFailed))
                return nil
            }
            return named
        }
        return (known, refused)
    }

    private static func response(_ groups: [Group], _ context: RequestContext) -> OffsetFetchResponse {
        var response = OffsetFetchResponse()
        response.groups = groups
        // Before version 8 the one group's answer is the reply itself.
        guard context.version < manyGroupsFrom, let group = groups.first else { return response }
        response.errorCode = group.errorCode
        response.topics = group.topics.map { topic in
            var answer = OffsetFetchResponse.OffsetFetchResponseTopic()
            answer.name = topic.name
            answer.partitions = topic.partitions.map { partition in
                var old = OffsetFetchResponse.OffsetFetchResponsePartition()
                old.partitionIndex = partition.partitionIndex
                old.committedOffset = partition.committedOffset
                old.committedLeaderEpoch = partition.committedLeaderEpoch
                old.metadata = partition.metadata
                old.errorCode = partition.errorCode
                return old
            }
            return answer
        }
        return response
    }

    /// The oldest versions have room for an error only beside a partition.
    private static func refusal(
        _ code: ErrorCode, of asked: OffsetFetchRequest.OffsetFetchRequestGroup, _ context: RequestContext
    ) -> Group {
        var group = Group()
        group.groupID = asked.groupID
        group.errorCode = code.rawValue
        guard context.version < groupErrorsFrom else { return group }
        group.topics = asked.topics?.map { $0.refused(code) } ?? []
        return group
    }
}

extension OffsetFetchRequest {
    fileprivate func replyBytes(_ context: RequestContext, _ limitBytes: Int) -> Int {
        typealias Topic = (name: Name?, partitions: [Int32])
        let directory = context.topics
        let asked: [(group: Name, topics: [Topic]?)] =
            context.version >= 8
            ? groups.map { group in
                let topics = group.topics?.map { topic -> Topic in
                    let name = topic.topicID == .zero ? topic.name : directory[topic.topicID]?.name
                    return (name, topic.partitionIndexes)
                }
                return (group.groupID, topics)
            } : [(groupID, topics?.map { topic -> Topic in (topic.name, topic.partitionIndexes) })]
        return EntryBytes.sum(of: asked, limitBytes) { group, topics in
            EntryBytes.topic + group.utf8.count
                + (topics.map { namedBytes($0, context.offsets(of: group), limitBytes) }
                    ?? context.bytes(of: group) { $0.offsetBytes(of: $1) })
        }
    }

    /// A partition that is named more than once is answered as often, with its metadata.
    private func namedBytes(
        _ topics: [(name: Name?, partitions: [Int32])], _ offsets: GroupOffsets?, _ limitBytes: Int
    ) -> Int {
        EntryBytes.sum(of: topics, limitBytes) { topic in
            guard let name = topic.name else { return EntryBytes.topic }
            return EntryBytes.ofTopic(name, topic.partitions.count, of: EntryBytes.offset)
                + (offsets?.metadataBytes(of: name, topic.partitions) ?? 0)
        }
    }

    /// What versions before 8 ask for, in the form of the later ones.
    fileprivate var onlyGroup: OffsetFetchRequestGroup {
        var group = OffsetFetchRequestGroup()
        group.groupID = groupID
        group.topics = topics?.map { topic in
            var wanted = OffsetFetchRequestTopics()
            wanted.name = topic.name
            wanted.partitionIndexes = topic.partitionIndexes
            return wanted
        }
        return group
    }
}

extension OffsetFetchRequest.OffsetFetchRequestTopics {
    fileprivate func refused(_ code: ErrorCode) -> OffsetFetchResponse.OffsetFetchResponseTopics {
        var answer = OffsetFetchResponse.OffsetFetchResponseTopics()
        answer.name = name
        answer.topicID = topicID
        answer.partitions = partitionIndexes.map { index in
            var partition = OffsetFetchResponse.OffsetFetchResponsePartitions(index, nil)
            partition.errorCode = code.rawValue
            return partition
        }
        return answer
    }
}

extension OffsetFetchResponse.OffsetFetchResponseGroup {
    /// Names all topics by their ids too.
    fileprivate mutating func addIDs(_ directory: TopicDirectory) {
        for index in topics.indices { topics[index].topicID = directory[topics[index].name]?.id ?? .zero }
    }
}
