// Finds the prefixes of a name among very many.
internal import Base

/// Values by prefixes of names.
struct PrefixTable<Value: Sendable>: Sendable {
    /// In the order of the prefixes.
    private var entries: [(prefix: Name, value: Value)] = []

    var isEmpty: Bool { entries.isEmpty }

    /// The value of exactly this prefix; nil removes it.
    ///
    /// A new prefix moves those behind it, which takes a tenth of a millisecond among 100,000.
    subscript(prefix: Name) -> Value? {
        get {
            let place = place(behind: prefix)
            return place > 0 && entries[place - 1].prefix == prefix ? entries[place - 1].value : nil
        }
        set {
            let place = place(behind: prefix)
            let isThere = place > 0 && entries[place - 1].prefix == prefix
            switch (newValue, isThere) {
            case (let value?, true): entries[place - 1].value = value
            case (let value?, false): entries.insert((prefix, value), at: place)
            case (nil, true): entries.remove(at: place - 1)
            case (nil, false): break
            }
        }
    }

    /// Calls `body` with the value of each prefix of `name`, the longest first, until it returns false.
    ///
    /// The last entry that does not come behind a text either begins it, or all entries that do begin with
    /// what the two have in common, or are shorter: for everything between a prefix of a text and that text
    /// begins with the prefix.
    func forEachPrefix(of name: Name, _ body: (Name, Value) -> Bool) {
        guard !entries.isEmpty else { return }
        var begin = name
        while true {
            let place = place(behind: begin)
            guard place > 0 else { return }
            let (prefix, value) = entries[place - 1]
            var common = zip(prefix.utf8, begin.utf8).prefix { $0 == $1 }.count
            if common == prefix.utf8.count {
                guard body(prefix, value) else { return }
                common -= 1
            }
            guard common > 0 else { return }
            begin = begin.beginning(bytes: common)
        }
    }

    /// The number of entries that do not come behind `name`.
    private func place(behind name: Name) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if name < entries[middle].prefix { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension Name {
    /// The characters that lie wholly in the first `bytes` bytes.
    fileprivate func beginning(bytes: Int) -> Name {
        let bytes = utf8.prefix(bytes)
        // A byte that goes on with a character has the bits 10 in front.
        let next = utf8.dropFirst(bytes.count).first.map { $0 & 0xc0 == 0x80 } ?? false
        guard next else { return Name(String(decoding: bytes, as: UTF8.self)) }
        let whole = bytes.reversed().drop { $0 & 0xc0 == 0x80 }.dropFirst().count
        return Name(String(decoding: bytes.prefix(whole), as: UTF8.self))
    }
}
