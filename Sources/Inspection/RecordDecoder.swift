// Records of the broker's own topics as JSON; those of clients as text.
internal import Base
internal import Protocol
internal import Records

/// Reads the keys and values of records.
enum RecordDecoder {
    /// What is to be printed of a record of `topic`.
    static func fields(_ record: Record, _ topic: Name) -> [(name: String, value: DumpValue)] {
        switch topic {
        case "__cluster_metadata":
            if let value = record.value, let json = try? metadata(value) { return [("payload", .json(json))] }
        case "__consumer_offsets", "__transaction_state", "__share_group_state":
            if let found = coordinator(record, topic) { return found }
        default: break
        }
        var fields: [(name: String, value: DumpValue)] = []
        if let key = record.key { fields.append(("key", .text(text(key)))) }
        if let value = record.value { fields.append(("payload", .text(text(value)))) }
        return fields
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// A control record of the metadata log.
    static func control(
        _ name: String, _ type: any Message.Type, _ value: [UInt8]
    ) -> [(name: String, value: DumpValue)] {
        // All of them begin with their version.
        let version = value.count >= 2 ? Int16(value[0]) << 8 | Int16(value[1]) : 0
        guard let json = try? json(type, value, version: min(version, type.versions.range.upperBound)) else {
            return [(name, .text("?"))]
        }
        return [(name, .json(json))]
    }

    /// A record of the metadata log: `type`, `version` and `data`.
    static func metadata(_ value: [UInt8]) throws(WireError) -> JSONValue {
        let header = try unsafe MetadataRecordHeader(reading: value.span.bytes)
        guard let type = MessageCatalog.metadataRecord(header.recordType) else {
            throw WireError(.text("the record type \(header.recordType) is not known"))
        }
        let data = try json(type, Array(value[header.bodyStart...]), version: header.version)
        return .object([
            JSONMember("type", .string(screamed(type.name))),
            JSONMember("version", .integer(Int64(header.version))), JSONMember("data", data),
        ])
    }

    private static func coordinator(
        _ record: Record, _ topic: Name
    ) -> [(name: String, value: DumpValue)]? {
        guard let key = record.key, key.count >= 2 else { return nil }
        let kind = Int16(key[0]) << 8 | Int16(key[1])
        let types = Self.types(kind, topic)
        guard let keyType = types.first(where: { $0.name.hasSuffix("Key") }),
            let valueType = types.first(where: { $0.name.hasSuffix("Value") }),
            let keyData = try? json(keyType, Array(key[2...]), version: 0)
        else { return nil }
        let shownKey = JSONValue.object([JSONMember("type", .string("\(kind)")), JSONMember("data", keyData)])
        guard let value = record.value else {
            return [("key", .json(shownKey)), ("payload", .text("<DELETE>"))]
        }
        guard value.count >= 2 else { return nil }
        let version = Int16(value[0]) << 8 | Int16(value[1])
        guard let data = try? json(valueType, Array(value[2...]), version: version) else { return nil }
        let shown = JSONValue.object([JSONMember("version", .string("\(version)")), JSONMember("data", data)])
        return [("key", .json(shownKey)), ("payload", .json(shown))]
    }

    /// Key and value of the records numbered `kind`: the logs count each for themselves.
    private static func types(_ kind: Int16, _ topic: Name) -> [any RecordMessage.Type] {
        MessageCatalog.coordinatorRecords.filter { type in
            let home: Name =
                if type.name.hasPrefix("TransactionLog") {
                    "__transaction_state"
                } else if type.name.hasPrefix("ShareSnapshot") || type.name.hasPrefix("ShareUpdate") {
                    "__share_group_state"
                } else {
                    "__consumer_offsets"
                }
            return home == topic && type.recordType == kind
        }
    }

    private static func json(
        _ type: any Message.Type, _ bytes: [UInt8], version: Int16
    ) throws(WireError) -> JSONValue {
        guard type.versions.range.contains(version) else { throw WireError(.unsupportedVersion(version)) }
        var reader = MessageReader(
            unsafe bytes.span.bytes, version: version, flexible: type.versions.isFlexible(version))
        var message: any Message = type.init()
        try message.read(&reader)
        return try MessagePrinter.json(of: message, version: version)
    }

    /// `FeatureLevelRecord` as `FEATURE_LEVEL_RECORD`.
    private static func screamed(_ name: String) -> String {
        var result = ""
        for character in name {
            if character.isUppercase, !result.isEmpty { result += "_" }
            result += character.uppercased()
        }
        return result
    }
}
