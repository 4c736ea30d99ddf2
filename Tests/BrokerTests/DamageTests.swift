// Damaged directories: whatever happened to a file, what is served afterwards is what was acknowledged, and
// what is not served any more is named.
import Base
import Glibc
import Records
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

private func number(_ name: String, _ otherwise: Int) -> Int {
    getenv(name).flatMap { Int(String(cString: $0)) } ?? otherwise
}

/// How many damages are done, from which seed on: `make test-long` does thousands.
private let damages = number("APUS_DAMAGES", getenv("APUS_TEST_LONG") == nil ? 120 : 3000)
private let firstDamage = number("APUS_SEED", 0)

/// What a broker made of a damaged directory.
enum DamageOutcome: Hashable { case refused, partitionRefused, readRefused, whole }

/// A start on a damaged directory, and what clients get of it.
private struct Aftermath {
    let rig: DamageRig
    let damage: Damage
    var outcome = DamageOutcome.whole
    var violation: String?

    init(_ rig: DamageRig, _ damage: Damage, on disk: SimulatedDisk) throws {
        self.rig = rig
        self.damage = damage
        let half: StorageHalf
        do {
            half = try StorageHalf(small: disk)
        } catch let error as any CustomStringConvertible & Error {
            outcome = .refused
            if !error.description.contains("/data") { violation = "refused without a name: \(error)" }
            return
        }
        defer { half.directory.abandon() }
        for name in rig.promised.keys.sorted() {
            guard let promise = rig.promised[name], violation == nil else { break }
            if let problem = try check(name, promise, half) { violation = "\(name): \(problem)" }
        }
    }

    private func names(_ half: StorageHalf, _ event: String, _ partition: String) -> Bool {
        half.lines.all.contains { $0.contains(event) && $0.contains(partition) }
    }

    private mutating func check(
        _ name: Name, _ promise: Acknowledged, _ half: StorageHalf
    ) throws -> String? {
        guard let topic = half.catalog.topics[name] else { return "the topic is gone" }
        guard let log = topic.partition(0)?.log else {
            outcome = .partitionRefused
            guard names(half, "partition.taken_offline", "\(name)-0") else { return "refused without a word" }
            let isShared = !damage.file.contains("-0/") || damage.file.contains("__cluster_metadata")
            return isShared || damage.file.contains("/\(name)-0/") ? nil : "refused, though it is whole"
        }
        let bounds = log.bounds
        // Where a log without records begins is said by the name of its file alone, until a clean stop.
        if damage.isRenaming, rig.rest == .killed, promise.batches.isEmpty, bounds.logStart == bounds.logEnd {
            return nil
        }
        let isCut = names(half, "log_tail.cut", "\(name)-0") || names(half, "segment.cut", "\(name)-0")
        // Beyond what is known to be durable a crash may leave anything.
        let mayEndEarly = rig.rest == .killed && isCut
        if bounds.logEnd > promise.end { return "it ends at \(bounds.logEnd.value)" }
        if bounds.logEnd < promise.end, !mayEndEarly { return "it ends at \(bounds.logEnd.value)" }
        if bounds.logStart > promise.start { return "it starts at \(bounds.logStart.value)" }
        if bounds.logStart < promise.start, rig.rest == .stopped { return "deleted records are back" }
        if let problem = try read(log, promise, half) { return problem }
        return try goOn(log, promise, mayEndEarly)
    }

    /// Reads everything as a client does.
    private mutating func read(
        _ log: PartitionLog, _ promise: Acknowledged, _ half: StorageHalf
    ) throws -> String? {
        var latest: [[UInt8]: [UInt8]?] = [:]
        var isWhole = true
        var offset = log.bounds.logStart
        let end = log.bounds.highWatermark
        let bases = promise.batches.keys.sorted()
        while offset < end {
            guard let found = try piece(of: log, from: offset) else {
                outcome = .readRefused
                isWhole = false
                guard names(half, "log.damaged", "\(log.partition)") else { return "damage without a word" }
                offset = bases.first { $0 > offset.value }.map { Offset($0) } ?? end
                continue
            }
            if found.isEmpty { return promise.isCompacted ? nil : "nothing at \(offset.value)" }
            for (header, bytes) in found {
                guard header.lastOffset >= offset else { return "an old batch at \(offset.value)" }
                guard DamageRig.isSound(bytes) else {
                    // The client sees that.
                    outcome = .readRefused
                    isWhole = false
                    offset = header.nextOffset
                    continue
                }
                if let problem = judge(header, bytes, offset, promise) { return problem }
                for record in try DamageRig.records(bytes) {
                    if let key = record.key { latest[key] = .some(record.value) }
                }
                offset = header.nextOffset
            }
        }
        if isWhole, promise.isCompacted, log.bounds.logEnd == promise.end, latest != promise.latest {
            return "a key has another value"
        }
        return nil
    }

