// What the broker promises about a partition: the checker's own picture of what must, and what may, be in it.
import Base
import LocalStorage
import Records
import Storage

/// A record of a log whose records have keys.
struct WrittenRecord: Equatable, Sendable {
    var offset: Int64
    var key: String
    /// Nil for a tombstone.
    var value: [UInt8]?
    var timestamp: Int64
}

/// A batch as it was written.
struct WrittenBatch: Equatable, Sendable {
    var bytes: [UInt8]
    var base: Offset
    var next: Offset
    var producer: Int64
    var timestamp: Int64
    /// Its records, where they have keys.
    var records: [WrittenRecord] = []
}

/// What happens to old records of a log.
enum Policy: Int, CaseIterable, Sendable {
    case delete, keep, compact, compactAndDelete

    var compacts: Bool { self == .compact || self == .compactAndDelete }
    var deletes: Bool { self == .delete || self == .compactAndDelete }
}

/// What is known of one log.
struct LogPromise: Sendable {
    var id: TopicID
    var policy: Policy
    /// Whether its creation failed half-way: until something is in it, it may also be gone.
    var isUnsure = false
    /// Whether its deletion was decided and failed half-way: a broker deletes at its next start what is left,
    /// without a look into it.
    var isBeingDeleted = false
    /// Everything that may be in the log, in order: what is there is a beginning of it, less what retention
    /// and compaction took.
    var written: [WrittenBatch] = []
    /// Whoever was told so, or could read it, must find everything below again.
    var durableEnd = Offset.zero
    var epoch: Int32 = 0
    /// The log was seen to start here, or was told to: it does not start before any more.
    var startMin = Offset.zero
    /// Nobody asked for more than what lies before to be deleted.
    var startMax = Offset.zero
    /// From here on nothing was compacted.
    var compactedMax = Offset.zero

    init(id: TopicID, policy: Policy) {
        self.id = id
        self.policy = policy
    }

    var end: Offset { written.last?.next ?? .zero }

    /// Forgets what lies from `offset` on.
    mutating func cut(to offset: Offset) { written.removeAll { $0.next > offset } }

    /// The sequence number that a producer's next batch has.
    func nextSequence(of producer: Int64) -> Int32 {
        written.reduce(0) { $1.producer == producer ? $0 + Int32($1.next - $1.base) : $0 }
    }

    /// Retention is about to look: notes how much of the log it may delete at `now`.
    ///
    /// Only segments all of whose records are older than `ageMax`, or without which `bytesMax` are left.
    mutating func mayExpire(at now: Int64, ageMax: Int64, bytesMax: Int64?, below limit: Offset) {
        guard policy.deletes else { return }
        // Of what was compacted a young batch may be gone, and only older ones left.
        let young = written.first {
            $0.next > startMin && $0.base >= compactedMax && $0.timestamp + ageMax >= now
        }
        var most = min(young?.base ?? limit, limit)
        if let bytesMax {
            var left: Int64 = 0
            for batch in written.reversed() {
                left += Int64(batch.bytes.count)
                if left >= bytesMax {
                    most = max(most, min(batch.base, limit))
                    break
                }
            }
        }
        startMax = max(startMax, most)
    }
}

/// A topic name of the history, and what may lie under it.
struct Slot: Sendable {
    let partition: TopicPartition
    let policy: Policy
    /// Mostly one; two where a crash interrupted a creation or deletion.
    ///
    /// Nil means that there is no such log.
    var alternatives: [LogPromise?] = [nil]
    /// What the medium did to its files.
    var rot: Rot?

    init(_ number: Int, _ policy: Policy) {
        partition = TopicPartition(topic: "t\(number)", partition: PartitionIndex(0))
        self.policy = policy
    }

    var promise: LogPromise? {
        get { alternatives[0] }
        set { alternatives = [newValue] }
    }
}

/// A promise that was broken.
struct Violation: Error, CustomStringConvertible {
    let description: String
}
