// What happens while the directory is open.
import Base
import Simulation
import Storage

@testable import LocalStorage

extension History {
    mutating func step() throws {
        let number = Int.random(in: slots.indices, using: &random)
        defer {
            tell(
                "\(number): "
                    + slots.map { "\($0.promise?.durableEnd.value ?? -1)/\($0.promise?.end.value ?? -1)" }
                    .joined(separator: " "))
        }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<38: try append(to: number)
        case 38..<53:
            // As under load: something for everyone, then one turn.
            for number in slots.indices { try append(to: number) }
            flush()
        case 53..<65: flush()
        case 65..<70: pool.run()
        case 70..<73: directory?.writeCheckpointsOrWarn()
        case 73..<76: try delete(number)
        case 76..<78: try create(number)
        case 78..<80: try createAll()
        case 80..<83: clock.advance(milliseconds: Int64.random(in: 1...4000, using: &random))
        case 83..<87: try expire()
        case 87..<90: try trim(number)
        case 90..<94: try compact()
        case 94..<97: try read(number)
        default: injectFault()
        }
        try checkInvariants()
    }

    /// Whatever happened, logs, stores, flusher and journal agree with each other.
    private func checkInvariants() throws {
        do throws(InvariantViolation) { try directory?.checkInvariants() } catch {
            throw Violation(description: "\(error)")
        }
    }

    private mutating func append(to number: Int) throws {
        guard var promise = slots[number].promise, let log = logs[slots[number].partition] else {
            return try create(number)
        }
        guard !log.hasFailed, log.bounds.logEnd == promise.end else { return }
        tag += 1
        let batch = try promise.nextBatch(tag: tag, at: clock.wallTime().milliseconds, &random)
        // Noted before: what is being written when the power goes may be there afterwards.
        promise.written.append(batch)
        do {
            guard case .appended = try log.append(batch.bytes, isAwaited: random.chance(50)) else {
                throw Violation(description: "\(log.partition): a new batch passes for an old one")
            }
            slots[number].promise = promise
        } catch let error as StorageError {
            if case .outOfOrderSequence = error {
                throw Violation(description: "\(log.partition): a batch is refused: \(error)")
            }
            // Unless it could not even be taken back, it has left no trace.
            if disk.base.isDead || log.hasFailed || log.bounds.logEnd != promise.end {
                slots[number].promise = promise
            }
        }
    }

    mutating func flush() {
        guard let directory else { return }
        while directory.flusher.flushOnce() {}
        noteDurable()
    }

    /// What readers see now is promised.
    mutating func noteDurable() {
        for number in slots.indices {
            guard let log = logs[slots[number].partition], var promise = slots[number].promise else {
                continue
            }
            promise.durableEnd = max(promise.durableEnd, log.bounds.highWatermark)
            slots[number].promise = promise
        }
    }

    /// What readers find in the middle of everything is what was written, too.
    private mutating func read(_ number: Int) throws {
        guard var promise = slots[number].promise, let log = logs[slots[number].partition] else { return }
        promise.durableEnd = log.bounds.highWatermark
        do {
            let found = try log.found()
            if let violation = promise.violation(found) {
                throw Violation(description: "\(log.partition), while it runs: \(violation)")
            }
        } catch StorageError.io, StorageError.outOfSpace, StorageError.closed {
            // The disk does not read just now.
        } catch StorageError.corrupt(_, _, "the file is shorter than its log") where log.hasFailed {
            // A write that failed was cut off in vain.
        }
    }

    private mutating func delete(_ number: Int) throws {
        tell("delete \(number)")
        guard let directory, var promise = slots[number].promise else { return }
        let partition = slots[number].partition
        logs[partition] = nil
        // It is decided: what a crash leaves of it is deleted by the next start, whatever is in it.
        promise.isBeingDeleted = true
        promise.durableEnd = .zero
        promise.startMin = .zero
        slots[number].alternatives = [promise, nil]
        do throws(StorageError) {
            try disk.during(.deleting) { () throws(StorageError) in
                try directory.deletePartition(partition)
            }
            slots[number].promise = nil
            // Often it is back at once, now and then as the same topic.
            if random.chance(60) { try create(number, as: random.chance(50) ? promise.id : nil) }
        } catch {}
    }

    private mutating func create(_ number: Int, as id: TopicID? = nil) throws(StorageError) {
        guard let directory, slots[number].alternatives.count == 1, slots[number].promise == nil else {
            return
        }
        nextID += 1
        var promise = LogPromise(id: id ?? TopicID(high: 1, low: nextID), policy: slots[number].policy)
        promise.isUnsure = true
        slots[number].alternatives = [nil, promise]
        do throws(StorageError) {
            logs[slots[number].partition] = try disk.during(.creating) { () throws(StorageError) in
                try directory.createPartition(
                    slots[number].partition, id: promise.id, config: config(of: slots[number]))
            }
            promise.isUnsure = false
            slots[number].promise = promise
        } catch {}
    }

    /// Makes all that are not there, after others were deleted, together; and often something is written to
    /// each at once.
    private mutating func createAll() throws {
        if random.chance(50) {
            for number in slots.indices where random.chance(40) { try delete(number) }
        }
        let fresh = slots.indices.filter { slots[$0].alternatives.count == 1 && slots[$0].promise == nil }
        guard let directory, !fresh.isEmpty else { return }
        tell("create \(fresh)")
        let wanted = fresh.map { number in
            nextID += 1
            return NewPartition(
                slots[number].partition, of: TopicID(high: 1, low: nextID), config: config(of: slots[number]))
        }
        for (number, partition) in zip(fresh, wanted) {
            var promise = LogPromise(id: partition.topicID, policy: slots[number].policy)
            promise.isUnsure = true
            slots[number].alternatives = [nil, promise]
        }
        let made = disk.during(.creating) { directory.createPartitions(wanted, kind: .data) }
        for (number, result) in zip(fresh, made) {
            guard case .success(let log) = result, var promise = slots[number].alternatives[1] else {
                continue
            }
            promise.isUnsure = false
            logs[slots[number].partition] = log
            slots[number].promise = promise
        }
        guard random.chance(70) else { return }
        for number in slots.indices { try append(to: number) }
        flush()
    }
}