    /// The whole batches of one read; nil where it comes upon damage at once.
    private func piece(
        of log: PartitionLog, from offset: Offset
    ) throws -> [(header: BatchHeader, bytes: [UInt8])]? {
        // Damage in the middle ends a connection; the next read ends before it.
        for _ in 0..<2 {
            do {
                var bytes: [UInt8] = []
                let slice = try log.read(
                    from: offset, maxBytes: 700, upTo: .highWatermark, firstBatch: .whole)
                try slice.copy(into: &bytes)
                return DamageRig.split(bytes)
            } catch StorageError.corrupt {
                continue
            }
        }
        return nil
    }

    private func judge(
        _ header: BatchHeader, _ bytes: [UInt8], _ offset: Offset, _ promise: Acknowledged
    ) -> String? {
        // Deleted records may come back after a crash.
        if header.lastOffset < promise.start { return nil }
        guard let expected = promise.batches[header.baseOffset.value],
            expected[21...] == bytes[21...] || !promise.isCompacted
        else {
            // Within a hole that compaction left, nothing tells where a batch stood.
            if promise.isCompacted, promise.batches.values.contains(where: { $0[21...] == bytes[21...] }) {
                return nil
            }
            return "a batch at \(header.baseOffset.value) that was never acknowledged"
        }
        // The epoch is the broker's own.
        guard expected[0..<12] == bytes[0..<12], expected[16...] == bytes[16...] else {
            return "another batch at \(header.baseOffset.value)"
        }
        if !promise.isCompacted, header.baseOffset > offset {
            return "\(offset.value) is passed over for \(header.baseOffset.value)"
        }
        return nil
    }

    /// Transactions and producers are as they were, and the next record gets the next offset.
    private func goOn(_ log: PartitionLog, _ promise: Acknowledged, _ isCut: Bool) throws -> String? {
        guard !isCut else { return nil }
        if log.bounds.lastStable != promise.lastStable, rig.rest == .stopped {
            return "the last stable offset is \(log.bounds.lastStable.value)"
        }
        if !promise.aborted.isEmpty,
            let slice = try? log.read(from: log.bounds.logStart, maxBytes: 1 << 20, upTo: .lastStable)
        {
            let last = try? log.read(
                from: Offset(log.bounds.lastStable.value - 1), maxBytes: 1 << 20, upTo: .lastStable)
            let seen = Set((slice.aborted + (last?.aborted ?? [])).map(\.first))
            guard promise.aborted.allSatisfy({ seen.contains($0.first) }) || outcome == .readRefused else {
                return "an aborted transaction is forgotten"
            }
        }
        do {
            if let sent = promise.lastSent {
                guard case .duplicate(let range, _, _) = try log.appendBytes(sent) else {
                    return "a batch that was sent again is there twice"
                }
                guard range.last.next == promise.end else { return "a duplicate is elsewhere" }
            }
            let end = log.bounds.logEnd
            try log.appendRecord(at: Timestamp(milliseconds: 1_700_000_001_000))
            return log.bounds.logEnd == end.next ? nil : "the next record is at \(log.bounds.logEnd.value)"
        } catch is StorageError {
            return nil
        }
    }
}

@Suite("damaged directories", .timeLimit(.minutes(10)))
struct DamageTests {
    /// Directories are made once for many damages.
    private final class Rigs: Sendable {
        private let made = Lock<[Int: DamageRig]>([:])
        func rig(_ number: Int) throws -> DamageRig {
            if let known = made.withLock({ $0[number] }) { return known }
            let rig = try DamageRig(seed: UInt64(number / 2), Rest.allCases[number % 2])
            made.withLock { $0[number] = rig }
            return rig
        }
    }

    @Test("an undamaged directory is served as it was", arguments: 0..<8)
    func undamaged(number: Int) throws {
        let rig = try Rigs().rig(number)
        let none = Damage(file: "nothing", description: "nothing happened")
        let aftermath = try Aftermath(rig, none, on: rig.disk.afterKill())
        #expect(aftermath.violation == nil)
        #expect(aftermath.outcome == .whole)
    }

    @Test("what is damaged is refused and named, or repaired, and never served wrongly")
    func damaged() throws {
        let rigs = Rigs()
        let outcomes = Lock<[DamageOutcome: Int]>([:])
        let violations = Lock<[(Int, String)]>([])
        runInParallel(damages) { index in
            let seed = firstDamage + index
            var random = SeededRandom(seed: UInt64(seed))
            do {
                let rig = try rigs.rig(seed % 8)
                let disk = rig.disk.afterKill()
                guard let damage = try Damage.inflict(on: disk, &random) else { return }
                let aftermath = try Aftermath(rig, damage, on: disk)
                outcomes.withLock { $0[aftermath.outcome, default: 0] += 1 }
                guard let violation = aftermath.violation else { return }
                violations.withLock { $0.append((seed, "\(rig.rest), \(damage): \(violation)")) }
            } catch {
                violations.withLock { $0.append((seed, "\(error)")) }
            }
        }
        for (seed, violation) in violations.withLock({ $0 }).sorted(by: { $0.0 < $1.0 }) {
            Issue.record("seed \(seed): \(violation)")
        }
        let counts = outcomes.withLock { $0 }
        if getenv("APUS_DAMAGES") != nil { print("damages: \(counts)") }
        // Each kind of answer is given, or the damages are none.
        if damages >= 100 { #expect(counts.count == 4, "\(counts)") }
    }
}
