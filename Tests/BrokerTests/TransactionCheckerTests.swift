// The checker of transactional histories: silent about right ones, and not about any that is wrong.
import Simulation
import TestSupport
import Testing

@Suite("the checker of transactional histories")
struct TransactionCheckerTests {
    @Test("a right history is one without anomalies", arguments: 0..<20)
    func right(seed: UInt64) {
        #expect(TransactionChecker.anomalies(in: ModelHistory(seed: seed).history) == [])
    }

    @Test("every kind of anomaly is found where it is planted", arguments: TransactionAnomaly.Kind.allCases)
    func planted(kind: TransactionAnomaly.Kind) throws {
        var history = ModelHistory(seed: 1).history
        try Plant(history).plant(kind, in: &history)
        let found = TransactionChecker.anomalies(in: history)
        #expect(found.contains { $0.kind == kind }, "\(found)")
    }

    @Test("the notes of a client that was killed in the middle of a line are taken as far as they go")
    func notes() throws {
        var history = TransactionHistory()
        let line = #"{"do":"begin","at":1,"transaction":"a:0","producer":"a"}"#
        try history.add(notes: line + "\n" + #"{"do":"app"#)
        #expect(history.transactions.map(\.name) == ["a:0"])
        #expect(throws: TransactionNoteError.self) { try history.add(notes: "?\n" + line) }
    }
}

/// A broker that is right, and what its clients note of it: writers of `list` and `in`, a processor from `in`
/// to `out`, a reader of each isolation level.
private struct ModelHistory {
    typealias History = TransactionHistory

    var history = History()
    private var random: SeededRandom
    private var logs: [String: [(value: Int64, isVisible: Bool)?]] = ["list": [], "in": [], "out": []]
    private var time: Int64 = 0
    private var values: Int64 = 0

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        // One of each kind that plants need, whatever the dice say.
        write(ending: .commit, outcome: .committed, isCommitted: true)
        write(ending: .commit, outcome: .unknown, isCommitted: true)
        for _ in 0..<40 {
            let isCommitted = Int.random(in: 0..<3, using: &random) > 0
            let isKnown = Int.random(in: 0..<4, using: &random) > 0
            let outcome: History.Outcome = isKnown ? (isCommitted ? .committed : .aborted) : .unknown
            write(
                ending: ending(isCommitted, isKnown: isKnown), outcome: outcome, isCommitted: isCommitted)
            process(isCommitted: Bool.random(using: &random))
            read()
        }
        process(isCommitted: true)
        read()
        for (partition, log) in logs {
            var stock = History.Stock()
            for isolation in History.Isolation.allCases {
                stock.records[isolation] = records(log, isolation)
            }
            (stock.stable, stock.end) = (Int64(log.count), Int64(log.count))
            history.stock[partition] = stock
        }
    }

    /// What a client may have asked for, if that came of it.
    private mutating func ending(_ isCommitted: Bool, isKnown: Bool) -> History.Ending? {
        if isCommitted { return .commit }
        let way = isKnown ? 0 : Int.random(in: 0..<3, using: &random)
        return way == 0 ? .abort : way == 1 ? .commit : nil
    }

    private func records(
        _ log: [(value: Int64, isVisible: Bool)?], _ isolation: History.Isolation
    ) -> [History.Record] {
        log.enumerated().compactMap { offset, entry in
            guard let entry, entry.isVisible || isolation == .uncommitted else { return nil }
            return History.Record(Int64(offset), entry.value)
        }
    }

    private mutating func append(
        _ transaction: inout History.Transaction, to partition: String, of input: Int64?
    ) {
        values += 1
        transaction.appends.append(
            History.Append(partition, values, input: input.map { History.Place("in", $0) }))
    }

    private mutating func write(ending: History.Ending?, outcome: History.Outcome, isCommitted: Bool) {
        let number = history.transactions.count
        var transaction = History.Transaction("t\(number)", of: "writer\(number % 3)")
        for partition in ["list", "in", "list"] { append(&transaction, to: partition, of: nil) }
        end(&transaction, ending, outcome, isCommitted)
    }

