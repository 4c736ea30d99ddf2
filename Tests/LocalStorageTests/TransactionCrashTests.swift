// Transactions of several producers over a disk that loses what it was not asked to keep: what a log says of
// them is compared with its own batches, read by a reader that knows nothing of how logs remember.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

/// What the batches of a log amount to.
private struct ReadTransactions {
    struct Ended: Hashable {
        var producer: Int64
        var marker: Offset
    }
    var open: [Int64: Offset] = [:]
    /// Aborted transactions of which there are records.
    var aborted: Set<Ended> = []
    var withMarkers: Set<Int64> = []

    init(_ log: PartitionLog) throws {
        for batch in try log.allBatches(upTo: .logEnd) {
            let header = try BatchHeader(reading: batch.rawSpan)
            let producer = header.producerID.value
            if header.attributes.isControl {
                let record = try #require(try ControlRecords.read(RecordBatch(reading: batch.rawSpan)).first)
                withMarkers.insert(producer)
                if open.removeValue(forKey: producer) != nil, record.type == .abort {
                    aborted.insert(Ended(producer: producer, marker: header.lastOffset))
                }
            } else if header.attributes.isTransactional, open[producer] == nil {
                open[producer] = header.baseOffset
            }
        }
    }
}

/// Clients and coordinators of one log.
private struct TransactionalLife {
    private struct Producer {
        var epoch: Int16 = 0
        var sequence: Int32 = 0
        var isOpen = false
    }

    private var rig: Rig
    private var log: PartitionLog
    private var random: SeededRandom
    private var producers = Array(repeating: Producer(), count: 4)
    /// Where markers stand that were appended; what is durable of them is owed no more.
    private var markers: [(producer: Int64, offset: Offset)] = []
    private(set) var crashes = 0

    init(seed: UInt64) throws {
        var config = LogConfig()
        (config.segmentBytes, config.indexIntervalBytes) = (600, 128)
        rig = try Rig(seed: seed, config: config)
        log = try rig.create()
        random = SeededRandom(seed: seed)
    }

    mutating func run(_ steps: Int) throws {
        for _ in 0..<steps { try act() }
        try restart(after: .stop)
        rig.directory.abandon()
    }

    private enum Ending: CaseIterable { case stop, kill, cut }

    private mutating func act() throws {
        let number = Int.random(in: producers.indices, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45: try send(number)
        case 45..<65: try end(number, isCommit: random.chance(50), version: random.chance(50) ? 2 : 0)
        case 65..<85:
            rig.flush()
            try check()
        case 85..<88:
            log.expireProducers(at: Timestamp(milliseconds: 1_700_000_000_000 + 90_000_000))
            try check()
            learn()
        case 88..<91:
            let bounds = log.bounds
            let to = Int64.random(in: bounds.logStart.value...bounds.highWatermark.value, using: &random)
            try log.trim(to: Offset(to))
            try check()
        default: try restart(after: Ending.allCases.randomElement(using: &random) ?? .cut)
        }
        try log.checkInvariants()
    }

    private mutating func send(_ number: Int) throws {
        let isTransactional = producers[number].isOpen || random.chance(80)
        let id = ProducerID(Int64(number))
        var spec = BatchSpec(count: Int.random(in: 1...3, using: &random), bytes: 20, tag: number)
        spec.producer = (id.value, producers[number].epoch, producers[number].sequence)
        spec.isTransactional = isTransactional
        var permission: TransactionPermission?
        if isTransactional {
            permission = try log.beginVerification(
                of: id, epoch: producers[number].epoch, sequence: producers[number].sequence)
        }
        try invariant(
            producers[number].isOpen == (isTransactional && permission == nil),
            "whether a coordinator is asked")
        try log.append(
            try spec.bytes(), from: .verifiedProducer(permission))
        producers[number].sequence += Int32(spec.values.count)
        producers[number].isOpen = isTransactional
    }

    private mutating func end(_ number: Int, isCommit: Bool, version: Int16) throws {
        if version >= 2 {
            producers[number].epoch += 1
            producers[number].sequence = 0
        }
        producers[number].isOpen = false
        let range = try log.append(
            EndTransactionMarker(isCommit: isCommit, coordinatorEpoch: 0), of: ProducerID(Int64(number)),
            epoch: producers[number].epoch, transactionVersion: version,
            at: Timestamp(milliseconds: 1_700_000_000_000))
        markers.append((Int64(number), range.last))
    }

