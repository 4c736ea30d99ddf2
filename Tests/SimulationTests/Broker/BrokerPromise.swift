// What the broker has promised about records: what was acknowledged, and what somebody saw, stays as it is.
// Each record is told from all others by a number that is its value, so that it is known wherever it turns
// up.
import Base
import Coordinator
import Protocol

/// A partition, by the id of its topic.
struct Place: Hashable {
    let topic: TopicID
    let index: Int32
}

/// A record that a client sent.
struct SentRecord {
    let place: Place
    /// Who sent it, and its number among what he sent to this partition.
    let producer: Int
    let number: Int
    /// Whether it may be there once only, and behind what was sent before it.
    let isIdempotent: Bool
    /// The transaction that it belongs to.
    var transaction: Int?
    /// How often it was sent.
    var sends = 0
    /// Where it is, once somebody was told or saw it.
    var offset: Int64?
    /// Whether it is promised to be there.
    var isAcknowledged = false
}

/// What is known of one partition.
struct PartitionPromise {
    /// What stands where for good, by its number.
    var fixed: [Int64: Int] = [:]
    /// The ends of transactions, where they stand for good.
    var markers: [Int64: FoundMarker] = [:]
    /// Who wrote what belongs to transactions.
    var producers: [Int64: FoundProducer] = [:]
    /// Readers have seen that the log reaches so far.
    var visibleEnd: Int64 = 0
    /// The same in this life of the broker: after a crash the high watermark begins at what is known to be
    /// durable, and reaches the end once what was found behind is synced.
    var visibleEndNow: Int64 = 0
    /// In this life of the broker no transaction is open before.
    var stableEndNow: Int64 = 0
    /// The log starts here or behind, as somebody was told.
    var startMin: Int64 = 0
    /// Nobody asked for more than what lies before to be deleted.
    var startMax: Int64 = 0
}

/// The checker's picture of the broker.
final class BrokerPromise {
    /// Every topic that was ever made.
    var allTopics: [TopicPromise] = []
    var groups = GroupPromises()
    var transactions = TransactionPromises()
    /// What transactions run at (`transaction.version`).
    var transactionVersion = TransactionVersion.v2
    /// Whether it was, or may have been, 0 for a while.
    var hadVersion0 = false
    /// Those that must be there.
    var topics: [TopicPromise] { allTopics.filter { $0.life == .there } }
    var partitions: [Place: PartitionPromise] = [:]
    private(set) var records: [SentRecord] = []
    private var producerIDs: Set<Int64> = []

    /// A producer was given an id, which no other one has.
    func gives(producerID id: Int64) throws {
        guard producerIDs.insert(id).inserted else {
            throw Violation(description: "the producer id \(id) is given out twice")
        }
    }

    /// All partitions that are there.
    var places: [Place] {
        topics.flatMap { topic in (0..<topic.partitions).map { Place(topic: topic.id, index: $0) } }
    }

    func name(of place: Place) -> String {
        "\(name(of: place.topic))-\(place.index)"
    }

    /// Takes in a record that is to be sent; its number.
    func add(_ record: SentRecord) -> Int {
        records.append(record)
        return records.count - 1
    }

    func sends(_ numbers: [Int]) { for number in numbers { records[number].sends += 1 } }

    /// A client was told where records are; with `isDurable` they are promised to stay.
    func acknowledged(_ numbers: [Int], at base: Int64, isDurable: Bool) throws {
        guard isDurable else { return }
        let place = records[numbers[0]].place
        for (index, number) in numbers.enumerated() {
            records[number].isAcknowledged = true
            try fix(number, at: base + Int64(index), in: place)
        }
        sees(place, upTo: base + Int64(numbers.count))
    }

    /// Without being told where.
    func acknowledged(_ numbers: [Int]) { for number in numbers { records[number].isAcknowledged = true } }

    /// Records are visible up to here.
    func sees(_ place: Place, upTo end: Int64) {
        var known = partitions[place] ?? PartitionPromise()
        known.visibleEnd = max(known.visibleEnd, end)
        known.visibleEndNow = max(known.visibleEndNow, end)
        partitions[place] = known
    }

    /// Another life of the broker begins.
    func restarted() {
        for place in partitions.keys {
            partitions[place]?.visibleEndNow = 0
            partitions[place]?.stableEndNow = 0
        }
        groups.restarted()
    }

    /// A transaction ends at `offset`, for good.
    private func fix(_ marker: FoundMarker, at offset: Int64, in place: Place) throws {
        let known = partitions[place, default: PartitionPromise()].markers.updateValue(marker, forKey: offset)
        let record = partitions[place]?.fixed[offset]
        guard known == nil || known == marker, record == nil else {
            throw Violation(
                description: "\(name(of: place)): at \(offset) is \(marker), where "
                    + (known.map { "\($0)" } ?? "record \(record ?? -1)") + " was")
        }
    }

    /// A record is at `offset`, for good.
    func fix(_ number: Int, at offset: Int64, in place: Place) throws {
        let known = partitions[place, default: PartitionPromise()].fixed.updateValue(number, forKey: offset)
        guard known == nil || known == number, partitions[place]?.markers[offset] == nil else {
            throw Violation(
                description: "\(name(of: place)): at \(offset) is record \(number), where \(known ?? -1) was")
        }
        let record = records[number]
        guard record.place == place else {
            throw Violation(description: "\(name(of: place)): record \(number) was sent to another partition")
        }
        if record.isIdempotent, let other = record.offset, other != offset {
            throw Violation(
                description: "\(name(of: place)): record \(number) is at \(other) and at \(offset)")
        }
        records[number].offset = offset
    }
}

// MARK: - Fetches

