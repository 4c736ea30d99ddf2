// One thing that goes wrong with the files of a data directory while no broker looks: a byte, a page, an end,
// a whole file. Which, is decided by a seed.
import Base
import LocalStorage
import Records
import Simulation
import Storage

/// A damage that was done.
struct Damage: CustomStringConvertible {
    let file: String
    let description: String
    /// Whether the file lies under another name now.
    var isRenaming: Bool { description.hasPrefix("renamed") }

    /// Does what `random` decides to a file of `disk`; nil if that changed nothing.
    static func inflict(on disk: SimulatedDisk, _ random: inout SeededRandom) throws -> Damage? {
        let files = try files(of: disk, "/data").filter { !$0.hasSuffix("/.lock") }
        // Half of the time the records themselves.
        let logs = files.filter { $0.hasSuffix(".log") }
        guard let file = (random.chance(50) ? logs : files).randomElement(using: &random) else { return nil }
        let before = try disk.contents(file) ?? []
        let change = try change(file, before, among: files, disk, &random)
        if let after = try disk.contents(file), after == before, !change.hasPrefix("copied") { return nil }
        return Damage(file: file, description: "\(change) \(file)")
    }

    private static func files(of disk: SimulatedDisk, _ path: String) throws -> [String] {
        try disk.list(path).flatMap { entry in
            let child = path + "/" + entry.name
            return entry.isDirectory ? try files(of: disk, child) : [child]
        }.sorted()
    }

    private static func change(
        _ file: String, _ bytes: [UInt8], among files: [String], _ disk: SimulatedDisk,
        _ random: inout SeededRandom
    ) throws -> String {
        let size = bytes.count
        let isLog = file.hasSuffix(".log")
        switch Int.random(in: 0..<(isLog ? 14 : 10), using: &random) {
        case 0 where size > 0, 1 where size > 0:
            let position = Int.random(in: 0..<max(1, size), using: &random)
            disk.damage(file, at: position, mask: 1 << UInt8.random(in: 0..<8, using: &random))
            return "flipped a bit of byte \(position) in"
        case 2 where size > 0:
            let position = Int.random(in: 0..<size, using: &random)
            let count = min(size - position, Int.random(in: 1...16, using: &random))
            try write(
                (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }, at: position, file, disk)
            return "overwrote \(count) bytes at \(position) in"
        case 3 where size > 0:
            let page = 512
            let position = Int.random(in: 0..<((size + page - 1) / page), using: &random) * page
            try write([UInt8](repeating: 0, count: min(page, size - position)), at: position, file, disk)
            return "zeroed the page at \(position) in"
        case 4, 5:
            let length = random.chance(40) || size == 0 ? 0 : Int.random(in: 0..<size, using: &random)
            try truncate(file, to: length, disk)
            return "cut to \(length) of \(size) bytes"
        case 6:
            try disk.remove(file)
            return "removed"
        case 7:
            let target = otherName(file, &random)
            try put(bytes, target, disk)
            return "copied to \(target)"
        case 8:
            let target = otherName(file, &random)
            try disk.rename(file, to: target)
            return "renamed to \(target)"
        case 9:
            // Of the same log: nothing in a batch tells which log it is of.
            let others = files.filter {
                $0 != file && $0.hasPrefix(file.prefix { $0 != "." }.dropLast(20))
                    && $0.split(separator: ".").last == file.split(separator: ".").last
            }
            guard let other = others.randomElement(using: &random), let content = try disk.contents(other)
            else {
                try put(bytes + [1, 2, 3], file, disk)
                return "appended garbage to"
            }
            try put(content, file, disk)
            return "copied \(other) over"
        default: return try changeBatch(of: file, bytes, disk, &random)
        }
    }

    private static func changeBatch(
        of file: String, _ bytes: [UInt8], _ disk: SimulatedDisk, _ random: inout SeededRandom
    ) throws -> String {
        guard let batch = positions(of: bytes).randomElement(using: &random) else { return "left" }
        if random.chance(25) {
            // Whole batches, as if they had never been.
            try truncate(file, to: batch, disk)
            return "cut before the batch at \(batch) of \(bytes.count) bytes"
        }
        // What the checksum does not cover.
        let field = Int.random(in: 0..<17, using: &random)
        disk.damage(file, at: batch + field, mask: 1 << UInt8.random(in: 0..<8, using: &random))
        return "flipped a bit of byte \(field) of the batch at \(batch) in"
    }

    private static func positions(of log: [UInt8]) -> [Int] {
        var found: [Int] = []
        var position = 0
        while position < log.count,
            let header = try? BatchHeader(reading: log.span.bytes.extracting(position...))
        {
            found.append(position)
            position += header.sizeInBytes
        }
        return found
    }

    /// A name that a file of the same kind might have, or any.
    private static func otherName(_ file: String, _ random: inout SeededRandom) -> String {
        let slash = file.lastIndex(of: "/") ?? file.startIndex
        let (directory, name) = (file[..<slash], file[file.index(after: slash)...])
        guard random.chance(70), name.count > 20, let offset = Int64(name.prefix(20)) else {
            return "\(directory)/\(name).bak"
        }
        let other = String(max(0, offset + Int64.random(in: -20...40, using: &random)))
        return directory + "/" + String(repeating: "0", count: 20 - other.count) + other + name.dropFirst(20)
    }

    private static func write(
        _ bytes: [UInt8], at position: Int, _ file: String, _ disk: SimulatedDisk
    ) throws {
        let opened = try disk.open(file, .existing)
        try opened.write(bytes.span.bytes, at: Int64(position))
        try opened.sync()
    }

    private static func truncate(_ file: String, to length: Int, _ disk: SimulatedDisk) throws {
        let opened = try disk.open(file, .existing)
        try opened.truncate(to: Int64(length))
        try opened.sync()
    }

    private static func put(_ bytes: [UInt8], _ file: String, _ disk: SimulatedDisk) throws {
        let opened = try disk.open(file, .any)
        try opened.truncate(to: 0)
        try opened.write(bytes.span.bytes, at: 0)
        try opened.sync()
    }
}
