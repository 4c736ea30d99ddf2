// Histories as clients note them down: one JSON object a line, a file for each life of a client
// (clients/transaction_history.py). Whoever is killed leaves half a line at most.
internal import Base

extension TransactionHistory {
    /// Adds what one client noted, in its order.
    ///
    /// - Throws: where a line but the last is no such object.
    package mutating func add(notes: String) throws(TransactionNoteError) {
        var index: [String: Int] = [:]
        let lines = notes.split(separator: "\n")
        for (number, line) in lines.enumerated() {
            guard let note = try? JSONValue(parsing: Array(line.utf8)), let kind = note["do"]?.text else {
                if number == lines.count - 1 { return }
                throw TransactionNoteError(line: String(line))
            }
            if !add(kind, note, &index) { throw TransactionNoteError(line: String(line)) }
        }
    }

    /// Adds one note, and says whether it could be understood; `index` has the places of the client's
    /// transactions.
    private mutating func add(_ kind: String, _ note: JSONValue, _ index: inout [String: Int]) -> Bool {
        switch kind {
        case "read": return addRead(note)
        case "final", "offset": return addStock(kind, note)
        case "acked":
            guard let value = note["value"]?.integer, let partition = note["partition"]?.text,
                let offset = note["offset"]?.integer
            else { return false }
            acknowledged[value] = Place(partition, offset)
        case "failed": complaints.append(note.description)
        default:
            guard let name = note["transaction"]?.text else { return false }
            if kind == "begin" {
                index[name] = transactions.count
                transactions.append(Transaction(name, of: note["producer"]?.text ?? ""))
                return true
            }
            guard let position = index[name] else { return false }
            return transactions[position].add(kind, note)
        }
        return true
    }

    private mutating func addRead(_ note: JSONValue) -> Bool {
        guard let reader = note["reader"]?.text, let partition = note["partition"]?.text,
            let isolation = note["isolation"]?.text.flatMap(Isolation.init), let at = note["at"]?.integer
        else { return false }
        reads.append(Read(reader, isolation, partition, at: at, Record.all(in: note)))
        return true
    }

    private mutating func addStock(_ kind: String, _ note: JSONValue) -> Bool {
        guard let partition = note["partition"]?.text else { return false }
        if kind == "offset" {
            groupOffsets[partition] = note["offset"]?.integer
            return groupOffsets[partition] != nil
        }
        guard let isolation = note["isolation"]?.text.flatMap(Isolation.init),
            let stable = note["stable"]?.integer, let end = note["end"]?.integer
        else { return false }
        stock[partition, default: Stock()].records[isolation] = Record.all(in: note)
        stock[partition]?.stable = stable
        stock[partition]?.end = end
        return true
    }
}

extension TransactionHistory.Transaction {
    /// Adds a note about it.
    fileprivate mutating func add(_ kind: String, _ note: JSONValue) -> Bool {
        switch kind {
        case "append":
            guard let partition = note["partition"]?.text, let value = note["value"]?.integer else {
                return false
            }
            appends.append(.init(partition, value, input: note["input"]?.text.flatMap { .init(parsing: $0) }))
        case "inputs":
            guard case .object(let members)? = note["offsets"] else { return false }
            for member in members { inputs[member.key] = member.value.integer }
        case "commit": (ending, endingAskedAt) = (.commit, note["at"]?.integer)
        case "abort": (ending, endingAskedAt) = (.abort, note["at"]?.integer)
        case "committed": outcome = .committed
        case "aborted": outcome = .aborted
        default: return false
        }
        return true
    }
}

extension TransactionHistory.Place {
    /// A place as `in-0:17`.
    fileprivate init?(parsing text: String) {
        guard let colon = text.lastIndex(of: ":"), let offset = Int64(text[text.index(after: colon)...])
        else {
            return nil
        }
        self.init(String(text[..<colon]), offset)
    }
}

extension TransactionHistory.Record {
    /// The records of a note: pairs of offset and value.
    fileprivate static func all(in note: JSONValue) -> [Self] {
        (note["records"]?.elements ?? []).compactMap { pair in
            guard let offset = pair.elements.first?.integer, let value = pair.elements.last?.integer else {
                return nil
            }
            return Self(offset, value)
        }
    }
}

/// A line that is no note.
package struct TransactionNoteError: Error, CustomStringConvertible {
    package let line: String

    package var description: String { "not a note of a transactional client: \(line.prefix(200))" }
}
