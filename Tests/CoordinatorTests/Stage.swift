// A stage for transcripts: lines of a script go in, what the coordinator decided comes out as lines that a
// person can read. Every record passes its bytes, as in the log.
import Base
import Coordinator
import Protocol

/// One coordinator, its log, and the clients that the script names.
struct Stage {
    private(set) var shard: GroupCoordinator
    private var settings = GroupSettings()
    private var log: [(key: [UInt8], value: [UInt8]?)] = []
    private var now = Moment(monotonic: 0, wall: Timestamp(milliseconds: 1_800_000_000_000))
    private var nextToken: UInt64 = 0
    private var who: [ReplyToken: String] = [:]
    /// The group that a description or a deletion is about.
    private var about: [ReplyToken: Name] = [:]
    /// Member ids by the names of the script, and back.
    private var ids: [Name: Name] = [:]
    private var names: [Name: Name] = [:]
    private var nextID: UInt64 = 0
    private var out: [String] = []

    init() { shard = GroupCoordinator(GroupSettings()) }

    /// Runs one line, such as `join a session=10000 protocols=range:t1`; what it led to.
    mutating func run(_ line: String) throws -> [String] {
        let words = line.split(separator: " ").map(String.init)
        let options = Dictionary(
            words.compactMap { word -> (String, String)? in
                guard let sign = word.firstIndex(of: "=") else { return nil }
                return (String(word[..<sign]), String(word[word.index(after: sign)...]))
            }, uniquingKeysWith: { $1 })
        let call = Call(
            verb: words.first ?? "", plain: words.dropFirst().filter { !$0.contains("=") }, options: options)
        out = []
        switch call.verb {
        case "set": set(call)
        case "advance": advance(call)
        case "restart": restart()
        case "expire": take(shard.handle(.expiryDue, at: now))
        case "forget": take(shard.handle(.topicsDeleted(Set(call.names)), at: now))
        case "journal":
            out += (shard.journals[call.group]?.entries ?? []).map { "\(named("\($0.note)"))" }
        default:
            let token = ReplyToken(nextToken)
            nextToken += 1
            who[token] = "\(call.plain.first ?? "someone") \(call.verb)"
            about[token] = call.names.first
            take(shard.handle(.request(try request(call), token), at: now))
        }
        return out.isEmpty ? ["nothing"] : out
    }

    private mutating func set(_ call: Call) {
        if let value = call.int32("max") { settings.membersMax = value }
        if let value = call.int32("delay") { settings.initialRebalanceDelayMilliseconds = value }
        if let value = call.int32("record") { settings.recordBytesMax = Int(value) }
        if let value = call.int32("retention") { settings.offsetRetentionMilliseconds = Int64(value) }
        restart()
    }

    /// Moves both clocks from deadline to deadline.
    private mutating func advance(_ call: Call) {
        let end = now.monotonic + Int64(call.plain.first.flatMap { Int64($0) } ?? 0) * 1_000_000
        while let next = shard.nextDeadline, next <= end {
            move(to: next)
            let decision = shard.deadlinesReached(at: now)
            let before = out.count
            take(decision)
            if out.count > before { out.insert("at \(now.monotonic / 1_000_000) ms:", at: before) }
        }
        move(to: end)
    }

    private mutating func move(to time: Int64) {
        let step = max(0, time - now.monotonic)
        now.monotonic += step
        now.wall = Timestamp(milliseconds: now.wall.milliseconds + step / 1_000_000)
    }

    /// Begins again with nothing but the log.
    private mutating func restart() {
        shard = GroupCoordinator(settings)
        for (key, value) in log {
            if let record = try? GroupRecord(key: key, value: value) { shard.apply(record) }
        }
        take(shard.loaded(at: now))
    }

    private mutating func take(_ decision: GroupDecision) {
        for record in decision.records {
            guard let bytes = try? record.encoded() else {
                out.append("a record that cannot be written")
                continue
            }
            log.append(bytes)
            out.append("record: " + text(record))
        }
        for addressed in decision.replies {
            out.append("\(who[addressed.token] ?? "?") → \(text(addressed.reply, addressed.token))")
        }
    }
}

