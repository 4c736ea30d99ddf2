// The golden messages: what Kafka's own classes make of every message in every version
// (fixtures/golden/README.md).
import Base
import Protocol
import TestSupport

struct Golden: Sendable {
    let name: String
    let version: Int16
    let sample: String
    let json: JSONValue
    let bytes: [UInt8]
    let headerVersion: Int16?

    var label: String { "\(name) v\(version) \(sample)" }

    /// All of them; empty if the file cannot be read, which the first test reports.
    static let all: [Golden] = (try? load()) ?? []

    /// One list of samples for each message, so that a test names the message that fails.
    static let names = Set(all.map(\.name)).sorted()

    private static func load() throws -> [Golden] {
        try Fixture.lines("golden/golden.jsonl.gz").map { try Golden(line: $0) }
    }

    private init(line: [UInt8]) throws {
        let object = try JSONValue(parsing: line)
        guard let name = object["message"]?.text, let version = object["version"]?.integer,
            let sample = object["sample"]?.text, let json = object["json"], let hex = object["hex"]?.text,
            let bytes = [UInt8](hex: hex)
        else { throw GoldenError.malformedLine(String(decoding: line.prefix(80), as: UTF8.self)) }
        self.name = name
        self.version = Int16(version)
        self.sample = sample
        self.json = json
        self.bytes = bytes
        headerVersion = object["headerVersion"]?.integer.map { Int16($0) }
    }
}

enum GoldenError: Error {
    case malformedLine(String)
}