    private mutating func process(isCommitted: Bool) {
        let start = history.groupOffsets["in"] ?? 0
        let inputs = records(logs["in"] ?? [], .committed).filter { $0.offset >= start }.prefix(5)
        guard let last = inputs.last else { return }
        var transaction = History.Transaction("t\(history.transactions.count)", of: "processor")
        for input in inputs { append(&transaction, to: "out", of: input.offset) }
        transaction.inputs["in"] = last.offset + 1
        if isCommitted { history.groupOffsets["in"] = last.offset + 1 }
        end(&transaction, isCommitted ? .commit : .abort, isCommitted ? .committed : .aborted, isCommitted)
    }

    private mutating func end(
        _ transaction: inout History.Transaction, _ ending: History.Ending?, _ outcome: History.Outcome,
        _ isCommitted: Bool
    ) {
        for append in transaction.appends {
            let offset = Int64(logs[append.partition, default: []].count)
            logs[append.partition]?.append((append.value, isCommitted))
            history.acknowledged[append.value] = History.Place(append.partition, offset)
        }
        for partition in Set(transaction.appends.map(\.partition)) { logs[partition]?.append(nil) }
        time += 1
        (transaction.ending, transaction.outcome) = (ending, outcome)
        transaction.endingAskedAt = ending == nil ? nil : time
        history.transactions.append(transaction)
    }

    private mutating func read() {
        time += 1
        for isolation in History.Isolation.allCases {
            for (partition, log) in logs {
                let seen = history.reads.last { $0.isolation == isolation && $0.partition == partition }
                let from = seen?.records.last.map { $0.offset + 1 } ?? 0
                let new = records(log, isolation).filter { $0.offset >= from }
                if new.isEmpty { continue }
                history.reads.append(
                    History.Read("reader of \(isolation)", isolation, partition, at: time, new))
            }
        }
    }
}

/// Ways to make a right history wrong.
private struct Plant {
    typealias History = TransactionHistory
    /// A transaction that is visible, and one of which its client did not hear.
    private let known: Int
    private let unknown: Int

    init(_ history: History) throws {
        known = try #require(history.transactions.firstIndex { $0.outcome == .committed })
        unknown = try #require(
            history.transactions.firstIndex { $0.outcome == .unknown && $0.mayBeCommitted })
    }

    func plant(_ kind: TransactionAnomaly.Kind, in history: inout History) throws {
        switch kind {
        case .lost, .torn:
            let transaction = history.transactions[kind == .lost ? known : unknown]
            hide(transaction.appends[0].value, from: .committed, in: &history)
        case .acknowledgedLost:
            hide(history.transactions[known].appends[0].value, from: .uncommitted, in: &history)
        case .duplicated, .invented:
            let value = kind == .invented ? -1 : history.transactions[known].appends[0].value
            history.stock["list"]?.records[.uncommitted]?.append(History.Record(1 << 40, value))
        case .reordered:
            let records = try #require(history.stock["list"]?.records[.uncommitted])
            history.stock["list"]?.records[.uncommitted] = records.reversed()
        case .abortedVisible: history.transactions[known].outcome = .aborted
        case .hanging: history.stock["out"]?.end += 1
        case .wrongOffset: history.groupOffsets["in"]? += 1
        case .uncounted: history.groupOffsets["in"] = 0
        case .notOnce:
            let output = try #require(history.transactions.last { !$0.inputs.isEmpty && $0.mayBeCommitted })
            hide(output.appends[0].value, from: .committed, in: &history)
        case .complaint: history.complaints.append("out of range")
        case .early, .skipped, .backwards, .changed: try plantInReads(kind, &history)
        }
    }

    private func plantInReads(_ kind: TransactionAnomaly.Kind, _ history: inout History) throws {
        let index = try #require(
            history.reads.firstIndex { $0.isolation == .committed && $0.records.count > 1 })
        let read = history.reads[index]
        var (at, records) = (read.at, read.records)
        switch kind {
        case .early: at = 0
        case .skipped: records.removeFirst()
        case .backwards: records.append(records[0])
        default: records[0] = History.Record(records[0].offset, -1)
        }
        history.reads[index] = History.Read(
            read.reader, read.isolation, read.partition, at: at, records)
    }

    private func hide(_ value: Int64, from isolation: History.Isolation, in history: inout History) {
        for partition in history.stock.keys {
            history.stock[partition]?.records[isolation]?.removeAll { $0.value == value }
        }
    }
}
