// Prints any file of a data directory. What a file is says its name; what its records are says the directory
// in which it lies.
internal import Base
package import LocalStorage
internal import Storage

/// Why a file cannot be printed.
package struct InspectionError: Error, CustomStringConvertible {
    package let description: String

    /// An error with its sentence.
    package init(_ description: String) { self.description = description }
}

/// Prints files.
package struct FileDump {
    /// Index files and the small ones are read whole; logs batch by batch.
    static let wholeBytesMax = 1 << 30

    let disk: any Disk
    /// Whether a wrong checksum is an error, and not only shown.
    var isStrict = false
    let print: (DumpLine) -> Void

    /// A dump that reads from `disk` and hands its lines to `print`.
    package init(_ disk: any Disk, print: @escaping (DumpLine) -> Void) {
        self.disk = disk
        self.print = print
    }

    /// Reads the file at `path`, and throws if it is damaged.
    static func verify(_ path: String, _ disk: any Disk) throws(InspectionError) {
        var dump = FileDump(disk) { _ in }
        dump.isStrict = true
        try dump.dump(path)
    }

    /// Prints the file at `path`.
    ///
    /// What follows the first damaged byte of a log is not printed, and is the error.
    package func dump(_ path: String) throws(InspectionError) {
        let parts = path.split(separator: "/")
        let name = String(parts.last ?? "")
        let directory = parts.count > 1 ? String(parts[parts.count - 2]) : ""
        guard let ending = name.split(separator: ".").last.map(String.init) else {
            throw InspectionError("\(path) names no file")
        }
        switch ending == "checkpoint" && isSnapshot(name) ? "log" : ending {
        case "log", "quarantine":
            if let base = Int64(name.prefix(20)) {
                print(DumpLine(sentence: "Log starting offset: \(base)"))
            }
            try LogDump(disk: disk, topic: topic(of: directory, name), isStrict: isStrict, print: print)
                .dump(path)
        case "index", "timeindex", "txnindex", "snapshot":
            try dumpNotes(ending, try contents(path), base: Int64(name.prefix(20)) ?? 0, path)
        default:
            for line in String(decoding: try contents(path), as: UTF8.self).split(whereSeparator: \.isNewline)
            {
                print(DumpLine(sentence: String(line)))
            }
        }
    }

    /// Whether a `.checkpoint` file holds records, and not lines of text.
    private func isSnapshot(_ name: String) -> Bool {
        name == "bootstrap.checkpoint"
            || name.split(separator: "-").count == 2 && Int64(name.prefix(20)) != nil
    }

    private func topic(of directory: String, _ name: String) -> Name {
        if name.hasSuffix(".checkpoint") { return "__cluster_metadata" }
        guard let dash = directory.lastIndex(of: "-") else { return Name(directory) }
        return Name(directory[..<dash])
    }

    private func contents(_ path: String) throws(InspectionError) -> [UInt8] {
        do {
            guard let bytes = try disk.contents(path, limit: Self.wholeBytesMax) else {
                throw InspectionError("there is no file \(path)")
            }
            return bytes
        } catch let error as InspectionError {
            throw error
        } catch {
            throw InspectionError("\(error)")
        }
    }
}
