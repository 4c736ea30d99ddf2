// What happens to a log, as a seed decides, and what it answers: the answers must be the same whatever engine
// is below.
import Base
import Compression
import Records
import Simulation
import Storage

/// The life of one log over an engine.
struct LogTranscript {
    private struct Producer {
        var epoch: Int16 = 0
        var sequence: Int32 = 0
        var sent: [[UInt8]] = []
        var isOpen = false
    }

    private let rig: any LogUnderTest
    private var random: SeededRandom
    private var producers = Array(repeating: Producer(), count: 3)
    private var epoch: Int32 = 0
    private var tag = 0
    private(set) var lines: [String] = []

    init(_ engine: TestedEngine, seed: UInt64) throws {
        rig = try engine.makeLog(StoreSetup(seed: seed))
        random = SeededRandom(seed: seed)
    }

    mutating func run() throws {
        for _ in 0..<60 { try act() }
        try look()
    }

    private mutating func tell(_ line: String) { lines.append("\(lines.count) \(line)") }

    private mutating func append(_ what: String, _ batch: [UInt8]) throws {
        let log = try rig.log
        do throws(StorageError) {
            let result = try log.appendRecalling(batch)
            // A snapshot holds the time of a producer's last word, perhaps a marker's, for its batch's.
            if case .duplicate(let range, _, let start) = result {
                tell("\(what): a duplicate of \(range), from \(start.value) on")
            } else {
                tell("\(what): \(result)")
            }
        } catch {
            tell("\(what): \(error)")
        }
    }

    private mutating func act() throws {
        let number = Int.random(in: producers.indices, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40: try send(number, isTransactional: producers[number].isOpen)
        case 40..<52: try send(number, isTransactional: true)
        case 52..<60: try end(number, commits: random.chance(50))
        case 60..<68:
            guard let batch = producers[number].sent.suffix(5).randomElement(using: &random) else { return }
            try append("again", batch)
        case 68..<72: try send(number, isTransactional: false, skipping: 7)
        case 72..<75:
            producers[number].epoch += 1
            producers[number].sequence = 0
            producers[number].isOpen = false
            try end(number, commits: false)
        case 75..<79:
            epoch += Int32.random(in: 0...2, using: &random)
            try rig.log.becomeLeader(epoch: LeaderEpoch(epoch))
        case 79..<88: rig.step()
        case 88..<94: try look()
        case 94..<97:
            try look()
            try reopen(after: .crash)
            try look()
        default:
            try look()
            let bounds = try rig.log.bounds
            let to = Int64.random(in: bounds.logStart.value...bounds.highWatermark.value, using: &random)
            try rig.log.trim(to: Offset(to))
            try reopen(after: .cleanStop)
            try look()
        }
    }

    /// Opens the log again, and leads on: an epoch without records may be forgotten.
    private func reopen(after ending: StoreEnding) throws {
        try rig.reopen(after: ending)
        try rig.log.becomeLeader(epoch: LeaderEpoch(epoch))
    }

    private mutating func send(_ number: Int, isTransactional: Bool, skipping gap: Int32 = 0) throws {
        let count = Int.random(in: 1...3, using: &random)
        var plan = BatchPlan(values: count, at: 1_700_000_000_000 + Int64(tag))
        tag += 1
        plan.tag = tag
        plan.valueBytes = Int.random(in: 0...120, using: &random)
        plan.isTransactional = isTransactional
        plan.producer = (Int64(number), producers[number].epoch, producers[number].sequence + gap)
        let batch = try plan.made().bytes
        try append("producer \(number)", batch)
        guard gap == 0 else { return }
        producers[number].sequence += Int32(count)
        producers[number].sent.append(batch)
        producers[number].isOpen = isTransactional
    }

    private mutating func end(_ number: Int, commits: Bool) throws {
        producers[number].isOpen = false
        let marker = try ControlRecords.marker(
            EndTransactionMarker(isCommit: commits, coordinatorEpoch: 7),
            producerID: ProducerID(Int64(number)), producerEpoch: producers[number].epoch,
            timestamp: Timestamp(milliseconds: 1_700_000_000_000))
        try append(commits ? "commit" : "abort", marker)
    }

    /// Makes everything durable, and writes down all that can be seen.
    private mutating func look() throws {
        rig.flush()
        let log = try rig.log
        tell("\(log.bounds), \(log.leaderEpochs), \(log.producerCount) producers")
        for limit in [ReadLimit.highWatermark, .lastStable, .logEnd] {
            let bytes = try log.bytes(from: log.bounds.logStart, upTo: limit)
            tell("\(limit): \(bytes.count) bytes, \(CRC32C.checksum(bytes.span.bytes))")
        }
        let from = Offset(
            Int64.random(in: log.bounds.logStart.value...log.bounds.logEnd.value, using: &random))
        let slice = try log.read(from: from, maxBytes: 1, upTo: .lastStable)
        tell("at \(from.value) \(slice.length) bytes")
        tell("committed are \(try log.committed(from: from).map(\.value))")
        let time = Timestamp(milliseconds: 1_700_000_000_000 + Int64.random(in: 0...70, using: &random))
        tell("\(String(describing: try log.offset(forTimestamp: time)))")
        tell("\(String(describing: try log.offsetOfMaxTimestamp()))")
        tell("\(String(describing: log.endOffset(forEpoch: LeaderEpoch(epoch / 2))))")
    }
}
