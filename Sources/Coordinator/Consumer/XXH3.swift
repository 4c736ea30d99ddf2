// The 64-bit hash XXH3 with its default secret (Collet's specification, version 0.8): Kafka writes it into
// the records of consumer groups, so that both tell by the same number whether topics changed.

enum XXH3 {
    private static let prime32: (UInt64, UInt64, UInt64) = (0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d)
    private static let prime1: UInt64 = 0x9e37_79b1_85eb_ca87
    private static let prime2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
    private static let prime3: UInt64 = 0x1656_67b1_9e37_79f9
    private static let prime4: UInt64 = 0x85eb_ca77_c2b2_ae63
    private static let prime5: UInt64 = 0x27d4_eb2f_1656_67c5
    private static let mix1: UInt64 = 0x1656_6791_9e37_79f9
    private static let mix2: UInt64 = 0x9fb2_1c65_1e98_df25

    /// The published secret, in words as they lie in memory.
    private static let secret: [UInt8] = [
        0xb8fe_6c39_23a4_4bbe, 0x7c01_812c_f721_ad1c, 0xded4_6de9_8390_97db, 0x7240_a4a4_b7b3_671f,
        0xcb79_e64e_ccc0_e578, 0x825a_d07d_ccff_7221, 0xb808_4674_f743_248e, 0xe035_90e6_813a_264c,
        0x3c28_52bb_91c3_00cb, 0x88d0_658b_1b53_2ea3, 0x7164_4897_a20d_f94e, 0x3819_ef46_a9de_acd8,
        0xa8fa_763f_e39c_343f, 0xf9dc_bbc7_c70b_4f1d, 0x8a51_e04b_cdb4_5931, 0xc89f_7ec9_d978_7364,
        0xeac5_ac83_34d3_ebc3, 0xc581_a0ff_fa13_63eb, 0x170d_dd51_b7f0_da49, 0xd316_5526_29d4_689e,
        0x2b16_be58_7d47_a1fc, 0x8ff8_b8d1_7ad0_31ce, 0x45cb_3a8f_9516_0428, 0xafd7_fbca_bb4b_407e,
    ].flatMap { (word: UInt64) in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }

    /// The hash of `bytes`.
    static func hash(_ bytes: [UInt8]) -> UInt64 {
        switch bytes.count {
        case 0: avalanche64(key(56) ^ key(64))
        case 1...3: tiny(bytes)
        case 4...8: small(bytes)
        case 9...16: medium(bytes)
        case 17...128: upTo128(bytes)
        case 129...240: upTo240(bytes)
        default: long(bytes)
        }
    }

    // MARK: - Parts

    private static func word(_ bytes: [UInt8], _ at: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) }
    }

    private static func half(_ bytes: [UInt8], _ at: Int) -> UInt64 {
        (0..<4).reduce(0) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) }
    }

    private static func key(_ at: Int) -> UInt64 { word(secret, at) }

    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value << bits | value >> (64 - bits)
    }

    private static func avalanche(_ value: UInt64) -> UInt64 {
        let mixed = (value ^ value >> 37) &* mix1
        return mixed ^ mixed >> 32
    }

    private static func avalanche64(_ value: UInt64) -> UInt64 {
        let first = (value ^ value >> 33) &* prime2
        let second = (first ^ first >> 29) &* prime3
        return second ^ second >> 32
    }

    /// Mixes 16 bytes with the secret.
    private static func mixed(_ bytes: [UInt8], _ at: Int, _ secretAt: Int) -> UInt64 {
        fold(word(bytes, at) ^ key(secretAt), word(bytes, at + 8) ^ key(secretAt + 8))
    }

    // MARK: - By length

    private static func tiny(_ bytes: [UInt8]) -> UInt64 {
        let count = bytes.count
        let combined =
            UInt64(bytes[0]) << 16 | UInt64(bytes[count >> 1]) << 24 | UInt64(bytes[count - 1])
            | UInt64(count) << 8
        return avalanche64(combined ^ (half(secret, 0) ^ half(secret, 4)))
    }

    private static func small(_ bytes: [UInt8]) -> UInt64 {
        let input = half(bytes, bytes.count - 4) &+ half(bytes, 0) << 32
        var value = input ^ (key(8) ^ key(16))
        value ^= rotated(value, 49) ^ rotated(value, 24)
        value = value &* mix2
        value ^= (value >> 35) &+ UInt64(bytes.count)
        value = value &* mix2
        return value ^ value >> 28
    }

    private static func medium(_ bytes: [UInt8]) -> UInt64 {
        let low = word(bytes, 0) ^ (key(24) ^ key(32))
        let high = word(bytes, bytes.count - 8) ^ (key(40) ^ key(48))
        return avalanche(UInt64(bytes.count) &+ low.byteSwapped &+ high &+ fold(low, high))
    }

    private static func upTo128(_ bytes: [UInt8]) -> UInt64 {
        let count = bytes.count
        var sum = UInt64(count) &* prime1
        for step in stride(from: (count - 1) / 32, through: 0, by: -1) {
            sum = sum &+ mixed(bytes, 16 * step, 32 * step)
            sum = sum &+ mixed(bytes, count - 16 * (step + 1), 32 * step + 16)
        }
        return avalanche(sum)
    }

    private static func upTo240(_ bytes: [UInt8]) -> UInt64 {
        var sum = UInt64(bytes.count) &* prime1
        for round in 0..<8 { sum = sum &+ mixed(bytes, 16 * round, 16 * round) }
        sum = avalanche(sum)
        for round in 8..<(bytes.count / 16) { sum = sum &+ mixed(bytes, 16 * round, 16 * (round - 8) + 3) }
        return avalanche(sum &+ mixed(bytes, bytes.count - 16, 136 - 17))
    }

    private static func long(_ bytes: [UInt8]) -> UInt64 {
        var sums = [prime32.2, prime1, prime2, prime3, prime4, prime32.1, prime5, prime32.0]
        func accumulate(_ at: Int, _ secretAt: Int) {
            for lane in 0..<8 {
                let data = word(bytes, at + 8 * lane)
                let keyed = data ^ key(secretAt + 8 * lane)
                sums[lane ^ 1] = sums[lane ^ 1] &+ data
                sums[lane] = sums[lane] &+ (keyed & 0xffff_ffff) &* (keyed >> 32)
            }
        }
        let last = bytes.count - 64
        var stripe = 0
        while 64 * stripe < bytes.count - 64 {
            accumulate(64 * stripe, 8 * (stripe % 16))
            stripe += 1
            guard stripe % 16 == 0, 64 * stripe < bytes.count else { continue }
            for lane in 0..<8 {
                sums[lane] = ((sums[lane] ^ sums[lane] >> 47) ^ key(128 + 8 * lane)) &* prime32.0
            }
        }
        accumulate(last, 192 - 64 - 7)
        var result = UInt64(bytes.count) &* prime1
        for pair in 0..<4 {
            result =
                result &+ fold(sums[2 * pair] ^ key(11 + 16 * pair), sums[2 * pair + 1] ^ key(19 + 16 * pair))
        }
        return avalanche(result)
    }
}
