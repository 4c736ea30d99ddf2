// Stands for a record's key in compaction's map: SipHash-2-4 with 128 bits (Aumasson, Bernstein), under a key
// that no client knows. Two keys with the same hash would be one key to compaction, and the older record
// lost, so nobody may be able to find such a pair.
internal import Base
internal import Records
internal import Storage

/// The hash of a record's key.
struct KeyHash: Equatable, Sendable, BitwiseCopyable {
    var low: UInt64
    var high: UInt64
}

/// Hashes the keys of records under a secret of its own.
struct KeyHasher: Sendable {
    private let secret: (UInt64, UInt64)

    init(_ low: UInt64, _ high: UInt64) { secret = (low, high) }

    /// A hasher with a secret that nobody can guess.
    static func random() -> KeyHasher {
        var generator = BrokerRandom()
        return KeyHasher(generator.next(), generator.next())
    }

    func hash(_ key: RawSpan) -> KeyHash {
        var state = SipState(secret)
        let whole = key.byteCount & ~7
        var position = 0
        while position < whole {
            state.absorb((key.integer(at: position, as: UInt64.self)).byteSwapped)
            position += 8
        }
        var last = UInt64(truncatingIfNeeded: key.byteCount) << 56
        for index in whole..<key.byteCount {
            last |= UInt64(key.integer(at: index, as: UInt8.self)) << UInt64(8 * (index - whole))
        }
        state.absorb(last)
        return state.finish()
    }
}

private struct SipState {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    init(_ secret: (UInt64, UInt64)) {
        words = (
            secret.0 ^ 0x736f_6d65_7073_6575, secret.1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            secret.0 ^ 0x6c79_6765_6e65_7261, secret.1 ^ 0x7465_6462_7974_6573
        )
    }

    @inline(__always)
    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 {
        word << count | word >> (64 - count)
    }

    @inline(__always)
    private mutating func round() {
        var (a, b, c, d) = words
        a = a &+ b
        b = Self.rotate(b, 13) ^ a
        a = Self.rotate(a, 32)
        c = c &+ d
        d = Self.rotate(d, 16) ^ c
        a = a &+ d
        d = Self.rotate(d, 21) ^ a
        c = c &+ b
        b = Self.rotate(b, 17) ^ c
        c = Self.rotate(c, 32)
        words = (a, b, c, d)
    }

    mutating func absorb(_ word: UInt64) {
        words.3 ^= word
        round()
        round()
        words.0 ^= word
    }

    mutating func finish() -> KeyHash {
        words.2 ^= 0xee
        for _ in 0..<4 { round() }
        let low = words.0 ^ words.1 ^ words.2 ^ words.3
        words.1 ^= 0xdd
        for _ in 0..<4 { round() }
        return KeyHash(low: low, high: words.0 ^ words.1 ^ words.2 ^ words.3)
    }
}
