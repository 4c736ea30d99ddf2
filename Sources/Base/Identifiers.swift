// The identifiers of a broker, each with its own type, so that a partition index can never be passed where an
// offset is meant. Wire messages carry plain integers; handlers convert at their edge.

/// The position of a record in its partition's log; the first record of a new log has offset 0.
public struct Offset: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let value: Int64

    /// The offset `value`.
    @inlinable public init(_ value: Int64) { self.value = value }
    @inlinable public static func < (left: Offset, right: Offset) -> Bool { left.value < right.value }
    @inlinable public static func - (left: Offset, right: Offset) -> Int64 { left.value - right.value }

    /// The offset `records` further on.
    @inlinable public func advanced(by records: Int64) -> Offset { Offset(value + records) }
    /// The offset that follows.
    @inlinable public var next: Offset { Offset(value + 1) }

    public static let zero = Offset(0)
}

/// Counts the leaders that a partition has had; it never goes down, not even over a restart (KIP-101).
public struct LeaderEpoch: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let value: Int32

    /// The epoch `value`.
    @inlinable public init(_ value: Int32) { self.value = value }
    @inlinable public static func < (left: LeaderEpoch, right: LeaderEpoch) -> Bool {
        left.value < right.value
    }

    public static let zero = LeaderEpoch(0)
}

/// The number of a partition within its topic, from 0.
public struct PartitionIndex: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let value: Int32

    /// The partition number `value`.
    @inlinable public init(_ value: Int32) { self.value = value }
    @inlinable public static func < (left: PartitionIndex, right: PartitionIndex) -> Bool {
        left.value < right.value
    }
}

/// A partition by the name of its topic.
public struct TopicPartition: Hashable, Sendable, CustomStringConvertible {
    public let topic: Name
    public let partition: PartitionIndex

    /// The partition `partition` of `topic`.
    public init(topic: Name, partition: PartitionIndex) {
        self.topic = topic
        self.partition = partition
    }

    /// `topic-partition`, which is also the name of its directory.
    public var description: String { "\(topic)-\(partition.value)" }
}

/// The identity that the broker gave to an idempotent or transactional producer (KIP-98); -1 on the wire
/// means none.
public struct ProducerID: Hashable, Sendable, BitwiseCopyable {
    public let value: Int64

    /// The id `value`.
    @inlinable public init(_ value: Int64) { self.value = value }

    public static let none = ProducerID(-1)
}

/// Milliseconds since 1970-01-01 UTC, the time of records and of their brokers.
public struct Timestamp: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let milliseconds: Int64

    /// The time `milliseconds` after 1970-01-01 UTC.
    @inlinable public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    @inlinable public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// What Kafka writes where a record carries no time.
    public static let none = Timestamp(milliseconds: -1)
}

extension Timestamp: CustomStringConvertible {
    /// `2026-01-31T12:00:00.123Z`: the proleptic Gregorian calendar in UTC.
    public var description: String {
        let (days, milliseconds) = milliseconds.quotientAndRemainderRoundedDown(by: 86_400_000)
        // Counted from 0000-03-01, so that the leap day is the last of its year; 146,097 days are 400 years.
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainderRoundedDown(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let seconds = milliseconds / 1000
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0.padded(to: 2) }.joined(
            separator: ":")
        let date = "\(year.padded(to: 4))-\(month.padded(to: 2))-\(day.padded(to: 2))"
        return "\(date)T\(time).\((milliseconds % 1000).padded(to: 3))Z"
    }
}

extension Int64 {
    fileprivate func quotientAndRemainderRoundedDown(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    fileprivate func padded(to width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