    private mutating func restart(after ending: Ending) throws {
        let durable = log.bounds.highWatermark
        let owed = markers.filter { $0.offset < durable }
        switch ending {
        case .stop:
            rig.flush()
            try rig.directory.stop(brokerEpoch: 1)
            rig = try rig.reopened()
        case .kill, .cut:
            crashes += 1
            let disk = ending == .kill ? rig.disk.afterKill() : rig.disk.afterPowerCut()
            rig.directory.abandon()
            rig = try rig.reopened(on: disk)
        }
        log = try rig.openLog()
        rig.flush()
        try invariant(log.bounds.logEnd >= durable, "what was durable is gone")
        try check()
        for marker in owed where marker.offset >= log.bounds.logStart {
            let batch = try log.bytes(from: marker.offset, maxBytes: 1)
            let header = try BatchHeader(reading: batch.rawSpan)
            try invariant(
                header.attributes.isControl && header.producerID.value == marker.producer,
                "a durable marker is gone")
        }
        markers = owed
        learn()
    }

    /// Clients go on from what the log says, and those that it forgot with a new epoch.
    private mutating func learn() {
        let known = Dictionary(uniqueKeysWithValues: log.knownProducers.map { ($0.id.value, $0) })
        for number in producers.indices {
            guard let producer = known[Int64(number)] else {
                producers[number] = Producer(epoch: producers[number].epoch + 1)
                continue
            }
            producers[number] = Producer(
                epoch: producer.epoch, sequence: producer.lastSequence + 1,
                isOpen: producer.transactionStart != nil)
        }
    }

    /// A fault in what the log remembers.
    enum Planted: CaseIterable { case forgottenProducers, forgottenAborts, earlyStability }

    /// Makes the log wrong, and looks whether that is noticed.
    mutating func plant(_ fault: Planted) throws {
        for _ in 0..<3 {
            for number in producers.indices {
                try send(number)
                try end(number, isCommit: false, version: 0)
            }
        }
        repeat { try send(0) } while !producers[0].isOpen
        rig.flush()
        try check()
        log.state.withLock { state in
            switch fault {
            case .forgottenProducers: state.producers = ProducerState()
            case .forgottenAborts: state.aborted = TransactionIndex()
            case .earlyStability: state.bounds.lastStable = state.bounds.highWatermark
            }
        }
        try check()
    }

    /// Compares what the log says with what its batches say.
    private func check() throws {
        let read = try ReadTransactions(log)
        let bounds = log.bounds
        let known = Dictionary(
            uniqueKeysWithValues: log.knownProducers.compactMap { producer in
                producer.transactionStart.map { (producer.id.value, $0) }
            })
        for (producer, start) in known {
            if start >= bounds.logStart {
                try invariant(read.open[producer] == start, "an open transaction begins elsewhere")
            } else {
                try invariant(!read.withMarkers.contains(producer), "what has ended is open")
            }
        }
        for (producer, start) in read.open {
            let told = known[producer]
            try invariant(
                told.map { $0 == start || $0 < bounds.logStart } ?? false,
                "the open transaction of producer \(producer) is forgotten")
        }
        let first = known.values.min().map { max($0, bounds.logStart) }
        let stable = min(bounds.highWatermark, first ?? bounds.highWatermark)
        // A marker that is not durable holds it back too.
        try invariant(
            bounds.lastStable == stable || bounds.lastStable < stable && bounds.highWatermark < bounds.logEnd,
            "\(bounds.lastStable.value) is stable, and \(stable.value) should be")
        try checkAborted(read)
    }

    private func checkAborted(_ read: ReadTransactions) throws {
        var told: Set<ReadTransactions.Ended> = []
        var offset = log.bounds.logStart
        while offset < log.bounds.lastStable {
            let slice = try log.read(from: offset, maxBytes: 1 << 20, upTo: .lastStable)
            told.formUnion(slice.aborted.map { .init(producer: $0.producerID.value, marker: $0.last) })
            let bytes = try slice.copy(slice.length, at: 0)
            var position = 0
            while position < bytes.count {
                let header = try BatchHeader(reading: bytes.rawSpan.extracting(position...))
                position += header.sizeInBytes
                offset = header.nextOffset
            }
        }
        try invariant(
            read.aborted.filter { $0.marker < log.bounds.lastStable }.isSubset(of: told),
            "readers are not told of an aborted transaction")
    }
}

@Suite("transactions and crashes")
struct TransactionCrashTests {
    @Test("what a log says of transactions is what its batches say, whatever a crash took", arguments: 1..<61)
    func lives(seed: UInt64) throws {
        var life = try TransactionalLife(seed: seed)
        try life.run(150)
        #expect(life.crashes > 0)
    }

    @Test(
        "a fault that is planted in what a log remembers is found",
        arguments: TransactionalLife.Planted.allCases)
    fileprivate func plantedFaults(_ fault: TransactionalLife.Planted) throws {
        var life = try TransactionalLife(seed: 1)
        #expect(throws: InvariantViolation.self) { try life.plant(fault) }
    }
}
