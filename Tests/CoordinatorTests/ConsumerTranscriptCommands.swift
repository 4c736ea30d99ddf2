import Base
import Coordinator
import Protocol

extension [String: String] {
    /// The value of `key` as a name.
    func name(_ key: String) -> Name? { self[key].map { Name($0) } }
}

/// The commands of transcripts: a verb, then `key=value` pairs.
extension ConsumerRig {
    mutating func run(_ line: String) throws -> [String] {
        let words = line.split(separator: " ").map(String.init)
        let verb = words[0]
        let pairs = Dictionary(
            words.dropFirst().compactMap { word -> (String, String)? in
                guard let cut = word.firstIndex(of: "=") else { return nil }
                return (String(word[..<cut]), String(word[word.index(after: cut)...]))
            }, uniquingKeysWith: { $1 })
        switch verb {
        case "topic":
            setTopic(Name(words[1]), Int(words[2]))
            return []
        case "advance": return advance(Double(words[1]) ?? 0).flatMap(describe)
        case "restart":
            restart()
            return []
        case "configure":
            var config = ConsumerGroupConfig()
            config.assignmentIntervalMilliseconds = Int32(pairs["interval"] ?? "") ?? 1000
            config.sessionTimeoutMilliseconds = Int32(pairs["session"] ?? "") ?? 45_000
            config.heartbeatIntervalMilliseconds = Int32(pairs["heartbeat"] ?? "") ?? 5_000
            _ = send(.configured(group: pairs.name("g") ?? "g", config))
            return []
        case "state": return state(pairs.name("g") ?? "g")
        case "beat": return answer(request(.consumerHeartbeat(beat(pairs))))
        case "join": return answer(request(try join(pairs)))
        case "sync": return answer(request(try sync(pairs)))
        case "heartbeat": return answer(request(heartbeat(pairs)))
        case "leave": return answer(request(leave(pairs)))
        case "commit": return answer(request(commit(pairs)))
        case "delete": return answer(request(.delete(pairs.name("g") ?? "g")))
        case "describe": return answer(request(.describeConsumers(pairs.name("g") ?? "g")))
        default: throw TranscriptError(line: line)
        }
    }

    private func beat(_ pairs: [String: String]) -> ConsumerHeartbeat {
        var request = ConsumerGroupHeartbeatRequest()
        request.groupID = pairs.name("g") ?? "g"
        request.memberID = pairs.name("m") ?? ""
        request.memberEpoch = Int32(pairs["e"] ?? "0") ?? 0
        request.instanceID = pairs.name("i")
        request.rackID = pairs.name("rack")
        request.rebalanceTimeoutMs = Int32(pairs["rt"] ?? "-1") ?? -1
        request.subscribedTopicNames = pairs["topics"].map(list)
        request.subscribedTopicRegex = pairs.name("rx")
        request.serverAssignor = pairs.name("assignor")
        // own=a:0,1;b:2
        request.topicPartitions = pairs["own"].map { text in
            text.split(separator: ";").map { part in
                let halves = part.split(separator: ":")
                var entry = ConsumerGroupHeartbeatRequest.TopicPartitions()
                entry.topicID = id(of: Name(halves[0]))
                entry.partitions = halves[1].split(separator: ",").compactMap { Int32($0) }
                return entry
            }
        }
        return ConsumerHeartbeat(
            request, version: Int16(pairs["v"] ?? "1") ?? 1,
            from: GroupClient(id: pairs.name("client") ?? "c", host: "/127.0.0.1"),
            freshID: UUID(high: 1, low: 2))
    }

    private func list(_ text: String) -> [Name] { text.split(separator: ",").map { Name($0) } }

    private func join(_ pairs: [String: String]) throws -> GroupRequest {
        var subscription = ConsumerProtocolSubscription()
        subscription.topics = list(pairs["topics"] ?? "")
        subscription.ownedPartitions = (pairs["own"] ?? "").split(separator: ";").map { part in
            let halves = part.split(separator: ":")
            var entry = ConsumerProtocolSubscription.TopicPartition()
            entry.topic = Name(halves[0])
            entry.partitions = halves[1].split(separator: ",").compactMap { Int32($0) }
            return entry
        }
        let metadata = try subscription.versionedBytes(version: 1)
        var request = JoinGroupRequest()
        request.groupID = pairs.name("g") ?? "g"
        request.memberID = pairs.name("m") ?? ""
        request.groupInstanceID = pairs.name("i")
        request.protocolType = pairs.name("type") ?? "consumer"
        request.sessionTimeoutMs = Int32(pairs["session"] ?? "10000") ?? 0
        request.rebalanceTimeoutMs = Int32(pairs["rt"] ?? "20000") ?? 0
        request.protocols = list(pairs["protocols"] ?? "range").map {
            var entry = JoinGroupRequest.JoinGroupRequestProtocol()
            entry.name = $0
            entry.metadata = metadata
            return entry
        }
        return .join(
            request, version: Int16(pairs["v"] ?? "3") ?? 3,
            from: GroupClient(id: pairs.name("client") ?? "c", host: "/127.0.0.1"),
            freshID: UUID(high: 1, low: UInt64(pairs["fresh"] ?? "1") ?? 1))
    }

