// Nothing that arrives may trap the process or make it reserve memory that the bytes do not back.
import Base
import Foundation
import Protocol
import Testing

@Suite struct FuzzTests {
    /// `APUS_FUZZ` inputs for each seed; the long run asks for millions.
    static let inputs = Int(ProcessInfo.processInfo.environment["APUS_FUZZ"] ?? "") ?? 50_000

    @Test("broken messages are read or refused, and memory stays bounded", arguments: UInt64(0)..<4)
    func mutations(seed: UInt64) async {
        // In a process of its own, as other tests have a right to memory too.
        await #expect(processExitsWith: .success) { [seed] in
            var fuzzer = Fuzzer(seed: seed)
            try fuzzer.run(inputs: Self.inputs)
            #expect(fuzzer.accepted + fuzzer.refused == Self.inputs)
            #expect(fuzzer.accepted > Self.inputs / 100 && fuzzer.refused > Self.inputs / 100)
            #expect(peakResidentKilobytes < residentMaxKilobytes)
        }
    }

    @Test("an array that claims 2^31 elements is refused before memory is reserved")
    func lyingCounts() async {
        await #expect(processExitsWith: .success) {
            for type in MessageCatalog.all {
                for version in type.versions.range { try lieAboutCounts(of: type, version: version) }
                #expect(peakResidentKilobytes < residentMaxKilobytes, "after \(type.name)")
            }
        }
    }

    @Test("broken JSON is parsed or refused", arguments: UInt64(0)..<4)
    func brokenJSON(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var parsed = 0
        for _ in 0..<Self.inputs / 50 {
            let type = MessageCatalog.all[Int(generator.next() % UInt64(MessageCatalog.all.count))]
            let version = type.versions.range.upperBound
            let message = try filled(type, version: version, seed: generator.next())
            var text = Array(try MessagePrinter.json(of: message, version: version).description.utf8)
            for _ in 0...generator.next() % 3 {
                text[Int(generator.next() % UInt64(text.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            guard let json = try? JSONValue(parsing: text) else { continue }
            parsed += 1
            _ = try? parse(type, json, version: version)
        }
        #expect(parsed > 0 && parsed < Self.inputs / 50)
    }

    @Test("elements that are small on the wire cannot fill the memory")
    func amplification() throws {
        // Three million topics of seven bytes: 21 MB of frame, and several times that as structures.
        let count = 3_000_000
        var frame = [UInt8](repeating: 0, count: 4 + 7 * count)
        for index in 0..<4 { frame[index] = UInt8(truncatingIfNeeded: count >> (24 - 8 * index)) }
        #expect(throws: WireError(.tooManyElements(count), at: 4, field: "topics")) {
            try DeleteRecordsRequest(reading: frame.span.bytes, version: 0)
        }
    }
}

/// Reads a message in which any place may be a count that lies: each is tried.
private func lieAboutCounts(of type: any Message.Type, version: Int16) throws {
    let good = try filled(type, version: version, seed: 7).bytes(version: version)
    let lie: [UInt8] =
        type.versions.isFlexible(version) ? [0xff, 0xff, 0xff, 0xff, 0x07] : [0x7f, 0xff, 0xff, 0xff]
    for at in good.indices {
        var bytes = good
        for (index, byte) in lie.enumerated() where at + index < bytes.count { bytes[at + index] = byte }
        _ = try? type.init(reading: bytes, version: version)
    }
}

/// What a process of tests may take that reads one small message after the other.
private let residentMaxKilobytes = 128 << 10

/// The most memory that this process ever had resident; 0 where the system does not tell.
private var peakResidentKilobytes: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
}
