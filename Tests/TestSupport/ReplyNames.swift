// What one broker calls things, so that replies of different brokers can be compared.
package import Base

/// The ids that a broker has given out, by the names that tests have for them.
package struct ReplyNames {
    /// What stands behind names that begin with `$`.
    package var ids: [String: JSONValue] = [:]
    /// Whether sentences for people are compared, and not only whether there are any.
    package var keepsSentences = false
    /// Whether epochs of leaders behind the first are not told apart: how many a restart takes is the
    /// broker's affair.
    package var hidesLaterEpochs = false
    private let port: Int
    /// Names of topics by their ids.
    private var topics: [String: String] = [:]
    private var clusterID = ""

    /// The names of the broker on `port`, of which nothing is known yet.
    package init(port: Int) { self.port = port }

    /// `value` with this broker's own ids.
    package func resolved(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text) where text.first == "$":
            ids[text]
                ?? (text.hasPrefix("$id ") ? .string(UUID.zero.description) : text == "$session" ? 0 : "")
        case .array(let elements): .array(elements.map(resolved))
        case .object(let members): .object(members.map { JSONMember($0.key, resolved($0.value)) })
        default: value
        }
    }

    /// Takes note of what is called how in a reply.
    package mutating func learn(_ reply: JSONValue) {
        switch reply {
        case .array(let elements): for element in elements { learn(element) }
        case .object(let members):
            // A refusal may repeat a name and an id that do not belong together.
            let isGood = reply["errorCode"].map { $0 == 0 } ?? true
            if isGood, let id = reply["topicId"]?.text, id != UUID.zero.description,
                let name = (reply["name"] ?? reply["topicName"])?.text
            {
                topics[id] = name
                ids["$id " + name] = .string(id)
            }
            if let id = reply["clusterId"]?.text, !id.isEmpty { clusterID = id }
            for member in members where member.value.isContainer { learn(member.value) }
        default: break
        }
    }

    /// The reply with names for ids, lists in one order, and texts for people only as far as there are any;
    /// of a list of everything nothing that is foreign.
    package func comparable(
        _ value: JSONValue, without isForeign: ((String) -> Bool)? = nil
    ) -> JSONValue {
        comparable(value, field: "", without: isForeign)
    }

    private func comparable(
        _ value: JSONValue, field: String, without isForeign: ((String) -> Bool)?
    ) -> JSONValue {
        switch value {
        case .string(let text): .string(comparable(text, field))
        case .array(let elements):
            .array(
                Self.together(
                    elements.filter { element in
                        guard let isForeign, ["topics", "groups"].contains(field),
                            let name = (element["name"] ?? element["groupId"])?.text
                        else { return true }
                        return !isForeign(name)
                    }, field
                ).map { comparable($0, field: field, without: nil) }.sorted { "\($0)" < "\($1)" })
        case .object(let members):
            .object(
                members.map {
                    JSONMember($0.key, comparable($0.value, field: $0.key, without: isForeign))
                })
        case .integer(let number)
        where hidesLaterEpochs && number > 0 && ["leaderEpoch", "partitionLeaderEpoch"].contains(field):
            "a later epoch"
        case .integer(let number) where field == "port" && number == Int64(port): "its port"
        case .integer(let number) where field == "producerId" && number >= 0: "its own"
        case .integer(let number) where field == "sessionId" && number > 0: "its own"
        case .integer(let number) where field == "logAppendTimeMs" && number > 1_700_000_000_000: "now"
        default: value
        }
    }

    /// What was fetched of one topic may stand in several places; readers take it as it comes.
    private static func together(_ elements: [JSONValue], _ field: String) -> [JSONValue] {
        guard field == "responses", elements.first?["partitions"] != nil else { return elements }
        return elements.reduce(into: []) { topics, element in
            let same = topics.firstIndex {
                $0["topic"] == element["topic"] && $0["topicId"] == element["topicId"]
            }
            guard let same, case .object(var members) = topics[same],
                let place = members.firstIndex(where: { $0.key == "partitions" })
            else { return topics.append(element) }
            members[place].value = .array(
                members[place].value.elements + (element["partitions"]?.elements ?? []))
            topics[same] = .object(members)
        }
    }

    private func comparable(_ text: String, _ field: String) -> String {
        if field.lowercased().hasSuffix("errormessage") {
            return text.isEmpty || text == "NONE" || keepsSentences ? text : "a text"
        }
        if !text.isEmpty, text == clusterID { return "its cluster" }
        if field == "host", ["localhost", "127.0.0.1"].contains(text) { return "its host" }
        if let name = topics[text] { return "id of " + Self.withoutUUIDs(name) }
        // Of a member that did not name itself.
        if field == "memberId", text.utf8.count == 22 { return "its uuid" }
        return Self.spelled(Self.withoutUUIDs(text))
    }

    /// Swift takes texts for equal that are spelled otherwise.
    private static func spelled(_ text: String) -> String {
        text.utf8.allSatisfy { $0 < 0x80 }
            ? text : text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
    }

    /// Ids of members end with numbers that brokers make up.
    private static func withoutUUIDs(_ text: String) -> String {
        guard text.utf8.count >= 36, text.contains("-") else { return text }
        return text.replacing(
            /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/, with: "its uuid")
    }
}
