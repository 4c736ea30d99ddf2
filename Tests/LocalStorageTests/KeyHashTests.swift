// The hash that stands for a key, and the map of bounded size that is keyed by it.
import Base
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

@Suite("keys of a compaction")
struct KeyHashTests {
    @Test("the hash is SipHash-2-4 with 128 bits: the first of its authors' test vectors, and the last")
    func vectors() {
        let hasher = KeyHasher(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
        let empty: [UInt8] = []
        let none = hasher.hash(empty.rawSpan)
        #expect(none.low.bigEndian == 0xa381_7f04_ba25_a8e6)
        #expect(none.high.bigEndian == 0x6df6_7214_c755_0293)
        let bytes = (0..<63).map { UInt8($0) }
        let all = hasher.hash(bytes.rawSpan)
        #expect(all.low.bigEndian == 0x5150_d177_2f50_834a && all.high.bigEndian == 0x503e_069a_973f_bd7c)
    }

    @Test("a map knows the last offset of each key, until it is full", arguments: [0, 1, 2] as [UInt64])
    func map(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var map = CompactionMap(
            bytes: 1000 * CompactionMap.slotBytes, load: 0.9, recordsMax: .max, hasher: .random())
        var model: [[UInt8]: Offset] = [:]
        var offset = Offset.zero
        while true {
            let key = Array("\(Int.random(in: 0..<2000, using: &random))".utf8)
            guard map.put(key.rawSpan, at: offset) else { break }
            model[key] = offset
            offset = offset.advanced(by: 1)
        }
        #expect(model.count == 900 && map.count == 900 && map.latest == offset.advanced(by: -1))
        for (key, last) in model {
            let found = map.last(of: key.rawSpan)
            #expect(found == last)
        }
        let unknown = Array("x".utf8)
        let found = map.last(of: unknown.rawSpan)
        #expect(found == nil)
    }
}
