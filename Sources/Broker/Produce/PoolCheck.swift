// The check of records that are too much for an event loop: over a copy of them, on a thread of the pool.
internal import Base
internal import Records

/// Records of one partition that are checked on the pool.
struct PoolCheck: Sendable {
    /// The batch to append, or why there is none.
    typealias Result = Swift.Result<(bytes: [UInt8], header: BatchHeader), ProduceRefusal>

    private let check: ProduceCheck
    private let records: [UInt8]

    /// The check of what was postponed, with a copy of its records out of `frame`.
    init(_ postponed: ProduceAttempt.Postponed, of frame: RawSpan) {
        check = postponed.check
        records = frame.copy(postponed.range)
    }

    /// How much memory the records take.
    var byteCount: Int { records.count }

    /// Does the work.
    func run() -> Result {
        var bytes = records
        var allowance = CodecAllowance.pool
        do throws(ProduceRefusal) {
            var span = bytes.mutableSpan
            var batch = unsafe span.mutableBytes
            switch try check.check(&batch, within: &allowance) {
            case .asSent(let header): return .success((bytes, header))
            case .rebuilt(let made, let header): return .success((made, header))
            case nil: preconditionFailure("nothing is too much for the pool")
            }
        } catch { return .failure(error) }
    }
}
