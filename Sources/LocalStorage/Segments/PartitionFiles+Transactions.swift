// The `.txnindex` files of a partition. Each lies beside the segment that holds the markers; one without
// entries says that its segment was looked through and has none.
internal import Base
internal import Storage

extension PartitionFiles {
    func transactionNotes() throws(StorageError) -> [TransactionNotes] {
        var bases: [Offset] = []
        var indexed: Set<Offset> = []
        for entry in try disk.list(directory) {
            if let base = Segment.offset(in: entry.name, suffix: ".log") { bases.append(base) }
            if let base = Segment.offset(in: entry.name, suffix: TransactionIndexFile.suffix) {
                indexed.insert(base)
            }
        }
        var notes: [TransactionNotes] = []
        for base in bases.sorted() {
            var entries: [AbortedTransaction]?
            if indexed.contains(base), let bytes = try disk.contents(transactionPath(base)) {
                entries = TransactionIndexFile.entries(in: bytes)
            }
            let isDamaged = indexed.contains(base) && entries == nil
            notes.append(TransactionNotes(base: base, entries: entries, isDamaged: isDamaged))
        }
        return notes
    }

    func replaceTransactions(_ entries: [AbortedTransaction], base: Offset) throws(StorageError) {
        try disk.replace(
            transactionPath(base), with: TransactionIndexFile.bytes(entries), isDurable: true)
    }

    func append(_ entries: [AbortedTransaction]) throws(StorageError) {
        let bases = try disk.list(directory).compactMap { Segment.offset(in: $0.name, suffix: ".log") }
            .sorted()
        var rest = entries[...]
        while let first = rest.first {
            let base = bases.last { $0 <= first.last } ?? bases.first ?? .zero
            let next = bases.first { $0 > first.last } ?? Offset(.max)
            let part = rest.prefix { $0.last < next }
            rest = rest.dropFirst(part.count)
            let path = transactionPath(base)
            let (isNew, file) = try whileOpen { () throws(StorageError) in
                (try disk.entry(at: path) == nil, try disk.open(path, .any))
            }
            // What an attempt that failed left of an entry is written over.
            let size = Int64(TransactionIndexFile.entryBytes)
            let end = try file.size() / size * size
            let before = end > 0 ? try file.bytes(Int(size), at: end - size) : []
            let last = TransactionIndexFile.entries(in: before)?.last?.last ?? Offset(-1)
            let news = part.drop { $0.last <= last }
            try file.write(TransactionIndexFile.bytes(news).rawSpan, at: end)
            try file.sync()
            if isNew { try whileOpen { () throws(StorageError) in try disk.syncDirectory(directory) } }
        }
    }

    private func transactionPath(_ base: Offset) -> String {
        "\(directory)/\(Segment.name(base))\(TransactionIndexFile.suffix)"
    }
}
