// What goes wrong: operations that fail, a disk that is full, and bits that change while nobody looks.
import Base
import Records
import Simulation
import Storage

@testable import LocalStorage

/// A byte that the medium changed.
struct Rot: Sendable {
    var path: String
    /// The damaged batch; nil if it is another file than a log.
    var batch: WrittenBatch?

    var isInLog: Bool { batch != nil }
}

extension History {
    mutating func injectFault() {
        let base = disk.base
        let skip = Int.random(in: 0...3, using: &random)
        let kind = Int.random(in: 0..<15, using: &random)
        tell("fault \(kind)")
        switch kind {
        case 0: base.fail(.sync, suffix: ".log", errno: 5, skip: skip)
        case 1: base.fail(.write, suffix: ".log", errno: 5, skip: skip)
        case 2: base.fail(.sync, suffix: "/journal", errno: 5, skip: skip)
        case 3: base.fail(.write, suffix: "/journal", errno: 5, skip: skip)
        case 4: base.fail(.read, suffix: ".log", errno: 5, skip: skip)
        case 5: base.fail(.open, suffix: ".log", errno: 24, skip: skip)
        case 6: base.fail(.rename, errno: 5, skip: skip)
        case 7: base.fail(.syncDirectory, errno: 5, skip: skip)
        case 8: base.fail(.truncate, errno: 5, skip: skip)
        case 9: base.fail(.remove, errno: 5, skip: skip)
        case 10: base.fail(.write, suffix: ".cleaned", errno: 28, skip: skip)
        case 11: base.fail(.sync, suffix: ".tmp", errno: 5, skip: skip)
        case 12: base.fail(.sync, suffix: "index", errno: 5, skip: skip)
        case 13:
            // Somebody has freed space.
            base.setCapacity(.max)
            clock.advance(milliseconds: 61_000)
        default: base.setCapacity(base.usedBytes + Int.random(in: 0...3000, using: &random))
        }
    }

    /// Lets the medium change a byte of a file that was durable, of which a start can know it.
    mutating func rot(on disk: SimulatedDisk, isClean: Bool) {
        let number = Int.random(in: slots.indices, using: &random)
        guard slots[number].alternatives.count == 1, let promise = slots[number].promise else { return }
        let directory = "/data/\(slots[number].partition)"
        let entries = (try? disk.list(directory)) ?? []
        let isSidecar = random.chance(30)
        let suffixes = isSidecar ? [".index", ".timeindex", ".snapshot"] : [".log"]
        let names = entries.filter { entry in
            entry.sizeBytes > 0 && suffixes.contains { entry.name.hasSuffix($0) }
        }.map(\.name)
        guard let name = names.randomElement(using: &random) else { return }
        let path = directory + "/" + name
        guard let size = try? disk.entry(at: path)?.sizeBytes else { return }
        let mask = UInt8(1) << UInt8.random(in: 0..<8, using: &random)
        if isSidecar {
            let position = Int.random(in: 0..<Int(size), using: &random)
            tell("rot of \(path) at \(position)")
            disk.damage(path, at: position, mask: mask)
            slots[number].rot = Rot(path: path)
            return
        }
        let bound = isClean ? promise.durableEnd : recoveryPoint(of: slots[number].partition, on: disk)
        guard let (batch, range) = durableBatch(in: path, Int(size), promise, below: bound, disk) else {
            return
        }
        // Kafka's checksum does not cover the offset and the epoch before it.
        let covered = Array(8..<12) + Array(16..<range.count)
        let position = range.lowerBound + (covered.randomElement(using: &random) ?? 17)
        tell("rot of \(path) at \(position), in the batch at \(batch.base.value)")
        disk.damage(path, at: position, mask: mask)
        slots[number].rot = Rot(path: path, batch: batch)
    }

