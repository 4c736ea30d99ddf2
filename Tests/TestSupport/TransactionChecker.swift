// Judges a history of transactions. Everything follows from what clients noted, and from one complete reading
// when all was over; where a client was gone before it heard how its transaction ended, either end is right,
// as long as it is the same for all of it.

/// Finds what must not be in a history.
package struct TransactionChecker {
    typealias History = TransactionHistory

    private let history: History
    /// The transaction that sent each value.
    private let senders: [Int64: Int]
    /// Where each value stands for readers of committed records, when all was over.
    private let visible: [Int64: [History.Place]]
    private var anomalies: [TransactionAnomaly] = []

    /// Everything that is wrong with `history`; nothing if it is right.
    package static func anomalies(in history: TransactionHistory) -> [TransactionAnomaly] {
        var checker = TransactionChecker(history)
        checker.checkPlaces()
        checker.checkStock()
        checker.checkTransactions()
        checker.checkOrder()
        checker.checkReads()
        checker.checkGroup()
        return checker.anomalies
    }

    private init(_ history: History) {
        self.history = history
        senders = Dictionary(
            history.transactions.enumerated().flatMap { index, transaction in
                transaction.appends.map { ($0.value, index) }
            }, uniquingKeysWith: { first, _ in first })
        var visible: [Int64: [History.Place]] = [:]
        for (partition, stock) in history.stock {
            for record in stock.records[.committed] ?? [] {
                visible[record.value, default: []].append(History.Place(partition, record.offset))
            }
        }
        self.visible = visible
    }

    private mutating func found(_ kind: TransactionAnomaly.Kind, _ subject: String) {
        anomalies.append(TransactionAnomaly(kind, subject))
    }
}

// MARK: - Places

extension TransactionChecker {
    /// One place has one number, whoever looks, and whenever.
    private mutating func checkPlaces() {
        for complaint in history.complaints { found(.complaint, complaint) }
        var numbers: [History.Place: Int64] = [:]
        func note(_ checker: inout Self, _ place: History.Place, _ value: Int64) {
            if let known = numbers.updateValue(value, forKey: place), known != value {
                checker.found(.changed, "\(place) was \(known) and is \(value)")
            }
        }
        for (value, place) in history.acknowledged { note(&self, place, value) }
        for read in history.reads {
            for record in read.records {
                note(&self, History.Place(read.partition, record.offset), record.value)
            }
        }
        for (partition, stock) in history.stock {
            for record in stock.records.values.joined() {
                note(&self, History.Place(partition, record.offset), record.value)
            }
        }
    }

    /// What stands there when all is over: each number once, all that was acknowledged, nothing open.
    private mutating func checkStock() {
        for (partition, stock) in history.stock {
            if stock.stable != stock.end {
                found(.hanging, "\(partition): stable up to \(stock.stable) of \(stock.end)")
            }
            var places: [Int64: Int64] = [:]
            for record in stock.records[.uncommitted] ?? [] {
                if senders[record.value] == nil { found(.invented, "\(partition): \(record.value)") }
                if let first = places.updateValue(record.offset, forKey: record.value) {
                    found(.duplicated, "\(record.value) at \(partition)@\(first) and @\(record.offset)")
                }
            }
        }
        for (value, place) in history.acknowledged {
            let records = history.stock[place.partition]?.records[.uncommitted] ?? []
            if !records.contains(History.Record(place.offset, value)) {
                found(.acknowledgedLost, "\(value) at \(place)")
            }
        }
    }
}

// MARK: - Transactions

extension TransactionChecker {
    /// All of a transaction is visible, or nothing.
    private mutating func checkTransactions() {
        for transaction in history.transactions where !transaction.appends.isEmpty {
            let seen = transaction.appends.count { visible[$0.value] != nil }
            let (name, all) = (transaction.name, transaction.appends.count)
            switch transaction.outcome {
            case .committed where seen < all: found(.lost, "\(name): \(seen) of \(all) records")
            case .unknown where transaction.mayBeCommitted && seen > 0 && seen < all:
                found(.torn, "\(name): \(seen) of \(all) records")
            case _ where !transaction.mayBeCommitted && seen > 0:
                found(.abortedVisible, "\(name): \(seen) of \(all) records")
            default: break
            }
        }
    }

