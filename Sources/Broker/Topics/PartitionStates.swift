// What the metadata log says of the partitions of one topic. Numbers begin at 0 and have no gaps, unless
// somebody damaged the log: an array of them takes half of what a dictionary does.

/// Partitions of one topic by their numbers.
package struct PartitionStates: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        let number: Int32
        var state: MetadataImage.PartitionState
    }
    /// Ascending by their numbers.
    private var entries: [Entry] = []

    /// How many there are.
    package var count: Int { entries.count }

    /// The partition with a number.
    package subscript(number: Int32) -> MetadataImage.PartitionState? {
        get {
            let place = self.place(of: number)
            return isThere(number, at: place) ? entries[place].state : nil
        }
        set {
            let place = self.place(of: number)
            switch (newValue, isThere(number, at: place)) {
            case (let state?, true): entries[place].state = state
            case (let state?, false): entries.insert(Entry(number: number, state: state), at: place)
            case (nil, true): entries.remove(at: place)
            case (nil, false): break
            }
        }
    }

    private func isThere(_ number: Int32, at place: Int) -> Bool {
        place < entries.count && entries[place].number == number
    }

    /// Where the number stands, or would.
    private func place(of number: Int32) -> Int {
        if number >= 0, isThere(number, at: Int(number)) { return Int(number) }
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
