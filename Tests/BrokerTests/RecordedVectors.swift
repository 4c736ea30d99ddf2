// Fixtures of one JSON object a line, packed.
import Base
import Foundation

enum RecordedVectors {
    struct Malformed: Error {
        let line: Int
    }

    /// The objects of `fixtures/NAME`.
    static func load(_ name: String) throws -> [JSONValue] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../fixtures/\(name)").standardized
        let gunzip = Process()
        gunzip.executableURL = URL(filePath: "/usr/bin/env")
        gunzip.arguments = ["gzip", "-dc", file.path]
        let output = Pipe()
        gunzip.standardOutput = output
        try gunzip.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        gunzip.waitUntilExit()
        return try text.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
    }
}
