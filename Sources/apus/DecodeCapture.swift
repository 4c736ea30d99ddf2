// Recorded sessions for `apus decode --capture`: JSON lines of frames between clients and a broker. Each
// frame is printed as one JSON object: connection, direction, time, API, version, and the body.
import Base
import Protocol

/// Prints every frame of the capture `file`; returns 1 if some could not be decoded.
func printCapture(_ file: String) throws(CommandError) -> Int32 {
    var failures: Int32 = 0
    for line in try readLines(of: file) {
        let frame: JSONValue
        do throws(JSONError) { frame = try JSONValue(parsing: line) } catch {
            throw .failure("\(file): a line is no JSON: \(error)")
        }
        // A broken frame, kept on purpose in recordings of errors, is shown and the rest goes on.
        do throws(CommandError) {
            let description = try describe(frame)
            if description["error"] != nil { failures = 1 }
            print(description)
        } catch {
            print(describeFailure(frame, error))
            failures = 1
        }
    }
    return failures
}

private func describeFailure(_ frame: JSONValue, _ error: CommandError) -> JSONValue {
    .object(
        common(frame) + [
            JSONMember("error", .string(error.description)), JSONMember("hex", frame["hex"] ?? .null),
        ])
}

private func common(_ frame: JSONValue) -> [JSONMember] {
    ["conn", "dir", "t"].compactMap { key in frame[key].map { JSONMember(key, $0) } }
}

private func describe(_ frame: JSONValue) throws(CommandError) -> JSONValue {
    guard let hex = frame["hex"]?.text else { return frame }
    let raw = try bytes(hex)
    if frame["raw"] == .bool(true) {
        return .object(common(frame) + [JSONMember("raw", .string(hex))])
    }
    if frame["dir"]?.text == "req" {
        guard case .object(let members) = try describeRequest(raw, countingRecords: true) else {
            return frame
        }
        return .object(common(frame) + members)
    }
    return .object(common(frame) + (try describeReply(raw, frame)))
}

/// A reply does not say what it is: key and version of its request stand beside it in the capture.
private func describeReply(_ frame: [UInt8], _ line: JSONValue) throws(CommandError) -> [JSONMember] {
    guard let number = line["key"]?.integer, let raw = Int16(exactly: number),
        let key = APIKey(rawValue: raw),
        let type = key.replyType, let given = line["ver"]?.integer, var version = Int16(exactly: given)
    else { throw .failure("the capture does not say what was answered") }
    // ApiVersions answers a version that it does not know in the shape of version 0 (KIP-511).
    if key == .apiVersions, !(0...4).contains(version) { version = 0 }
    let start = key.replyHeaderVersion(version) >= 1 ? 5 : 4
    guard frame.count >= start else { throw .failure("a reply of \(frame.count) bytes") }
    let body = try DecodedMessage(type, frame, from: start, version: version, countingRecords: true)
    let correlation = frame[..<4].reduce(0) { $0 << 8 | Int64($1) }
    return [
        JSONMember("api", .string(key.name)), JSONMember("version", .integer(given)),
        JSONMember("correlationId", .integer(correlation)),
    ] + body.members
}
