// Throws broken bytes at every message: mutations of good ones, lengths that lie, and noise. A run is known
// by its seed.
import Base
import Protocol

struct Fuzzer {
    private var generator: SeededGenerator
    /// How many inputs were read without an error, and how many were refused.
    private(set) var accepted = 0
    private(set) var refused = 0

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// Reads `count` broken inputs; what is accepted must also survive writing and reading again.
    mutating func run(inputs count: Int) throws {
        var done = 0
        while done < count {
            let type = MessageCatalog.all[below(MessageCatalog.all.count)]
            let range = type.versions.range
            let version = range.lowerBound + Int16(below(range.count))
            let good = try filled(type, version: version, seed: generator.next()).bytes(version: version)
            for _ in 0..<50 where done < count {
                try read(type, mutated(good), version: version)
                done += 1
            }
        }
    }

    private mutating func read(_ type: any Message.Type, _ bytes: [UInt8], version: Int16) throws {
        let message: any Message
        do { message = try type.init(reading: bytes, version: version) } catch {
            refused += 1
            return
        }
        accepted += 1
        guard accepted.isMultiple(of: 16) else { return }
        let again = try message.bytes(version: version)
        let back = try type.init(reading: again, version: version)
        guard try back.bytes(version: version) == again else {
            throw FuzzError.unstable(type.name, version, bytes)
        }
    }

    private mutating func mutated(_ good: [UInt8]) -> [UInt8] {
        var bytes = good
        for _ in 0...below(3) {
            guard !bytes.isEmpty else { return noise(8) }
            let at = below(bytes.count)
            switch generator.next() % 8 {
            case 0: bytes[at] ^= 1 << UInt8(below(8))
            case 1: bytes[at] = UInt8(truncatingIfNeeded: generator.next())
            case 2: bytes.removeSubrange(at..<min(bytes.count, at + 1 + below(4)))
            case 3: bytes.insert(contentsOf: noise(1 + below(4)), at: at)
            case 4: bytes.removeSubrange(at...)
            // The values that lengths love to be wrong by: huge, negative, one off.
            case 5: overwrite(&bytes, at, [0x7f, 0xff, 0xff, 0xff])
            case 6: overwrite(&bytes, at, [0xff, 0xff, 0xff, 0xff, 0x0f])
            default: bytes[at] &+= generator.next() & 1 == 0 ? 1 : 255
            }
        }
        return bytes
    }

    private func overwrite(_ bytes: inout [UInt8], _ at: Int, _ pattern: [UInt8]) {
        for (index, byte) in pattern.enumerated() where at + index < bytes.count { bytes[at + index] = byte }
    }

    private mutating func noise(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    private mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
}

enum FuzzError: Error {
    case unstable(String, Int16, [UInt8])
}
