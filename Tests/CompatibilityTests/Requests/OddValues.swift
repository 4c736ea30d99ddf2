// Values that a request may hold and no client sends, or seldom: at and beyond the bounds of a field.
import Base
import Simulation

/// What odd fields are filled with.
///
/// For every broker there is one, with values in the same order, so that one seed makes the same request for
/// each of them.
struct OddValues {
    /// Names of topics, groups and members: those that exist, then such as cannot be, or seldom are.
    ///
    /// Text that is not UTF-8 is why these are bytes.
    let names: [[UInt8]]
    /// How many of the names are those of something.
    let knownCount: Int
    let ids: [UUID]

    /// One byte more than what a length of two bytes can say.
    static let tooLong = 32_768

    /// Names that could be given to something begin with `prefix`, so that sequences do not meet; those of
    /// the broker itself are among them unless it `sparesInternals`.
    init(prefix: String, known: [String] = [], ids: [UUID] = [], sparesInternals: Bool = false) {
        let start = Array(prefix.utf8)
        func long(_ count: Int) -> [UInt8] {
            start + repeatElement(UInt8(ascii: "n"), count: count - start.count)
        }
        let texts =
            known + ["", ".", "..", " ", "*", "/", "\u{0}"]
            + (sparesInternals ? [] : ["__consumer_offsets", "__cluster_metadata"])
            + Self.endings.map { prefix + $0 }
        names =
            texts.map { Array($0.utf8) }
            + Self.oddText.map { start + $0 }
            + [long(249), long(250), long(4_097), long(Self.tooLong - 1)]
        knownCount = known.count
        self.ids = ids + [.zero, UUID(high: 0, low: 1), UUID(high: 17, low: 4)]
    }

    private static let oddText: [[UInt8]] = [
        [0x61, 0xff, 0x62],  // never in UTF-8
        [0xc3],  // cut short
        [0xed, 0xa0, 0x80],  // half of a surrogate pair
        [0xc0, 0xaf],  // longer than it need be
    ]
    private static let endings = [
        "-new", "-a.b", "-a_b", " blank", "/slash", "\u{0}", "\n", "-caf\u{e9}", "-cafe\u{301}", "-\u{1f600}",
        "-A",
    ]

    /// What stands in fields that are no names: kinds, states, versions, patterns.
    static let words = [
        "", " ", "consumer", "connect", "range", "uniform", "Stable", "stable", "Empty", "Classic",
        "consumer ",
        "1.0-", "0", "-1", "null", "*", "[", "(?<", ".*", "caf\u{e9}",
    ].map { Array($0.utf8) }

    /// The fields in which words can stand.
    static let wordFields: Set = [
        "protocolType", "protocolName", "serverAssignor", "statesFilter", "typesFilter", "rackId", "reason",
        "clientSoftwareName", "clientSoftwareVersion", "committedMetadata", "subscribedTopicRegex", "value",
    ]
}

extension SeededRandom {
    /// An integer beside `value`, or at a bound of its type.
    mutating func odd<Value: FixedWidthInteger>(_ value: Value) -> Value {
        let values: [Value] = [
            0, 1, 2, 7, 100, .max, .min, .max &- 1, value &+ 1, value &- 1, 0 &- 1, 0 &- 2, 0 &- 3, 0 &- 7,
        ]
        return pick(values)
    }

    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &self)]
    }
}