    private func recoveryPoint(of partition: TopicPartition, on disk: SimulatedDisk) -> Offset {
        let path = "/data/" + OffsetCheckpoint.Kind.recoveryPoint.rawValue
        guard let bytes = try? disk.contents(path) else { return .zero }
        return (try? OffsetCheckpoint(reading: bytes, path: path))?.offsets[partition] ?? .zero
    }

    /// One of the batches of a file that were not touched since they were written.
    private mutating func durableBatch(
        in path: String, _ size: Int, _ promise: LogPromise, below bound: Offset, _ disk: SimulatedDisk
    ) -> (WrittenBatch, Range<Int>)? {
        guard let bytes = try? disk.contents(path) else { return nil }
        var found: [(WrittenBatch, Range<Int>)] = []
        var position = 0
        while position < bytes.count,
            let header = try? BatchHeader(reading: bytes.span.bytes.extracting(position...)),
            position + header.sizeInBytes <= bytes.count
        {
            let range = position..<(position + header.sizeInBytes)
            if let batch = promise.written.first(where: { $0.base == header.baseOffset }),
                batch.next <= min(bound, promise.durableEnd), batch.base >= promise.startMax,
                batch.bytes == Array(bytes[range])
            {
                found.append((batch, range))
            }
            position = range.upperBound
        }
        return found.randomElement(using: &random)
    }

    /// A log with a damaged batch is refused, or repaired, or the damage is for every reader to see; what
    /// is not damaged is never anything else than what was written.
    mutating func checkRotten(
        _ number: Int, _ directory: LogDirectory, _ promise: LogPromise, _ rot: Rot
    ) throws {
        let slot = slots[number]
        slots[number].rot = nil
        do {
            let log = try disk.during(.opening) { () throws(StorageError) in
                try directory.openPartition(slot.partition, id: promise.id, config: config(of: slot))
            }
            pool.run()
            flush()
            try checkRead(log, promise, rot)
            if slot.policy.compacts {
                logs[slot.partition] = log
                try compact()
                try checkRead(log, promise, rot)
            }
        } catch StorageError.corrupt(let path, _, _) where path.hasPrefix("/data/\(slot.partition)/") {
            tell("refused: \(path)")
        }
        // What a user does who has no copy.
        logs[slot.partition] = nil
        try directory.deletePartition(slot.partition)
        slots[number].promise = nil
    }

    private static func bigEndian(_ value: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }

    private func checkRead(_ log: PartitionLog, _ promise: LogPromise, _ rot: Rot) throws {
        let bounds = log.bounds
        guard bounds.logEnd >= promise.durableEnd else {
            throw Violation(
                description: "\(log.partition): damage in \(rot.path) is cut off at \(bounds.logEnd.value)")
        }
        for batch in promise.written where batch.base >= bounds.logStart && batch.next <= promise.durableEnd {
            let found: [UInt8]?
            do {
                found = try log.batches(from: batch.base, maxBytes: 1).first
            } catch StorageError.corrupt {
                continue
            } catch is RecordError {
                // No client takes it for a batch.
                continue
            }
            guard let found, found != batch.bytes else {
                if found == nil, !promise.policy.compacts {
                    throw Violation(description: "\(log.partition): \(batch.base.value) is passed over")
                }
                continue
            }
            // A client compares the checksum.
            guard let read = try? RecordBatch(reading: found.span.bytes), (try? read.verifyChecksum()) != nil
            else {
                // The read may find the damaged batch in the place of its neighbour, as damage changes where
                // a batch ends, and compaction where the next one begins.
                guard let base = rot.batch?.base, found[0..<8].elementsEqual(Self.bigEndian(base.value))
                else {
                    throw Violation(description: "\(log.partition): \(batch.base.value) is damaged too")
                }
                continue
            }
            var present: [Int64: String] = [:]
            let unexpected = try promise.unexpectedRecord(in: found, &present)
            guard promise.policy.compacts, unexpected == nil else {
                throw Violation(
                    description:
                        "\(log.partition): \(batch.base.value) is served as another batch: "
                        + (unexpected ?? ""))
            }
        }
    }
}
