// Compaction's memory: the last offset of each key, in a table of fixed size, whatever the size of the topic.
// When it is full, the log is compacted up to the record that found no room, and the rest in another pass.
internal import Base
internal import Storage

/// The last offset of each key in a part of a log.
struct CompactionMap {
    /// What a key takes: 16 bytes of hash and 8 of offset, as in Kafka.
    static let slotBytes = 24

    /// Three words for each slot: the hash, and the offset plus one, so that 0 is a free slot.
    private var words: [UInt64]
    private let slots: Int
    private let countMax: Int
    private let hasher: KeyHasher
    private(set) var count = 0
    /// The last offset that the map speaks for; -1 before the first.
    private(set) var latest = Offset(-1)

    /// A map in `bytes` of memory, of which a share of `load` is used; smaller if there are at most
    /// `recordsMax` keys.
    init(bytes: Int, load: Double, recordsMax: Int64, hasher: KeyHasher) {
        let limit = max(2, bytes / Self.slotBytes)
        slots = Int(min(Double(limit), Double(max(1, recordsMax)) / load + 2))
        countMax = max(1, min(Int(Double(slots) * load), slots - 1))
        words = Array(repeating: 0, count: slots * 3)
        self.hasher = hasher
    }

    var isFull: Bool { count >= countMax }

    /// Notes a record, which must lie behind all that were noted; false if there is no room for any more.
    mutating func put(_ key: RawSpan, at offset: Offset) -> Bool {
        guard !isFull else { return false }
        let hash = hasher.hash(key)
        let word = place(of: hash)
        if words[word + 2] == 0 {
            words[word] = hash.low
            words[word + 1] = hash.high
            count += 1
        }
        words[word + 2] = UInt64(bitPattern: offset.value) &+ 1
        latest = offset
        return true
    }

    /// Notes that the map speaks for everything up to `offset`.
    mutating func reached(_ offset: Offset) { latest = max(latest, offset) }

    /// The last offset at which a record had `key`; nil if none had.
    func last(of key: RawSpan) -> Offset? {
        let word = place(of: hasher.hash(key))
        return words[word + 2] == 0 ? nil : Offset(Int64(bitPattern: words[word + 2] &- 1))
    }

    /// Where the words of `hash` are, or would be; one slot is always free.
    private func place(of hash: KeyHash) -> Int {
        var slot = Int(hash.low.multipliedFullWidth(by: UInt64(slots)).high)
        while true {
            let word = slot * 3
            if words[word + 2] == 0 || words[word] == hash.low && words[word + 1] == hash.high { return word }
            slot = slot + 1 == slots ? 0 : slot + 1
        }
    }
}
