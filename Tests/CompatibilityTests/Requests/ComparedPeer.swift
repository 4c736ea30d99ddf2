// One broker of the two that are asked the same: its connection, and what it calls things.
import Base
import Protocol

final class ComparedPeer {
    /// How an exchange ended.
    enum Ending: Equatable {
        case reply(JSONValue)
        /// The request wants no reply.
        case none
        case closed
        /// The reply waits for others.
        case waiting
        case unreadable(String)
    }

    let port: Int
    /// What stands behind names that begin with `$`.
    var ids: [String: JSONValue] = [:]
    /// Names of topics by their ids.
    private var topics: [String: String] = [:]
    private var clusterID = ""
    private var connection: WireConnection?
    private var correlationID: Int32 = 0

    init(port: Int) { self.port = port }

    /// `value` with this broker's own ids.
    func resolved(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text) where text.first == "$":
            ids[text]
                ?? (text.hasPrefix("$id ") ? .string(UUID.zero.description) : text == "$session" ? 0 : "")
        case .array(let elements): .array(elements.map(resolved))
        case .object(let members): .object(members.map { JSONMember($0.key, resolved($0.value)) })
        default: value
        }
    }

    // MARK: - Frames

    /// The number of the next request.
    func nextCorrelationID() -> Int32 {
        correlationID += 1
        return correlationID
    }

    /// Sends a frame without its size; behind one that may have no reply goes a question that has.
    func send(_ frame: [UInt8], followedByProbe: Bool) throws {
        let connection = try connection ?? WireConnection(port: port)
        self.connection = connection
        do {
            try connection.send(frame)
            if followedByProbe {
                try connection.send([0, 18, 0, 0] + [0x7f, 0xff, 0xff, 0xff] + [0xff, 0xff])
            }
        } catch WireConnectionError.closed {
            // The reply tells the same.
        }
    }

    /// Whether the reply, or the end of the connection, has come.
    func isReady(milliseconds: Int) -> Bool {
        connection?.waitUntilReadable(milliseconds: milliseconds) ?? true
    }

    /// The reply that is there.
    func receive(_ key: APIKey, _ version: Int16, isProbed: Bool) -> Ending {
        guard let connection else { return .closed }
        do {
            var frame = try connection.receive()
            if isProbed {
                if frame.prefix(4) == [0x7f, 0xff, 0xff, 0xff] { return .none }
                let reply = frame
                // A probe behind a reply may find the connection closed; that is told next time.
                frame = (try? connection.receive()) ?? []
                return read(reply, key, version)
            }
            return read(frame, key, version)
        } catch {
            drop()
            return .closed
        }
    }

    private func read(_ frame: [UInt8], _ key: APIKey, _ version: Int16) -> Ending {
        do {
            return .reply(try ReplayDecoding.reply(frame, key: key, version: version))
        } catch {
            drop()
            return .unreadable("\(error) in \(frame.count) bytes")
        }
    }

    /// Closes the connection, and with it what waits there.
    func drop() { connection = nil }

    /// Asks one thing and waits for its reply.
    func ask(
        _ key: APIKey, _ version: Int16, _ request: JSONValue, milliseconds: Int = 10_000
    ) throws -> JSONValue? {
        let frame = try OddFrame.plain(key, version, resolved(request), nextCorrelationID())
        try send(frame, followedByProbe: false)
        guard isReady(milliseconds: milliseconds),
            case .reply(let reply) = receive(key, version, isProbed: false)
        else {
            return nil
        }
        return reply
    }

    // MARK: - Comparable replies

    /// Takes note of what is called how in a reply.
    func learn(_ reply: JSONValue) {
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
    /// of a list of everything only what is the world's own.
    func comparable(
        _ value: JSONValue, _ world: RequestWorld, isOfEverything: Bool = false, field: String = ""
    ) -> JSONValue {
        switch value {
        case .string(let text): .string(comparable(text, field))
        case .array(let elements):
            .array(
                Self.together(
                    elements.filter { element in
                        guard isOfEverything, ["topics", "groups"].contains(field),
                            let name = (element["name"] ?? element["groupId"])?.text
                        else { return true }
                        return !world.isForeign(name)
                    }, field
                ).map { comparable($0, world, field: field) }.sorted { "\($0)" < "\($1)" })
        case .object(let members):
            .object(
                members.map {
                    JSONMember(
                        $0.key, comparable($0.value, world, isOfEverything: isOfEverything, field: $0.key))
                })
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
            return text.isEmpty || text == "NONE" ? text : "a text"
        }
        if text == clusterID { return "its cluster" }
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
