// Values that a broker chooses are new in every run. What the recorded broker chose is translated to what the
// live one chose for the same thing, in later requests and in what their replies are compared with.
import Base
import Protocol
import TestSupport

/// Recorded value → live value, learned reply by reply.
struct ReplayTranslation {
    /// Topic ids, as text.
    private(set) var topicIDs: [String: String] = [:]
    /// Ids of members; each ends with a random UUID.
    private(set) var memberIDs: [String: String] = [:]
    private(set) var producerIDs: [Int64: Int64] = [:]
    private(set) var sessionIDs: [Int64: Int64] = [:]

    /// Takes the pair if `field` is one that the broker chooses and the recorded value is new; whether it
    /// did.
    mutating func learn(_ field: String, recorded: JSONValue, live: JSONValue) -> Bool {
        switch (field, recorded, live) {
        case ("topicId", .string(let recorded), .string(let live)):
            let zero = UUID.zero.description
            guard recorded != zero, live != zero, topicIDs[recorded] == nil else { return false }
            topicIDs[recorded] = live
        case ("memberId", .string(let recorded), .string(let live)),
            ("leader", .string(let recorded), .string(let live)):
            if memberIDs[recorded] == live { return true }  // another field of this reply has told
            guard Self.areAlike(recorded, live), memberIDs[recorded] == nil,
                !memberIDs.values.contains(recorded), !memberIDs.values.contains(live)
            else { return false }
            memberIDs[recorded] = live
        case ("producerId", .integer(let recorded), .integer(let live)):
            guard recorded >= 0, live >= 0, producerIDs[recorded] == nil else { return false }
            producerIDs[recorded] = live
        case ("sessionId", .integer(let recorded), .integer(let live)):
            guard recorded > 0, live > 0, sessionIDs[recorded] == nil else { return false }
            sessionIDs[recorded] = live
        default: return false
        }
        return true
    }

    /// The same message in the live broker's values.
    func apply(to value: JSONValue, field: String = "") -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map { apply(to: $0, field: field) })
        case .object(let members):
            .object(members.map { JSONMember($0.key, apply(to: $0.value, field: $0.key)) })
        case .string(let text) where field == "records": .string(translatedRecords(text))
        case .string(let text): .string(topicIDs[text] ?? memberIDs[text] ?? text)
        case .integer(let number) where field == "producerId": .integer(producerIDs[number] ?? number)
        case .integer(let number) where field == "sessionId": .integer(sessionIDs[number] ?? number)
        default: value
        }
    }

    /// Whether both are ids that a broker makes: with the same beginning, or nothing but a UUID (KIP-848).
    private static func areAlike(_ recorded: String, _ live: String) -> Bool {
        if let stem = stem(recorded) { return stem == Self.stem(live) }
        return UUID(recorded) != nil && UUID(live) != nil
    }

    /// What comes before the UUID of a member id; nil where there is none.
    private static func stem(_ memberID: String) -> Substring? {
        let parts = memberID.split(separator: "-", omittingEmptySubsequences: false).suffix(5)
        guard parts.count == 5, parts.dropFirst().map(\.utf8.count) == [4, 4, 4, 12],
            memberID.utf8.count > 36
        else { return nil }
        return memberID.dropLast(36)
    }

    /// What identifies a member in both sessions: its id once it is known, until then what it begins with.
    func keyOfMember(_ memberID: String) -> String {
        if let live = memberIDs[memberID] { return live }
        return memberIDs.values.contains(memberID)
            ? memberID : Self.stem(memberID).map(String.init) ?? memberID
    }

    private func translatedRecords(_ text: String) -> String {
        guard let bytes = Base64.decode(text) else { return text }
        return Base64.encode(StoredBatches.translated(bytes, producerIDs: producerIDs))
    }

    /// A recorded request as it is to be sent: untouched if nothing in it needs translation, also if it is
    /// malformed.
    func request(_ frame: CapturedFrame) -> [UInt8] {
        guard let key = frame.api, let type = key.requestType,
            let (_, start) = try? RequestHeader.read(from: frame.bytes.span.bytes)
        else { return frame.bytes }
        func translated<Request: RequestMessage>(_ type: Request.Type) throws -> [UInt8] {
            let body = Array(frame.bytes[start...])
            let message = try Request(reading: body, version: frame.version)
            let recorded = try MessagePrinter.json(of: message, version: frame.version)
            let live = apply(to: recorded)
            guard live != recorded else { return frame.bytes }
            let copy = try MessageParser.message(Request.self, parsing: live, version: frame.version)
            return try frame.bytes[..<start] + copy.bytes(version: frame.version)
        }
        return (try? translated(type)) ?? frame.bytes
    }
}

/// Frames as JSON.
enum ReplayDecoding {
    /// The body of a request; nil if it is malformed or of an unknown kind.
    static func request(_ frame: CapturedFrame) -> JSONValue? {
        guard let type = frame.api?.requestType,
            let (_, start) = try? RequestHeader.read(from: frame.bytes.span.bytes)
        else { return nil }
        return try? json(type, Array(frame.bytes[start...]), frame.version)
    }

    /// The body of a reply to a request of `key` and `version`.
    static func reply(_ bytes: [UInt8], key: APIKey, version: Int16) throws -> JSONValue {
        guard let type = key.replyType else { throw ReplayError.undescribed(key) }
        guard bytes.count >= 6 else { throw ReplayError.short(bytes.count) }
        let headerSize = key.replyHeaderVersion(version) >= 1 ? 5 : 4
        // An unsupported ApiVersions is answered in version 0, which every client can read.
        let isRefusal =
            key == .apiVersions && bytes[4] == 0 && bytes[5] == UInt8(ErrorCode.unsupportedVersion.rawValue)
        return try json(type, Array(bytes[headerSize...]), isRefusal ? 0 : version)
    }

    private static func json(_ type: any Message.Type, _ body: [UInt8], _ version: Int16) throws -> JSONValue
    {
        func decode<M: Message>(_ type: M.Type) throws -> JSONValue {
            try MessagePrinter.json(of: M(reading: body, version: version), version: version)
        }
        return try decode(type)
    }
}

/// Why a replay could not go on.
enum ReplayError: Error {
    case undescribed(APIKey)
    case short(Int)
}
