// xxHash-32, the checksum of the lz4 frame format.

/// xxHash with 32 bits and seed 0.
enum XXH32 {
    private static let prime1: UInt32 = 2_654_435_761
    private static let prime2: UInt32 = 2_246_822_519
    private static let prime3: UInt32 = 3_266_489_917
    private static let prime4: UInt32 = 668_265_263
    private static let prime5: UInt32 = 374_761_393
    /// Four words at a time, in lanes of their own.
    private static let stripeBytes = 16

    /// The checksum of `bytes`.
    static func checksum(_ bytes: RawSpan) -> UInt32 {
        var position = 0
        var hash = prime5
        if bytes.byteCount >= stripeBytes {
            var (first, second) = (prime1 &+ prime2, prime2)
            var (third, fourth) = (UInt32(0), 0 &- prime1)
            while position + stripeBytes <= bytes.byteCount {
                first = lane(first, word(bytes, position))
                second = lane(second, word(bytes, position + 4))
                third = lane(third, word(bytes, position + 8))
                fourth = lane(fourth, word(bytes, position + 12))
                position += stripeBytes
            }
            hash = rotated(first, 1) &+ rotated(second, 7) &+ rotated(third, 12) &+ rotated(fourth, 18)
        }
        hash &+= UInt32(truncatingIfNeeded: bytes.byteCount)
        while position + 4 <= bytes.byteCount {
            hash = rotated(hash &+ word(bytes, position) &* prime3, 17) &* prime4
            position += 4
        }
        while position < bytes.byteCount {
            let byte = unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
            hash = rotated(hash &+ UInt32(byte) &* prime5, 11) &* prime1
            position += 1
        }
        hash = (hash ^ hash >> 15) &* prime2
        hash = (hash ^ hash >> 13) &* prime3
        return hash ^ hash >> 16
    }

    private static func lane(_ state: UInt32, _ word: UInt32) -> UInt32 {
        rotated(state &+ word &* prime2, 13) &* prime1
    }

    private static func rotated(_ value: UInt32, _ bits: UInt32) -> UInt32 {
        value << bits | value >> (32 - bits)
    }

    private static func word(_ bytes: RawSpan, _ position: Int) -> UInt32 {
        unsafe UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
    }
}
