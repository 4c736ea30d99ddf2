/// ListOffsets (key 2, v0–11): offsets at a time, or at the ends of a log. v0 several offsets per partition ·
/// v1 one, with its time · v2 isolation level, throttle time · v4 leader epochs · v6 flexible · v7 largest
/// timestamp (-3) · v8 earliest local (-4) · v9 latest tiered (-5) · v10 timeout · v11 earliest not yet
/// uploaded (-6).
import Base
import Network
import Protocol
import Security
import Storage

enum ListOffsetsHandler: RequestHandler {
    typealias Request = ListOffsetsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .needed { request in
        request.topics.map { (TopicReference(name: $0.name, id: .zero), $0.partitions.map(\.partitionIndex)) }
    }
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) {
            EntryBytes.ofTopic($0.name, $0.partitions.count, of: EntryBytes.offset)
        }
    }

    /// Timestamps that are not times.
    private enum Special {
        static let latest: Int64 = -1
        static let earliest: Int64 = -2
        static let largestTimestamp: Int64 = -3
        static let earliestLocal: Int64 = -4
        static let latestTiered: Int64 = -5
        static let earliestPendingUpload: Int64 = -6

        /// The version from which a client may ask for `timestamp`.
        static func firstVersion(of timestamp: Int64) -> Int16 {
            switch timestamp {
            case largestTimestamp: 7
            case earliestLocal: 8
            case latestTiered: 9
            case earliestPendingUpload: 11
            case latest, earliest, 0...: 0
            default: .max
            }
        }
    }

    static func handle(_ request: ListOffsetsRequest, _ context: RequestContext) -> Outcome<
        ListOffsetsResponse
    > {
        guard (0...1).contains(request.isolationLevel) else {
            return .now(refuseAll(request, .unknownServerError))
        }
        let topics = context.topics
        // Visible is durable: "latest" means the end of the log as it is now, so the answer waits until that
        // is on the disk.
        var ends: [(partition: Partition, end: Offset)] = []
        for topic in request.topics where context.authorize(.describe, .topic(topic.name)) {
            for asked in topic.partitions where asked.timestamp == Special.latest {
                if let end = topics[topic.name]?.partition(asked.partitionIndex)?.unsyncedEnd {
                    ends.append(end)
                }
            }
        }
        let searches = request.topics.contains { topic in topic.partitions.contains { isSearch($0.timestamp) }
        }
        if ends.isEmpty, !searches { return .now(answer(request, topics, context)) }
        let reply = Deferred<ListOffsetsResponse>()
        // A search reads batches, perhaps from a cold disk, so it runs on the pool.
        DiskWait.whenDurable(ends, for: reply) {
            context.broker.sockets.pool.run { reply.complete(answer(request, topics, context)) }
        }
        return .later(
            DiskWait.limited(reply, on: context.loop) { [ends] in
                answer(request, topics, context, late: Late(ends))
            })
    }

    /// What nobody can tell of, as the disk stands still: the ends of some logs, and whatever is searched
    /// for.
    private struct Late {
        let ends: Set<ObjectIdentifier>

        init(_ ends: [(partition: Partition, end: Offset)]) {
            let late = ends.filter { partition, end in
                guard let log = partition.log else { return false }
                return log.bounds.highWatermark < end && !log.hasFailed
            }
            self.ends = Set(late.map { ObjectIdentifier($0.partition) })
        }

        func contains(_ asked: ListOffsetsRequest.ListOffsetsPartition, of partition: Partition?) -> Bool {
            guard let partition else { return false }
            return isSearch(asked.timestamp)
                || asked.timestamp == Special.latest && ends.contains(ObjectIdentifier(partition))
        }
    }

    /// The same answer for all that was asked, repeated or not.
    private static func refuseAll(
        _ request: ListOffsetsRequest, _ code: ErrorCode
    ) -> ListOffsetsResponse {
        var response = ListOffsetsResponse()
        response.topics = request.topics.map { asked in
            var topic = ListOffsetsResponse.ListOffsetsTopicResponse()
            topic.name = asked.name
            topic.partitions = asked.partitions.map { partition in
                var answer = ListOffsetsResponse.ListOffsetsPartitionResponse()
                answer.partitionIndex = partition.partitionIndex
                answer.errorCode = code.rawValue
                return answer
            }
            return topic
        }
        return response
    }

    private static func isSearch(_ timestamp: Int64) -> Bool {
        timestamp >= 0 || timestamp == Special.largestTimestamp
    }

    /// The reply, without what is `late`.
    private static func answer(
        _ request: ListOffsetsRequest, _ topics: TopicDirectory, _ context: RequestContext,
        late: Late? = nil
    ) -> ListOffsetsResponse {
        let asked = request.topics.reduce(
            into: PartitionsOnce<Name, ListOffsetsRequest.ListOffsetsPartition>()
        ) { asked, topic in
            for partition in topic.partitions {
                asked.add(partition, partition.partitionIndex, of: topic.name)
            }
        }
        var response = ListOffsetsResponse()
        response.topics = asked.topics.map { name, partitions in
            var topic = ListOffsetsResponse.ListOffsetsTopicResponse()
            topic.name = name
            let isAllowed = context.authorize(.describe, .topic(name))
            topic.partitions = partitions.map { partition in
                var answer = ListOffsetsResponse.ListOffsetsPartitionResponse()
                answer.partitionIndex = partition.partitionIndex
                guard isAllowed else {
                    answer.errorCode = ErrorCode.topicAuthorizationFailed.rawValue
                    return answer
                }
                let found = topics[name]?.partition(partition.partitionIndex)
                if asked.isRepeated(partition.partitionIndex, of: name) {
                    answer.errorCode = ErrorCode.invalidRequest.rawValue
                } else if late?.contains(partition, of: found) ?? false {
                    answer.errorCode = ErrorCode.requestTimedOut.rawValue
                } else {
                    look(
                        up: partition, found, isolated: request.isolationLevel == 1, version: context.version,
                        &answer)
                }
                return answer
            }
            return topic
        }
        return response
    }

    private static func look(
        up asked: ListOffsetsRequest.ListOffsetsPartition, _ partition: Partition?, isolated: Bool,
        version: Int16,
        _ answer: inout ListOffsetsResponse.ListOffsetsPartitionResponse
    ) {
        guard version >= Special.firstVersion(of: asked.timestamp) else {
            return answer.errorCode = ErrorCode.unsupportedVersion.rawValue
        }
        guard let partition else { return answer.errorCode = ErrorCode.unknownTopicOrPartition.rawValue }
        guard let log = partition.log else { return answer.errorCode = ErrorCode.kafkaStorageError.rawValue }
        if let code = LeaderEpochCheck.problem(asked.currentLeaderEpoch, log.bounds.leaderEpoch) {
            return answer.errorCode = code.rawValue
        }
        do throws(StorageError) {
            guard let found = try find(asked.timestamp, in: log, isolated: isolated, version: version) else {
                return
            }
            if version == 0 {
                answer.oldStyleOffsets = oldStyle(found.offset, in: log, asked)
            } else {
                answer.offset = found.offset.value
                answer.timestamp = found.timestamp.milliseconds
                answer.leaderEpoch = found.epoch?.value ?? -1
            }
        } catch {
            answer.errorCode = ErrorCode(error).rawValue
        }
    }

    /// The offset that `timestamp` stands for; nil where there is none, which is no error.
    private static func find(
        _ timestamp: Int64, in log: PartitionLog, isolated: Bool, version: Int16
    ) throws(StorageError) -> (offset: Offset, timestamp: Timestamp, epoch: LeaderEpoch?)? {
        let bounds = log.bounds
        let limit: ReadLimit = isolated ? .lastStable : .highWatermark
        let visibleEnd = isolated ? bounds.lastStable : bounds.highWatermark
        switch timestamp {
        case Special.latest:
            return (visibleEnd, .none, bounds.leaderEpoch)
        case Special.earliest, Special.earliestLocal:
            return (bounds.logStart, .none, log.epoch(of: bounds.logStart))
        // There is no remote storage.
        case Special.latestTiered, Special.earliestPendingUpload:
            return (Offset(-1), .none, nil)
        case Special.largestTimestamp:
            guard let found = try log.offsetOfMaxTimestamp(upTo: limit) else { return nil }
            return (found.offset, found.timestamp, found.leaderEpoch)
        case ..<0:
            return nil
        default:
            let time = Timestamp(milliseconds: timestamp)
            guard let found = try log.offset(forTimestamp: time, upTo: limit) else { return nil }
            return (found.offset, found.timestamp, found.leaderEpoch)
        }
    }

    /// v0 answered with the base offsets of segments, newest first; both ends are what its clients ask for.
    private static func oldStyle(
        _ found: Offset, in log: PartitionLog, _ asked: ListOffsetsRequest.ListOffsetsPartition
    ) -> [Int64] {
        let start = log.bounds.logStart
        let offsets =
            asked.timestamp == Special.latest && found > start ? [found.value, start.value] : [found.value]
        return Array(offsets.prefix(max(0, Int(asked.maxNumOffsets))))
    }
}