extension BrokerPromise {
    /// Compares what a fetch of `place` from `offset` gave with what was promised when it was sent, and by
    /// now.
    func check(_ part: FetchedPart, of place: Place, from offset: Int64, sentAt before: PartitionPromise)
        throws
    {
        let name = name(of: place)
        let now = partitions[place] ?? PartitionPromise()
        guard part.error == .none else {
            guard part.error == .offsetOutOfRange else { return }
            guard offset < now.startMax || offset > before.visibleEnd else {
                throw Violation(
                    description: "\(name): \(offset) is out of range, and the log was seen to reach from "
                        + "\(now.startMax) to \(before.visibleEnd)")
            }
            return
        }
        guard part.highWatermark >= before.visibleEndNow else {
            throw Violation(
                description: "\(name): the high watermark is \(part.highWatermark), and was "
                    + "\(before.visibleEndNow)")
        }
        guard part.lastStable >= before.stableEndNow, part.lastStable <= part.highWatermark else {
            throw Violation(
                description: "\(name): the last stable offset is \(part.lastStable), was "
                    + "\(before.stableEndNow), and the high watermark is \(part.highWatermark)")
        }
        guard part.logStart >= before.startMin, part.logStart <= now.startMax else {
            throw Violation(
                description: "\(name): the log starts at \(part.logStart), and may only at "
                    + "\(before.startMin) to \(now.startMax)")
        }
        partitions[place, default: PartitionPromise()].startMin = max(now.startMin, part.logStart)
        let next = try take(part, of: place, from: offset)
        guard next > offset || offset >= part.end else {
            throw Violation(
                description: "\(name): nothing is read at \(offset), and what was asked for reaches to "
                    + "\(part.end)")
        }
        sees(place, upTo: part.highWatermark)
        let stable = partitions[place]?.stableEndNow ?? 0
        partitions[place]?.stableEndNow = max(stable, part.lastStable)
    }

    /// Takes in what was read; the offset behind.
    private func take(_ part: FetchedPart, of place: Place, from offset: Int64) throws -> Int64 {
        let name = name(of: place)
        var next = offset
        for record in part.records where record.offset >= offset {
            guard record.offset == next else {
                throw Violation(description: "\(name): after \(next - 1) comes \(record.offset)")
            }
            guard record.offset < part.end else {
                throw Violation(
                    description: "\(name): \(record.offset) is read, and what was asked for reaches to "
                        + "\(part.end)")
            }
            next += 1
            if let marker = record.marker {
                try fix(marker, at: record.offset, in: place)
                continue
            }
            guard records.indices.contains(record.number), records[record.number].sends > 0 else {
                throw Violation(description: "\(name): nobody sent what is at \(record.offset)")
            }
            try fix(record.number, at: record.offset, in: place)
            partitions[place]?.producers[record.offset] = record.producer
            if part.isCommitted { try judge(record, in: place) }
        }
        return next
    }

    /// Looks at everything that is left at the end.
    func verifyRecords(in history: BrokerHistory) throws {
        for place in places {
            let name = name(of: place)
            let first = try history.offset(-2, of: place)
            let end = try history.stableEnd(of: place)
            guard first >= partitions[place]?.startMin ?? 0 else {
                throw Violation(description: "\(name) starts at \(first) again")
            }
            let visible = partitions[place]?.visibleEnd ?? 0
            guard end >= visible else {
                throw Violation(description: "\(name) ends at \(end), and reached to \(visible)")
            }
            var next = first
            while next < end {
                let known = partitions[place] ?? PartitionPromise()
                let part = try history.fetch(place, from: next, isCommitted: true)
                guard part.error == .none else {
                    throw Violation(description: "\(name) cannot be read at \(next): \(part.error)")
                }
                try check(part, of: place, from: next, sentAt: known)
                guard let last = part.records.last else { break }
                next = last.offset + 1
            }
            try verifyOrder(of: place, from: first, to: next)
            try verifyEpochs(of: place, from: first, to: next)
            for (number, record) in records.enumerated()
            where record.place == place && record.isAcknowledged {
                if let offset = record.offset, offset < first { continue }
                guard let offset = record.offset else {
                    // It may have been deleted before anybody was told where it was.
                    if first > 0 { continue }
                    throw Violation(
                        description: "\(name): record \(number) was acknowledged, and is not there")
                }
                guard offset < next else {
                    throw Violation(description: "\(name): record \(number), at \(offset), is gone")
                }
            }
        }
    }

    private func verifyOrder(of place: Place, from first: Int64, to end: Int64) throws {
        let fixed = partitions[place]?.fixed ?? [:]
        var last: [Int: Int] = [:]
        var seen: [Int: Int] = [:]
        for offset in first..<max(first, end) {
            guard let number = fixed[offset] else { continue }
            let record = records[number]
            seen[number, default: 0] += 1
            guard seen[number] ?? 0 <= record.sends else {
                throw Violation(
                    description: "\(name(of: place)): record \(number) is there more often than it was sent")
            }
            guard record.isIdempotent else { continue }
            if let before = last.updateValue(record.number, forKey: record.producer),
                before >= record.number
            {
                throw Violation(
                    description: "\(name(of: place)): at \(offset), number \(record.number) of producer "
                        + "\(record.producer) comes after \(before)")
            }
        }
    }
}

/// Values of records.
enum RecordValue {
    /// The number of a record, and so many bytes more.
    static func bytes(_ number: Int, padding: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt64(number).bigEndian, Array.init) + [UInt8](repeating: 7, count: padding)
    }

    /// -1 for what no client wrote.
    static func number(of value: [UInt8]) -> Int {
        guard value.count >= 8 else { return -1 }
        return Int(truncatingIfNeeded: value[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
