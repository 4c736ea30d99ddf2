// Reads a shard's state from its log: every record in order, and the ends of transactions.
internal import Base
internal import Coordinator
internal import Records
internal import Storage

/// Replays the log of one shard; it waits for the disk, so it runs on the pool.
struct StateLogLoader<State: Shard> {
    /// What the records amount to so far.
    private(set) var state: State
    /// Where the log ended when the last record was read.
    private(set) var end: Offset
    private let log: PartitionLog
    private let logger: Logger

    /// What the records of one batch may take in memory.
    private static var batchBytesMax: Int { 256 << 20 }

    init(_ state: State, _ log: PartitionLog, _ logger: Logger) {
        self.state = state
        self.log = log
        self.logger = logger
        end = log.bounds.logStart
    }

    /// Reads everything; throws where the log cannot be read.
    mutating func run() throws(LogWalkError) {
        try log.walkBatches(from: end, to: log.bounds.logEnd) { batch in
            try apply(batch)
            end = batch.header.nextOffset
        }
    }

    private mutating func apply(_ batch: borrowing RecordBatch) throws {
        try batch.verifyChecksum()
        let header = batch.header
        if header.attributes.isControl {
            for control in try ControlRecords.read(batch) {
                switch control.type {
                case .commit: state.transactionEnded(of: header.producerID, isCommit: true)
                case .abort: state.transactionEnded(of: header.producerID, isCommit: false)
                case .leaderChange, .snapshotHeader, .snapshotFooter, .kraftVersion, .kraftVoters: break
                }
            }
            return
        }
        for stored in try batch.records(limitBytes: Self.batchBytesMax) {
            guard let record = read(stored) else { continue }
            if header.attributes.isTransactional {
                state.apply(record, ofTransactionOf: header.producerID)
            } else {
                state.apply(record)
            }
        }
    }

    /// A record of ours; what cannot be read is said, and passed over, as the other groups must live.
    private func read(_ stored: Record) -> State.Record? {
        do throws(ShardRecordError) {
            guard let key = stored.key else { throw ShardRecordError("a record without a key") }
            return try State.Record(key: key, value: stored.value)
        } catch {
            logger.logLimited(
                .error, "state_record.passed_over",
                [
                    "partition": "\(log.partition)", "offset": "\(stored.offset.value)",
                    "reason": error.description,
                ])
            return nil
        }
    }
}