/// One line of a script.
struct Call {
    let verb: String
    let plain: [String]
    let options: [String: String]

    var group: Name { options.name("group") ?? "g" }
    var names: [Name] { plain.map { Name($0) } }
    func int32(_ name: String) -> Int32? { options[name].flatMap { Int32($0) } }
}

// MARK: - Requests

extension Stage {
    private mutating func request(_ call: Call) throws -> GroupRequest {
        let name = call.names.first ?? ""
        switch call.verb {
        case "join": return join(call, name)
        case "sync":
            var request = SyncGroupRequest()
            request.groupID = call.group
            request.memberID = call.options.name("member") ?? ids[name] ?? ""
            request.groupInstanceID = call.options.name("instance")
            request.generationID = call.int32("generation") ?? 1
            request.protocolType = call.options.name("type")
            request.protocolName = call.options.name("protocol")
            request.assignments = (call.options["assign"] ?? "").split(separator: ",").map { part in
                let sides = part.split(separator: ":", maxSplits: 1).map(String.init)
                var assignment = SyncGroupRequest.SyncGroupRequestAssignment()
                assignment.memberID = ids[Name(sides[0])] ?? Name(sides[0])
                assignment.assignment = Array((sides.count > 1 ? sides[1] : "").utf8)
                return assignment
            }
            return .sync(request)
        case "heartbeat":
            var request = HeartbeatRequest()
            request.groupID = call.group
            request.memberID = call.options.name("member") ?? ids[name] ?? ""
            request.groupInstanceID = call.options.name("instance")
            request.generationID = call.int32("generation") ?? 1
            return .heartbeat(request)
        case "leave": return leave(call)
        case "commit": return commit(call, name)
        case "fetch":
            var group = OffsetFetchRequest.OffsetFetchRequestGroup()
            group.groupID = call.group
            group.topics = call.plain.isEmpty ? nil : call.plain.map(wanted)
            return .fetchOffsets(group, requireStable: false)
        case "forget-offsets": return forgetOffsets(call)
        case "describe": return .describe(call.names.first ?? "")
        case "delete": return .delete(call.names.first ?? "")
        case "list":
            return .list(
                GroupFilter(
                    states: (call.options["states"] ?? "").split(separator: ",").map { Name($0) },
                    types: (call.options["types"] ?? "").split(separator: ",").map { Name($0) }))
        default: throw UnknownVerb(verb: call.verb)
        }
    }

    private func leave(_ call: Call) -> GroupRequest {
        var request = LeaveGroupRequest()
        request.groupID = call.group
        request.members = call.names.map { name in
            var member = LeaveGroupRequest.MemberIdentity()
            member.memberID = call.options.name("member") ?? ids[name] ?? ""
            member.groupInstanceID = call.options.name("instance")
            member.reason = call.options["reason"]
            return member
        }
        return .leave(request)
    }

    private func forgetOffsets(_ call: Call) -> GroupRequest {
        let places = call.plain.map { place in
            let (topic, partition) = Stage.place(place)
            return OffsetPlaces(topic: topic, partitions: [partition])
        }
        return .deleteOffsets(of: call.group, places)
    }

    struct UnknownVerb: Error { let verb: String }