    private func sync(_ pairs: [String: String]) throws -> GroupRequest {
        var request = SyncGroupRequest()
        request.groupID = pairs.name("g") ?? "g"
        request.memberID = pairs.name("m") ?? ""
        request.groupInstanceID = pairs.name("i")
        request.generationID = Int32(pairs["e"] ?? "") ?? 0
        request.protocolName = pairs.name("protocol")
        // give=member/a:0,1;…
        request.assignments = try (pairs["give"] ?? "").split(separator: ";").map { part in
            let halves = part.split(separator: "/")
            var assignment = ConsumerProtocolAssignment()
            let slots = halves[1].split(separator: ":")
            var entry = ConsumerProtocolAssignment.TopicPartition()
            entry.topic = Name(slots[0])
            entry.partitions = slots[1].split(separator: ",").compactMap { Int32($0) }
            assignment.assignedPartitions = [entry]
            var given = SyncGroupRequest.SyncGroupRequestAssignment()
            given.memberID = Name(halves[0])
            given.assignment = try assignment.versionedBytes(version: 1)
            return given
        }
        return .sync(request)
    }

    private func heartbeat(_ pairs: [String: String]) -> GroupRequest {
        var request = HeartbeatRequest()
        request.groupID = pairs.name("g") ?? "g"
        request.memberID = pairs.name("m") ?? ""
        request.groupInstanceID = pairs.name("i")
        request.generationID = Int32(pairs["e"] ?? "") ?? 0
        return .heartbeat(request)
    }

    private func leave(_ pairs: [String: String]) -> GroupRequest {
        var request = LeaveGroupRequest()
        request.groupID = pairs.name("g") ?? "g"
        var member = LeaveGroupRequest.MemberIdentity()
        member.memberID = pairs.name("m") ?? ""
        member.groupInstanceID = pairs.name("i")
        request.members = [member]
        return .leave(request)
    }

    private func commit(_ pairs: [String: String]) -> GroupRequest {
        var request = OffsetCommitRequest()
        request.groupID = pairs.name("g") ?? "g"
        request.memberID = pairs.name("m") ?? ""
        request.generationIDOrMemberEpoch = Int32(pairs["e"] ?? "-1") ?? -1
        request.retentionTimeMs = -1
        var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
        topic.name = pairs.name("topic") ?? ""
        var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
        partition.partitionIndex = Int32(pairs["partition"] ?? "0") ?? 0
        partition.committedOffset = Int64(pairs["offset"] ?? "1") ?? 1
        topic.partitions = [partition]
        request.topics = [topic]
        return .commitOffsets(request, version: Int16(pairs["v"] ?? "9") ?? 9)
    }

    // MARK: - What is printed

    private func answer(_ outcome: (reply: GroupReply?, records: [GroupRecord])) -> [String] {
        outcome.records.flatMap(describe) + [outcome.reply.map { "→ " + describe($0) } ?? "→ waits"]
    }

    private func code(_ code: Int16) -> String { ErrorCode(rawValue: code)?.name ?? "\(code)" }

    private func describe(_ reply: GroupReply) -> String {
        switch reply {
        case .consumerHeartbeat(let response):
            if response.errorCode != 0 {
                return code(response.errorCode) + (response.errorMessage.map { ": " + $0 } ?? "")
            }
            var text = "\(response.memberID ?? "-") epoch \(response.memberEpoch)"
            if let assignment = response.assignment {
                text +=
                    " has ["
                    + assignment.topicPartitions.map { slots($0.topicID, $0.partitions) }.joined(
                        separator: " ") + "]"
            }
            return text
        case .join(let response):
            if response.errorCode != 0 { return "\(code(response.errorCode)) \(response.memberID)" }
            return "\(response.memberID) generation \(response.generationID) \(response.protocolName ?? "-")"
                + " leader=\(response.leader) members=\(response.members.count)"
        case .sync(let response):
            if response.errorCode != 0 { return code(response.errorCode) }
            let assignment = try? ConsumerProtocolAssignment(versioned: response.assignment)
            let parts = (assignment?.assignedPartitions ?? []).map { "\($0.topic):\(list($0.partitions))" }
            return "[\(parts.joined(separator: " "))]"
        case .heartbeat(let response): return code(response.errorCode)
        case .leave(let response):
            return response.members.map { code($0.errorCode) }.joined(separator: " ")
        case .commitOffsets(let response):
            return response.topics.flatMap(\.partitions).map { code($0.errorCode) }.joined(separator: " ")
        case .delete(let result): return code(result.rawValue)
        case .describeConsumers(let described): return describe(described.described)
        default: return "something else"
        }
    }

