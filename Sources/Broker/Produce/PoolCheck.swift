// The check of records that could not be checked as their request came, over a copy of them: on a thread of
// the pool, once there is memory for what they are decompressed to, or on the event loop where they waited
// for a coordinator alone and are not too much for one.
internal import Base
internal import Network
internal import Protocol
internal import Records
internal import Storage

/// A batch that may be appended.
struct CheckedBatch: Sendable {
    var bytes: [UInt8]
    let header: BatchHeader
}

/// Records of one partition that are checked on the pool.
struct PoolCheck: Sendable {
    /// The batch to append (nil where nothing was sent), or why there is none.
    typealias Result = Swift.Result<CheckedBatch?, ProduceRefusal>

    private let check: ProduceCheck
    private let records: [UInt8]
    private let checked: CheckedBatch?
    private let log: PartitionLog
    private let isTooMuch: Bool

    /// The check of what was postponed, with a copy of its records out of `frame`.
    init(_ postponed: ProduceAttempt.Postponed, of frame: RawSpan) {
        check = postponed.check
        log = postponed.log
        isTooMuch = postponed.isTooMuch
        checked = postponed.checked
        records = checked == nil ? frame.copy(postponed.range) : []
    }

    /// How much memory the records take.
    var byteCount: Int { checked?.bytes.count ?? records.count }

    /// Does the work on an event loop; nil if that takes more than `allowance`, or has to look on the disk.
    func runOnLoop(within allowance: inout CodecAllowance) -> Result? {
        guard !isTooMuch, let result = run(within: &allowance) else { return nil }
        if case .success(let batch?) = result, log.mustRecall(batch.header) { return nil }
        return result
    }

    /// Does the work; nil if that takes more than `workBytes`.
    func run(within workBytes: Int) -> Result? {
        var allowance = CodecAllowance(bytes: workBytes)
        let result = run(within: &allowance)
        guard case .success(let batch?) = result else { return result }
        do throws(ProduceRefusal) { return .success(try recalled(batch)) } catch { return .failure(error) }
    }

    /// Checks the records; nil if that takes more than `allowance`.
    private func run(within allowance: inout CodecAllowance) -> Result? {
        do throws(ProduceRefusal) {
            if let checked { return .success(checked) }
            var bytes = records
            var span = bytes.mutableSpan
            var batch = unsafe span.mutableBytes
            switch try check.check(&batch, within: &allowance) {
            case .asSent(let header): return .success(CheckedBatch(bytes: bytes, header: header))
            case .rebuilt(let made, let header): return .success(CheckedBatch(bytes: made, header: header))
            case .nothing: return .success(nil)
            case nil: return nil
            }
        } catch { return .failure(error) }
    }

    /// The batch, once the log knows whether it may be a repetition.
    private func recalled(_ batch: CheckedBatch) throws(ProduceRefusal) -> CheckedBatch {
        guard log.mustRecall(batch.header) else { return batch }
        do throws(StorageError) { try log.recallProducers() } catch {
            throw ProduceRefusal(ErrorCode(error))
        }
        return batch
    }
}

/// The checks of one request.
final class PoolChecks: Sendable {
    /// How much larger than what was sent its records are expected to be; only those that are still larger
    /// wait for more memory.
    private static let expansion = 8
    /// What the records of a batch get at least.
    private static let workMinBytes = 1 << 20

    private let checks: [PoolCheck]
    private let context: RequestContext
    /// For the copies of the records.
    private let lease: MemoryLease

    /// The checks of what was postponed, with copies of its records out of `frame`.
    init(_ postponed: [ProduceAttempt.Postponed], of frame: RawSpan, _ context: RequestContext) {
        var checks: [PoolCheck] = []
        for postponed in postponed { checks.append(PoolCheck(postponed, of: frame)) }
        self.checks = checks
        self.context = context
        lease = context.memory.lease(
            checks.reduce(0) { $0 + $1.byteCount }, as: .request, for: context.holder)
    }

    /// Does the work, and calls `done` with the results on the loop of the request, whose thread this is: at
    /// once, where a loop may do all of it.
    ///
    /// What is in `refusals`, by its place, is refused without being looked at.
    func begin(
        refusing refusals: [Int: ProduceRefusal] = [:],
        then done: @escaping @Sendable ([PoolCheck.Result]) -> Void
    ) {
        if let results = resultsOnLoop(refusals) { return done(results) }
        let largest = checks.reduce(0) { max($0, $1.byteCount) }
        goOn([], within: max(Self.workMinBytes, Self.expansion * largest), refusals, done)
    }

    /// The results, if they are nothing that the loop's other connections wait for long: the first records of
    /// each transaction would else change threads twice more than those of others.
    private func resultsOnLoop(_ refusals: [Int: ProduceRefusal]) -> [PoolCheck.Result]? {
        var allowance = CodecAllowance()
        var results: [PoolCheck.Result] = []
        for (place, check) in checks.enumerated() {
            if let refusal = refusals[place] {
                results.append(.failure(refusal))
            } else if let result = check.runOnLoop(within: &allowance) {
                results.append(result)
            } else {
                return nil
            }
        }
        return results
    }

    /// Does what is left behind the first `results`.
    private func goOn(
        _ results: [PoolCheck.Result], within workBytes: Int, _ refusals: [Int: ProduceRefusal],
        _ done: @escaping @Sendable ([PoolCheck.Result]) -> Void
    ) {
        let mostBytes = context.memory.shares.workBytes
        context.memory.whenLeasedForWork(workBytes, for: context.holder) { [self] work in
            context.broker.sockets.pool.run { [self] in
                var results = results
                while results.count < checks.count {
                    if let refusal = refusals[results.count] {
                        results.append(.failure(refusal))
                        continue
                    }
                    guard let result = checks[results.count].run(within: work.bytes) else {
                        guard work.bytes >= mostBytes else {
                            return goOn(results, within: mostBytes, refusals, done)
                        }
                        results.append(.failure(Self.tooLarge))
                        continue
                    }
                    results.append(result)
                }
                context.loop.post { [self, results] in
                    done(results)
                    withExtendedLifetime(self) {}
                }
            }
        }
    }

    private static let tooLarge = ProduceRefusal(
        .messageTooLarge, "The records of the batch do not fit into memory when they are decompressed.")
}
