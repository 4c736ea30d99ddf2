// `apus encode`: the way back from JSON to bytes.
import Base
import Protocol

private let usage = """
    usage: apus encode --message NAME --version N --json JSON
           apus encode --jsonl [FILE]         lines {"message","version","json"}: adds "hex" to each
    Fields that are left out have their default.
    """

/// Runs `apus encode`; returns the exit code of the process.
func encodeCommand(_ arguments: [String]) -> Int32 {
    do throws(CommandError) {
        let options = try CommandOptions(arguments, flags: ["jsonl"])
        if options.has("help") || arguments.isEmpty {
            print(usage)
            return arguments.isEmpty ? 2 : 0
        }
        try options.allow(["message", "version", "json", "jsonl"])
        if options.has("jsonl") {
            return try convertLines(of: options.positional.first, encodeLine)
        }
        guard let name = options["message"], let version = options["version"].flatMap({ Int64($0) }),
            let json = options["json"]
        else { throw .usage("--message NAME, --version N and --json JSON are needed") }
        let line = JSONValue.object([
            JSONMember("message", .string(name)), JSONMember("version", .integer(version)),
            JSONMember("json", try parse(json)),
        ])
        print(try encodeLine(line)["hex"]?.text ?? "")
        return 0
    } catch {
        complain("encode: \(error.description)")
        return error.status
    }
}

/// `{"message","version","json"}` with `"hex"` added.
private func encodeLine(_ line: JSONValue) throws(CommandError) -> JSONValue {
    let (type, version) = try describedMessage(line)
    guard let json = line["json"] else { throw .failure("the line has no \"json\"") }
    return line.setting("hex", to: .string(try encoded(type, json, version: version).hexadecimal))
}

private func encoded<M: Message>(
    _ type: M.Type, _ json: JSONValue, version: Int16
) throws(CommandError) -> [UInt8] {
    do throws(WireError) {
        return try MessageParser.message(type, parsing: json, version: version).bytes(version: version)
    } catch {
        throw .failure("\(M.name) v\(version): \(error)")
    }
}