    private mutating func join(_ call: Call, _ name: Name) -> GroupRequest {
        var request = JoinGroupRequest()
        request.groupID = call.options.name("group") ?? "g"
        request.memberID = call.options.name("member") ?? ids[name] ?? ""
        request.groupInstanceID = call.options.name("instance")
        request.sessionTimeoutMs = call.int32("session") ?? 10_000
        request.rebalanceTimeoutMs = call.int32("rebalance") ?? 30_000
        request.protocolType = call.options.name("type") ?? "consumer"
        request.reason = call.options["reason"]
        request.protocols = (call.options["protocols"] ?? "range:t").split(separator: ",").filter {
            $0 != "-"
        }
        .map { part in
            let sides = part.split(separator: ":", maxSplits: 1).map(String.init)
            var subscription = ConsumerProtocolSubscription()
            subscription.topics = sides.count > 1 ? sides[1].split(separator: "+").map { Name($0) } : []
            var offered = JoinGroupRequest.JoinGroupRequestProtocol()
            offered.name = Name(sides[0])
            offered.metadata = (try? subscription.versionedBytes(version: 1)) ?? []
            return offered
        }
        nextID += 1
        if request.memberID.isEmpty {
            // The id that it will get, told apart from earlier ones of that name, as fencing is about that.
            let count = names.values.filter { $0 == name || $0.hasPrefix("\(name)'") }.count
            let digits = String(nextID, radix: 16)
            let last = String(repeating: "0", count: 12 - digits.count) + digits
            names["\(request.groupInstanceID ?? name)-00000000-0000-4000-0000-\(last)"] =
                "\(name)\(String(repeating: "'", count: count))"
        }
        return .join(
            request, version: Int16(call.options["v"] ?? "3") ?? 3,
            from: GroupClient(id: name, host: "/1.1.1.1"),
            freshID: UUID(high: 0x4000, low: nextID))
    }

    private func commit(_ call: Call, _ name: Name) -> GroupRequest {
        var request = OffsetCommitRequest()
        request.groupID = call.group
        request.memberID = call.options.name("member") ?? ids[name] ?? ""
        request.groupInstanceID = call.options.name("instance")
        request.generationIDOrMemberEpoch = call.int32("generation") ?? -1
        request.retentionTimeMs = call.options["retention"].flatMap { Int64($0) } ?? -1
        request.topics = call.plain.dropFirst().map { part in
            let sides = part.split(separator: "@").map(String.init)
            let (topic, partition) = Stage.place(sides[0])
            var asked = OffsetCommitRequest.OffsetCommitRequestTopic()
            asked.name = topic
            var place = OffsetCommitRequest.OffsetCommitRequestPartition()
            place.partitionIndex = partition
            place.committedOffset = Int64(sides[1]) ?? 0
            place.committedLeaderEpoch = 7
            place.committedMetadata = String(repeating: "n", count: Int(call.int32("note") ?? 0))
            asked.partitions = [place]
            return asked
        }
        return .commitOffsets(request, version: Int16(call.options["v"] ?? "8") ?? 8)
    }

    private func wanted(_ place: String) -> OffsetFetchRequest.OffsetFetchRequestTopics {
        let (topic, partition) = Stage.place(place)
        var asked = OffsetFetchRequest.OffsetFetchRequestTopics()
        asked.name = topic
        asked.partitionIndexes = [partition]
        return asked
    }

    private static func place(_ text: String) -> (Name, Int32) {
        let sides = text.split(separator: "-").map(String.init)
        return (Name(sides[0]), sides.count > 1 ? Int32(sides[1]) ?? 0 : 0)
    }
}

// MARK: - Text

extension Stage {
    /// Member ids are random: transcripts call members by the names of the script.
    private func named(_ id: Name) -> String { named(id.text) }

    private func named(_ text: String) -> String {
        var text = text
        for (id, name) in names.sorted(by: { $0.key < $1.key }) where text.contains(id.text) {
            text = text.replacing(id.text, with: name.text)
        }
        return text
    }

    private func code<Value>(_ result: Result<Value, GroupRefusal>) -> String {
        switch result {
        case .success: code(0)
        case .failure(let refusal): code(refusal.code.rawValue)
        }
    }

    private func code(_ raw: Int16) -> String { raw == 0 ? "ok" : ErrorCode(rawValue: raw)?.name ?? "\(raw)" }

    private mutating func learn(_ id: Name, _ token: ReplyToken) {
        guard !id.isEmpty, let name = who[token]?.split(separator: " ").first.map({ Name($0) }) else {
            return
        }
        ids[name] = id
    }