    /// The records of one producer stand in each partition in the order in which it sent them.
    private mutating func checkOrder() {
        var number: [Int64: Int] = [:]
        for value in history.transactions.lazy.flatMap(\.appends).map(\.value) {
            number[value] = number.count
        }
        for (partition, stock) in history.stock {
            for records in stock.records.values {
                var last: [String: Int64] = [:]
                for record in records {
                    guard let sender = senders[record.value] else { continue }
                    let producer = history.transactions[sender].producer
                    if let before = last.updateValue(record.value, forKey: producer),
                        number[before, default: 0] > number[record.value, default: 0]
                    {
                        found(.reordered, "\(producer) in \(partition): \(record.value) after \(before)")
                    }
                }
            }
        }
    }
}

// MARK: - Readers

extension TransactionChecker {
    /// A reader gets everything up to where it came, in order, and of committed records nothing too early.
    private mutating func checkReads() {
        struct Follower: Hashable {
            let reader: String
            let isolation: History.Isolation
            let partition: String
        }
        var positions: [Follower: Int] = [:]
        for read in history.reads {
            if read.isolation == .committed { checkTime(of: read) }
            let follower = Follower(
                reader: read.reader, isolation: read.isolation, partition: read.partition)
            let stock = history.stock[read.partition]?.records[read.isolation] ?? []
            var position = positions[follower] ?? 0
            for record in read.records {
                let place = History.Place(read.partition, record.offset)
                guard let index = stock[position...].firstIndex(where: { $0.offset >= record.offset }),
                    stock[index].offset == record.offset
                else {
                    let wasBefore = stock[..<position].contains { $0.offset == record.offset }
                    found(
                        wasBefore ? .backwards : .lost, "\(read.reader) had read \(record.value) at \(place)")
                    continue
                }
                for missed in stock[position..<index] {
                    found(.skipped, "\(read.reader) came by \(missed.value) before \(place)")
                }
                position = index + 1
            }
            positions[follower] = position
        }
    }

    private mutating func checkTime(of read: TransactionHistory.Read) {
        for record in read.records {
            guard let sender = senders[record.value] else { continue }
            let transaction = history.transactions[sender]
            let what = "\(read.reader) read \(record.value) of \(transaction.name)"
            if !transaction.mayBeCommitted {
                found(.abortedVisible, what)
            } else if let asked = transaction.endingAskedAt, read.at < asked {
                found(.early, "\(what) \(asked - read.at) ns before its end was asked for")
            }
        }
    }
}

// MARK: - Groups

extension TransactionChecker {
    /// What counts as processed has one output that is visible; what does not has none.
    private mutating func checkGroup() {
        for (partition, offset) in history.groupOffsets.sorted(by: { $0.key < $1.key }) {
            var possible: Set<Int64> = [0]
            var least: Int64 = 0
            for transaction in history.transactions {
                guard let next = transaction.inputs[partition] else { continue }
                if transaction.mayBeCommitted { possible.insert(next) }
                if transaction.outcome == .committed { least = max(least, next) }
            }
            if offset < least { found(.wrongOffset, "\(partition): \(offset), committed was \(least)") }
            if !possible.contains(offset) {
                found(.wrongOffset, "\(partition): \(offset), which nobody committed")
            }
            checkOutputs(of: partition, upTo: offset)
        }
    }

    private mutating func checkOutputs(of partition: String, upTo offset: Int64) {
        var outputs: [Int64: Int] = [:]
        for append in history.transactions.lazy.flatMap(\.appends) {
            guard let input = append.input, input.partition == partition else { continue }
            outputs[input.offset, default: 0] += visible[append.value] == nil ? 0 : 1
        }
        let inputs = history.stock[partition]?.records[.committed] ?? []
        for input in inputs {
            let count = outputs[input.offset] ?? 0
            let place = History.Place(partition, input.offset)
            if input.offset < offset, count != 1 { found(.notOnce, "\(place) has \(count) outputs") }
            if input.offset >= offset, count > 0 { found(.uncounted, "\(place) has \(count) outputs") }
        }
    }
}
