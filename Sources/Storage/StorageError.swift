// What can go wrong on and around the disk. Each error's text is one sentence that says what happened and,
// where somebody can do something about it, what. The broker translates these cases into Kafka's error codes
// in one exhaustive switch.
package import Base
import Glibc

/// Why storage refused or failed.
///
/// Indirect, as each of many thousand logs has room for one.
package indirect enum StorageError: Error, Equatable, Sendable {
    /// A system call failed.
    case io(operation: DiskOperation, path: String, errno: Int32)
    /// The file system is full, or a quota is used up; what was asked for left no trace.
    case outOfSpace(operation: DiskOperation, path: String)
    /// Free space is down to what is kept for the broker itself, so clients' records are refused.
    case reserveReached(path: String)
    /// A file holds what it must not hold, at this position.
    case corrupt(path: String, position: Int64, reason: String)
    /// The offset lies outside of the log.
    case offsetOutOfRange(requested: Offset, start: Offset, end: Offset)
    /// An idempotent producer left a gap, or began a new epoch above sequence 0 (KIP-98).
    case outOfOrderSequence(producer: ProducerID, expected: Int32, found: Int32)
    /// A producer writes with an epoch that was fenced.
    case staleProducerEpoch(producer: ProducerID, current: Int16, found: Int16)
    /// A producer writes without a transaction while one of his is open, or for one that is over.
    case outsideTransaction(producer: ProducerID)
    /// A coordinator ends a transaction whose producer has a later one.
    case staleCoordinatorEpoch(producer: ProducerID, current: Int32, found: Int32)
    /// The caller leads in an epoch that is over.
    case staleLeaderEpoch(current: LeaderEpoch, found: LeaderEpoch)
    /// The batch would not fit into a segment of its own.
    case batchTooLarge(bytes: Int, limit: Int)
    /// The partition takes no writes any more, since an earlier write or sync failed.
    case offline(path: String, reason: String)
    /// The log was closed or deleted.
    case closed(path: String)
    /// The directory could not be closed cleanly before the deadline.
    case stopTooSlow(path: String)
    /// Nothing can be written to the data directory: it is on a file system for reading only, or belongs to
    /// somebody else.
    case notWritable(path: String, errno: Int32)
    /// Another process works on the directory.
    case directoryInUse(path: String, process: Int32?)
    /// The directory holds something that Apus did not write.
    case foreignDirectory(path: String, reason: String)
    /// The data directory holds a directory that is none of a broker's.
    case unexpectedDirectory(path: String, name: String)
    /// A partition is to be created where there is one.
    case partitionExists(path: String)
    /// A partition is to be opened or deleted where there is none; before `end` it held records.
    case partitionMissing(path: String, end: Offset = .zero)
    /// The partition's directory belongs to another topic of the same name.
    case topicIDMismatch(path: String, expected: TopicID, found: TopicID)
}

/// The operations of a disk, for error messages and for injecting faults.
package enum DiskOperation: String, Sendable, CaseIterable {
    case open, read, write, sync, truncate, rename, remove, list, lock, stat
    case createDirectory = "create directory"
    case syncDirectory = "sync directory"
    case freeSpace = "find the free space of"
}

extension StorageError {
    /// Whether the log was closed or deleted.
    package var isClosed: Bool { if case .closed = self { true } else { false } }

    /// Whether an append was refused because of its producer, and the log is as it was.
    package var isRefusalOfProducer: Bool {
        switch self {
        case .outOfOrderSequence, .staleProducerEpoch, .outsideTransaction, .staleCoordinatorEpoch: true
        default: false
        }
    }

    /// Whether there was no space left, so that it can be tried again later.
    package var isLackOfSpace: Bool { if case .outOfSpace = self { true } else { false } }

    /// Whether a disk fails in this way, and other disks may still work.
    package var isFaultOfDisk: Bool {
        switch self {
        case .io, .outOfSpace, .corrupt, .notWritable: true
        default: false
        }
    }
}

extension StorageError: CustomStringConvertible {
    /// One sentence.
    package var description: String {
        switch self {
        case .io(let operation, let path, let errno):
            "cannot \(operation.rawValue) \(path): \(StorageError.text(of: errno))"
        case .outOfSpace(let operation, let path):
            "cannot \(operation.rawValue) \(path): the file system is full; free some space on it"
        case .reserveReached(let path):
            "\(path) takes no records, as less is free on the disk than apus.disk.reserve.bytes; free some"
        case .corrupt(let path, let position, let reason):
            "\(path) is damaged at byte \(position): \(reason); restore it, or give up its directory by "
                + "moving it away"
        case .offsetOutOfRange(let requested, let start, let end):
            "offset \(requested.value) is outside of the log, which holds \(start.value) to \(end.value)"
        case .outOfOrderSequence(let producer, let expected, let found):
            "producer \(producer.value) sent sequence \(found) where \(expected) was due"
        case .staleProducerEpoch(let producer, let current, let found):
            "producer \(producer.value) writes in epoch \(found), but epoch \(current) has begun"
        case .outsideTransaction(let producer):
            "producer \(producer.value) writes outside of its open transaction, or for one that is over"
        case .staleCoordinatorEpoch(let producer, let current, let found):
            "coordinator epoch \(found) of producer \(producer.value) is over, \(current) has begun"
        case .staleLeaderEpoch(let current, let found):
            "leader epoch \(found.value) is over, \(current.value) has begun"
        case .batchTooLarge(let bytes, let limit):
            "a batch of \(bytes) bytes does not fit into a segment of \(limit) bytes; raise segment.bytes"
        case .offline(let path, let reason):
            "\(path) takes no writes until the next start, because an earlier one failed: \(reason)"
        case .closed(let path): "\(path) is closed"
        case .stopTooSlow(let path): "\(path) was not closed in time; the next start recovers it"
        case .notWritable(let path, let errno):
            "the data directory \(path) cannot be written to: \(StorageError.text(of: errno)); make it "
                + "writable, or choose another directory"
        case .directoryInUse(let path, let process):
            "the data directory \(path) is in use by another broker"
                + (process.map { " (process \($0))" } ?? "") + "; stop that one, or choose another directory"
        case .foreignDirectory(let path, let reason):
            "the data directory \(path) was left untouched: \(reason); choose an empty directory"
        case .unexpectedDirectory(let path, let name):
            "the data directory \(path) was left untouched: the directory \(name) in it is not a partition "
                + "(topic-N), nor one that a broker deletes (topic-N.UUID-delete); move it elsewhere"
        case .partitionExists(let path): "cannot create the partition \(path): there is one already"
        case .partitionMissing(let path, let end):
            "the partition directory \(path) is missing, which held the records before offset "
                + "\(end.value); put it back"
        case .topicIDMismatch(let path, let expected, let found):
            "\(path) belongs to the topic id \(found), not to \(expected); move the directory away"
        }
    }

    /// The system's own words for `errno`.
    package static func text(of errno: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        // The POSIX form of the call: it fills the buffer.
        guard unsafe strerror_r(errno, &buffer, buffer.count) == 0 else { return "errno \(errno)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The error of a failed call: a full disk has a case of its own.
    package static func failed(_ operation: DiskOperation, _ path: String, errno: Int32) -> StorageError {
        errno == ENOSPC || errno == EDQUOT
            ? .outOfSpace(operation: operation, path: path)
            : .io(operation: operation, path: path, errno: errno)
    }
}
