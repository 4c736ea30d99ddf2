// Which requests of a session a broker can answer that serves some APIs only, and which topics no longer are
// what they were in the recording because a request was left out.
import Base
import Protocol
import TestSupport

/// Decides request by request what to send.
struct ReplayScope {
    /// The APIs whose requests are sent; nil sends all.
    let apis: Set<APIKey>?
    /// Names and ids of topics that a request left out would have changed.
    private var changedTopics: Set<String> = []
    private var nameOfID: [String: String] = [:]
    /// Groups that a request left out would have changed.
    private var changedGroups: Set<String> = []
    /// Fetch sessions, as recorded, that lack a request.
    private var brokenSessions: Set<Int64> = []

    init(apis: Set<APIKey>?) { self.apis = apis }

    /// Requests that read only: leaving them out changes nothing.
    private static let readers: Set<APIKey> = [
        .describeConfigs, .describeLogDirs, .describeTopicPartitions, .listConfigResources,
        .describeProducers, .describeTransactions, .listTransactions, .consumerGroupDescribe,
        .shareGroupDescribe, .describeShareGroupOffsets, .describeAcls, .electLeaders,
        .listPartitionReassignments, .alterPartitionReassignments, .saslHandshake, .saslAuthenticate,
        .shareFetch,
    ]

    /// Requests that change groups only.
    private static let groupWriters: Set<APIKey> = [
        .consumerGroupHeartbeat, .shareGroupHeartbeat, .streamsGroupHeartbeat, .shareAcknowledge,
        .addOffsetsToTxn, .txnOffsetCommit, .alterShareGroupOffsets, .deleteShareGroupOffsets,
    ]

    /// Whether to send `frame`; `reply` is its recorded answer, if there is one.
    mutating func sends(_ frame: CapturedFrame, reply: JSONValue?) -> Bool {
        guard let apis else { return true }
        guard let api = frame.api, let body = ReplayDecoding.request(frame) else { return false }
        noteIDs(reply)
        guard apis.contains(api) else {
            if ReplayScope.groupWriters.contains(api) {
                changedGroups.formUnion(groups(in: body))
            } else if !ReplayScope.readers.contains(api) {
                changedTopics.formUnion(topics(in: body))
            }
            return false
        }
        if ReplayScope.ofGroups.contains(api) { return changedGroups.isDisjoint(with: groups(in: body)) }
        let isSent = isWhole(api, body)
        if !isSent, api == .fetch, let session = reply?["sessionId"]?.integer, session != 0 {
            brokenSessions.insert(session)
        }
        if isSent, api == .createTopics { changedTopics.subtract(topics(in: body)) }
        return isSent
    }

    /// Requests that are about groups, and do not change with the topics that they mention.
    private static let ofGroups: Set<APIKey> = [
        .offsetCommit, .offsetFetch, .joinGroup, .syncGroup, .heartbeat, .leaveGroup, .describeGroups,
        .deleteGroups, .offsetDelete,
    ]

    /// The groups that a request names.
    private func groups(in body: JSONValue) -> Set<String> {
        var names: Set<String> = []
        if let id = body["groupId"]?.text { names.insert(id) }
        for list in ["groups", "groupsNames"] {
            for element in body[list]?.elements ?? [] {
                if let id = element.text ?? element["groupId"]?.text { names.insert(id) }
            }
        }
        return names
    }

    /// Whether a reply's element is about a topic or a group that is no longer what it was.
    func isAboutChangedTopic(_ difference: ReplayDifference) -> Bool {
        guard let bracket = difference.place.firstIndex(of: "[") else { return false }
        let key = difference.place[difference.place.index(after: bracket)...].prefix {
            $0 != "]" && $0 != "/"
        }
        return changedTopics.contains(String(key)) || changedGroups.contains(String(key))
            || nameOfID[String(key)].map(changedTopics.contains) == true
    }

    /// Whether the request concerns only what is as it was recorded.
    private mutating func isWhole(_ api: APIKey, _ body: JSONValue) -> Bool {
        let mentioned = topics(in: body)
        switch api {
        case .produce: return changedTopics.isDisjoint(with: mentioned)
        case .fetch:
            if let session = body["sessionId"]?.integer, brokenSessions.contains(session) { return false }
            return changedTopics.isDisjoint(with: mentioned)
        // The coordinator of share groups is not served.
        case .findCoordinator: return (body["keyType"] ?? 0) != 2
        case .listOffsets, .offsetForLeaderEpoch, .deleteRecords:
            return changedTopics.isDisjoint(with: mentioned)
        default: return true
        }
    }

    /// Every text in a request that could be a topic's name or id, ids as names where known.
    private func topics(in value: JSONValue) -> Set<String> {
        switch value {
        case .string(let text): nameOfID[text].map { [text, $0] } ?? [text]
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(topics(in: $1)) }
        case .object(let members):
            members.filter { $0.key != "records" }.reduce(into: []) { $0.formUnion(topics(in: $1.value)) }
        default: []
        }
    }

    private mutating func noteIDs(_ reply: JSONValue?) {
        for topic in reply?["topics"]?.elements ?? [] {
            guard let name = topic["name"]?.text, let id = topic["topicId"]?.text else { continue }
            nameOfID[id] = name
        }
    }
}