    private func describe(_ result: Result<DescribedConsumerGroup, GroupRefusal>) -> String {
        let group: DescribedConsumerGroup
        switch result {
        case .success(let described): group = described
        case .failure(let refusal): return "\(code(refusal.code.rawValue)): \(refusal.message ?? "")"
        }
        let members = group.members.map { member in
            let has = member.assigned.map { "\($0.name):\(list($0.partitions))" }
            let target = member.target.map { "\($0.name):\(list($0.partitions))" }
            return "\(member.id) epoch \(member.epoch) type \(member.isClassic ? 0 : 1)"
                + " has [\(has.joined(separator: " "))] of [\(target.joined(separator: " "))]"
        }
        return "\(group.state.rawValue) epoch \(group.epoch) assignment \(group.assignmentEpoch) "
            + "\(group.assignor): \(members.joined(separator: "; "))"
    }

    private func list(_ partitions: [Int32]) -> String { partitions.map(String.init).joined(separator: ",") }
    private func slots(_ topic: UUID, _ partitions: [Int32]) -> String {
        "\(name(of: topic)):\(list(partitions))"
    }

    private func state(_ id: Name) -> [String] {
        guard let group = shard.groups.consumer[id] else {
            return ["= " + (shard.groups.classic[id].map { "classic \($0.state.rawValue)" } ?? "nothing")]
        }
        return ["= \(group.state.rawValue) epoch \(group.epoch) assignment \(group.assignmentEpoch)"]
    }

    func describe(_ record: GroupRecord) -> [String] {
        switch record {
        case .offsetCommit(let key, let value):
            return ["+ offset \(key.topic):\(key.partition) \(value.map { "\($0.offset)" } ?? "deleted")"]
        case .classicGroup(_, let value):
            guard let value else { return ["+ classic group deleted"] }
            return ["+ classic group generation \(value.generation) members=\(value.members.map(\.memberID))"]
        case .consumerGroup(_, let value):
            return ["+ group " + (value.map { "epoch \($0.epoch)" } ?? "deleted")]
        case .consumerPartitions(_, let value):
            return ["+ partitions \(value == nil ? "deleted" : "written")"]
        case .consumerMember(let key, let value):
            guard let value else { return ["+ member \(key.memberID) deleted"] }
            var text = "+ member \(key.memberID) reads [\(value.subscribedTopicNames.joined(separator: ","))]"
            if let pattern = value.subscribedTopicRegex, !pattern.isEmpty { text += " pattern \(pattern)" }
            if let instance = value.instanceID { text += " instance \(instance)" }
            if value.classicMemberMetadata != nil { text += " classic" }
            return [text]
        case .consumerTarget(_, let value):
            return ["+ target " + (value.map { "epoch \($0.assignmentEpoch)" } ?? "deleted")]
        case .consumerTargetMember(let key, let value):
            guard let value else { return ["+ target \(key.memberID) deleted"] }
            return [
                "+ target \(key.memberID) ["
                    + value.topicPartitions.map { slots($0.topicID, $0.partitions) }.joined(separator: " ")
                    + "]"
            ]
        case .consumerCurrent(let key, let value):
            guard let value else { return ["+ current \(key.memberID) deleted"] }
            func text(_ parts: [ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions]) -> String {
                parts.map { slots($0.topicID, $0.partitions) }.joined(separator: " ")
            }
            return [
                "+ current \(key.memberID) epoch \(value.memberEpoch) before \(value.previousMemberEpoch)"
                    + " state \(value.state) has [\(text(value.assignedPartitions))]"
                    + " gives [\(text(value.partitionsPendingRevocation))]"
            ]
        case .consumerRegex(let key, let value):
            return ["+ pattern \(key.regularExpression) " + (value.map { "\($0.topics)" } ?? "deleted")]
        }
    }
}
