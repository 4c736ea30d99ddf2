// `apus decode`: shows bytes of the protocol as JSON, with which we and our users find out what a client
// really said.
import Base
import Protocol

private let usage = """
    usage: apus decode --api KEY --version N --request HEX | --response HEX
           apus decode --message NAME --version N --hex HEX
           apus decode --frame HEX            a whole request: header and body, without its size
           apus decode --records HEX          record batches
           apus decode --jsonl [FILE]         lines {"message","version","hex"}: adds "json" to each
           apus decode --capture FILE         a recorded session, one frame a line
    KEY is a number or a name (12, Heartbeat); HEX may contain blanks; - reads it from standard input.
    """

/// Runs `apus decode`; returns the exit code of the process.
func decodeCommand(_ arguments: [String]) -> Int32 {
    do throws(CommandError) {
        let options = try CommandOptions(arguments, flags: ["jsonl"])
        if options.has("help") || arguments.isEmpty {
            print(usage)
            return arguments.isEmpty ? 2 : 0
        }
        try options.allow([
            "api", "version", "request", "response", "message", "hex", "frame", "records", "jsonl", "capture",
        ])
        if options.has("jsonl") {
            return try convertLines(of: options.positional.first, decodeLine)
        }
        if let file = options["capture"] {
            return try printCapture(file)
        }
        try printOne(options)
        return 0
    } catch {
        complain("decode: \(error.description)")
        return error.status
    }
}

private func printOne(_ options: CommandOptions) throws(CommandError) {
    if let hex = options["records"] {
        for batch in describeRecords(try bytes(hex)) { print(batch.indentedDescription) }
        return
    }
    if let hex = options["frame"] {
        print(try describeRequest(bytes(hex)).indentedDescription)
        return
    }
    let (type, hex) = try chosenMessage(options)
    guard let version = options["version"].flatMap({ Int16($0) }) else {
        throw .usage("--version N is missing")
    }
    let decoded = try DecodedMessage(type, bytes(hex), from: 0, version: version)
    print(decoded.json.indentedDescription)
    if decoded.trailing > 0 { complain("decode: \(decoded.trailing) more bytes follow the message") }
}

private func chosenMessage(_ options: CommandOptions) throws(CommandError) -> (any Message.Type, String) {
    if let name = options["message"] {
        guard let type = MessageCatalog.type(named: name) else {
            throw .failure("no message is called \(name)")
        }
        guard let hex = options["hex"] else { throw .usage("--hex HEX is missing") }
        return (type, hex)
    }
    guard let text = options["api"] else {
        throw .usage("say which message: --api KEY or --message NAME")
    }
    guard let key = APIKey.allCases.first(where: { "\($0.rawValue)" == text || $0.name == text }) else {
        throw .failure("no API has the key or name \(text)")
    }
    guard let request = key.requestType, let reply = key.replyType else {
        throw .failure("\(key.name) is spoken among controllers only, and not described here")
    }
    if let hex = options["request"] { return (request, hex) }
    if let hex = options["response"] { return (reply, hex) }
    throw .usage("--request HEX or --response HEX is missing")
}

/// The bytes that `hex` spells; blanks are passed over, `-` stands for standard input.
func bytes(_ hex: String) throws(CommandError) -> [UInt8] {
    var text = hex
    if hex == "-" {
        text = ""
        while let line = readLine() { text += line }
    }
    guard let bytes = [UInt8](hexadecimal: text) else { throw .failure("that is no hexadecimal text") }
    return bytes
}

/// `{"message","version","hex"}` with `"json"` added.
private func decodeLine(_ line: JSONValue) throws(CommandError) -> JSONValue {
    let (type, version) = try describedMessage(line)
    guard let hex = line["hex"]?.text else { throw .failure("the line has no \"hex\"") }
    let decoded = try DecodedMessage(type, bytes(hex), from: 0, version: version)
    return line.setting("json", to: decoded.json)
}

/// A message read and printed, and how many bytes were left.
struct DecodedMessage {
    let json: JSONValue
    let trailing: Int

    /// The body, and what Kafka passes over in silence: bytes after it.
    var members: [JSONMember] {
        [JSONMember("json", json)]
            + (trailing > 0 ? [JSONMember("trailingBytes", .integer(Int64(trailing)))] : [])
    }

    /// Reads a message of `type` at `start`; its records are printed as base64, or only counted.
    init(
        _ type: any Message.Type, _ bytes: [UInt8], from start: Int, version: Int16,
        countingRecords: Bool = false
    ) throws(CommandError) {
        do throws(WireError) {
            guard type.versions.range.contains(version) else { throw WireError(.unsupportedVersion(version)) }
            var reader = MessageReader(
                unsafe bytes.span.bytes, from: start, version: version,
                flexible: type.versions.isFlexible(version),
                copyingRecords: !countingRecords)
            var message: any Message = type.init()
            try message.read(&reader)
            json = try MessagePrinter.json(of: message, version: version)
            trailing = reader.remaining
        } catch {
            throw .failure("\(type.name) v\(version): \(error)")
        }
    }
}

/// A whole request as an object of header and body, or of header and error.
func describeRequest(_ frame: [UInt8], countingRecords: Bool = false) throws(CommandError) -> JSONValue {
    let header: RequestHeader
    let start: Int
    do throws(WireError) { (header, start) = try RequestHeader.read(from: unsafe frame.span.bytes) } catch {
        throw .failure("request header: \(error)")
    }
    guard let key = header.key, let type = key.requestType else {
        throw .failure("API key \(header.requestAPIKey) is not described here")
    }
    var members = [
        JSONMember("api", .string(key.name)), JSONMember("version", .integer(Int64(header.version))),
        JSONMember("correlationId", .integer(Int64(header.correlationID))),
        JSONMember("clientId", header.clientID.map { .string($0.text) } ?? .null),
    ]
    // A body that cannot be read leaves the header worth seeing.
    do throws(CommandError) {
        members += try DecodedMessage(
            type, frame, from: start, version: header.version, countingRecords: countingRecords
        ).members
    } catch {
        members.append(JSONMember("error", .string(error.description)))
    }
    return .object(members)
}