    private mutating func text(_ reply: GroupReply, _ token: ReplyToken) -> String {
        switch reply {
        case .join(let reply):
            let isGiven = reply.errorCode == 0 || reply.errorCode == ErrorCode.memberIDRequired.rawValue
            if isGiven { learn(reply.memberID, token) }
            guard reply.errorCode == 0 else {
                return code(reply.errorCode) + (reply.memberID.isEmpty ? "" : " as \(named(reply.memberID))")
            }
            let members = reply.members.map { named($0.memberID) }.joined(separator: " ")
            return
                "generation \(reply.generationID) \(reply.protocolType ?? "-") \(reply.protocolName ?? "-") "
                + "as \(named(reply.memberID)), leader \(named(reply.leader)), members [\(members)]"
                + (reply.skipAssignment ? ", skip" : "")
        case .sync(let reply):
            return reply.errorCode == 0
                ? "assigned '\(String(decoding: reply.assignment, as: UTF8.self))'" : code(reply.errorCode)
        case .heartbeat(let reply): return code(reply.errorCode)
        case .leave(let reply):
            return code(reply.errorCode)
                + reply.members.map {
                    " \(named($0.memberID))/\($0.groupInstanceID ?? "-"):\(code($0.errorCode))"
                }
                .joined()
        case .commitOffsets(let reply):
            return reply.topics.flatMap { topic in
                topic.partitions.map { "\(topic.name)-\($0.partitionIndex):\(code($0.errorCode))" }
            }.joined(separator: " ")
        case .commitInTransaction(let reply): return "\(reply)"
        case .fetchOffsets(let fetched):
            let group = fetched.response
            return group.topics.flatMap { topic in
                topic.partitions.map {
                    "\(topic.name)-\($0.partitionIndex)@\($0.committedOffset)"
                        + " epoch \($0.committedLeaderEpoch)"
                }
            }.joined(separator: " ") + (group.errorCode == 0 ? "" : code(group.errorCode))
        case .consumerHeartbeat(let reply): return code(reply.errorCode)
        case .describeConsumers(let snapshot):
            return "\(about[token] ?? "") \(code(snapshot.described))"
        case .deleteOffsets(let result):
            return code(result)
                + ((try? result.get()) ?? []).flatMap { topic in
                    topic.partitions.map { " \(topic.topic)-\($0.index):\(code($0.code.rawValue))" }
                }.joined()
        case .describe(let snapshot):
            let group = try? snapshot.described.get()
            let members = (group?.members ?? []).map {
                "\(named($0.id))='\(String(decoding: $0.assignment, as: UTF8.self))'"
            }
            return "\(about[token] ?? "") \(code(snapshot.described)) \((group?.state ?? .dead).rawValue) "
                + "'\(group?.protocolType ?? "")' '\(group?.protocolName ?? "")' "
                + "[\(members.joined(separator: " "))]"
        case .list(let groups):
            return groups.sorted { $0.id < $1.id }.map {
                "\($0.id) \($0.state) \($0.kind.rawValue) '\($0.protocolType)'"
            }
            .joined(separator: "; ")
        case .delete(let result): return "\(about[token] ?? ""):\(code(result.rawValue))"
        }
    }

    private func text(_ record: GroupRecord) -> String {
        switch record {
        case .offsetCommit(let key, let value):
            let place = "offset \(key.group) \(key.topic)-\(key.partition)"
            return value.map { "\(place) = \($0.offset)" } ?? "\(place) forgotten"
        case .classicGroup(let key, let value):
            guard let value else { return "group \(key.group) forgotten" }
            let members = value.members.map {
                "\(named($0.memberID))='\(String(decoding: $0.assignment, as: UTF8.self))'"
            }.joined(separator: " ")
            return "group \(key.group) generation \(value.generation) \(value.protocol ?? "-") "
                + "leader \(named(value.leader ?? "-")) [\(members)]"
        case .consumerGroup, .consumerPartitions, .consumerMember, .consumerTarget, .consumerTargetMember,
            .consumerCurrent, .consumerRegex:
            return "a record of another kind of group"
        }
    }
}
