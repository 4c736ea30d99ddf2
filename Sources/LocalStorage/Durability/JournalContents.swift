// Reading the journal's file: which entries it holds, and which of them count.
internal import Base
internal import Storage

/// An entry and where its bytes stand in the journal.
struct PlacedEntry: Sendable {
    var entry: JournalEntry
    var position: Int64
}

/// The entries of a journal that are whole, by partition.
struct JournalContents {
    /// What counts, by partition, each in the order in which it was written.
    private(set) var live: [(key: JournalKey, entries: [PlacedEntry])] = []
    /// Every partition of which there is an entry, whether it counts or not.
    let named: Set<TopicPartition>
    /// Where an entry is damaged although a later one is whole: not the end of an interrupted turn.
    private(set) var damagedAt: Int64?

    /// Reads the two areas of a journal of `sizeBytes`.
    init(reading file: any DiskFile, sizeBytes: Int64) throws(StorageError) {
        let area = sizeBytes / 2
        var entries: [PlacedEntry] = []
        for start in [0, area] {
            var found = try Self.entries(of: file, in: start..<(start + area))
            // Behind the entries of this round stand those of earlier ones.
            let newest = found.map(\.entry.generation).max()
            found.removeAll { $0.entry.generation != newest }
            for (one, next) in zip(found, found.dropFirst())
            where next.entry.sequence != one.entry.sequence + 1 {
                damagedAt = damagedAt ?? one.position + Int64(one.entry.length)
            }
            entries += found
        }
        let generation = entries.map(\.entry.generation).max() ?? 0
        // The other area holds the generation before, or was never used.
        entries.removeAll { $0.entry.generation + 1 < generation }
        entries.sort { $0.entry.sequence < $1.entry.sequence }
        live = Self.live(entries)
        named = Set(entries.map(\.entry.key.partition))
    }

    private static func live(_ entries: [PlacedEntry]) -> [(key: JournalKey, entries: [PlacedEntry])] {
        var retired: [JournalKey: UInt64] = [:]
        var newest: [JournalKey: UInt64] = [:]
        for placed in entries {
            let entry = placed.entry
            if entry.kind == .retire {
                retired[entry.key] = max(retired[entry.key] ?? 0, entry.incarnation)
            } else {
                newest[entry.key] = max(newest[entry.key] ?? 0, entry.incarnation)
            }
        }
        var groups: [JournalKey: [PlacedEntry]] = [:]
        var order: [JournalKey] = []
        for placed in entries where placed.entry.kind != .retire {
            let entry = placed.entry
            guard entry.incarnation == newest[entry.key], entry.incarnation > retired[entry.key] ?? 0 else {
                continue
            }
            if groups[entry.key] == nil { order.append(entry.key) }
            groups[entry.key, default: []].append(placed)
        }
        return order.map { ($0, groups[$0] ?? []) }
    }

    /// The whole entries of one area, of whatever generation.
    private static func entries(
        of file: any DiskFile, in area: Range<Int64>
    ) throws(StorageError) -> [PlacedEntry] {
        var found: [PlacedEntry] = []
        var window = Window(file: file, end: area.upperBound)
        var position = area.lowerBound
        var lastEnd = position
        while position < area.upperBound, position - lastEnd < JournalLimits.silenceBytes {
            if let entry = try window.entry(at: position) {
                found.append(PlacedEntry(entry: entry, position: position + Int64(entry.headBytes)))
                position += Int64(entry.sizeInBytes)
                lastEnd = position
            } else {
                let block = Int64(JournalLimits.blockBytes)
                position = area.lowerBound + ((position - area.lowerBound) / block + 1) * block
            }
        }
        return found
    }

    /// A piece of the file in memory.
    private struct Window {
        let file: any DiskFile
        let end: Int64
        var bytes: [UInt8] = []
        var start: Int64 = 0
        private static let sizeInBytes = 1 << 20

        init(file: any DiskFile, end: Int64) {
            self.file = file
            self.end = end
        }

        /// The whole entry at `position`, its bytes compared with their checksum.
        mutating func entry(at position: Int64) throws(StorageError) -> JournalEntry? {
            try load(JournalEntry.headBytesMax, at: position)
            guard let entry = JournalEntry(reading: bytes.rawSpan.extracting(Int(position - start)...)) else {
                return nil
            }
            guard position + Int64(entry.sizeInBytes) <= end else { return nil }
            try load(entry.sizeInBytes, at: position)
            let first = Int(position - start) + entry.headBytes
            guard first + entry.length <= bytes.count,
                CRC32C.checksum(bytes.rawSpan.extracting(first..<(first + entry.length))) == entry.checksum
            else { return nil }
            return entry
        }

        private mutating func load(_ count: Int, at position: Int64) throws(StorageError) {
            let wanted = min(Int64(count), end - position)
            guard position < start || position + wanted > start + Int64(bytes.count) else { return }
            bytes = try file.bytes(
                Int(min(Int64(max(count, Self.sizeInBytes)), end - position)), at: position)
            start = position
        }
    }
}
