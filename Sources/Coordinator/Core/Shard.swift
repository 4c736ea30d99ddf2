// What every coordinator is to its host: a value that turns events into decisions and is rebuilt from its
// own records. It does no I/O, has no clock and no threads; whole histories run in a test.

package import Base

/// A record of a coordinator's log, as bytes and back.
package protocol ShardRecord: Sendable {
    /// Reads a record; nil if its kind is one that this coordinator leaves to others.
    init?(key: [UInt8], value: [UInt8]?) throws(ShardRecordError)
    /// The key and value as they stand in the log.
    func encoded() throws(ShardRecordError) -> (key: [UInt8], value: [UInt8]?)
}

/// An answer whose size is told before it is put into words.
package protocol CountedReply: Sendable {
    /// About how many parts the answer has when it is put into words.
    var partCount: Int { get }
}

/// A record that cannot be read or written.
package struct ShardRecordError: Error, Sendable, CustomStringConvertible {
    /// What is wrong with it.
    package let description: String

    /// An error that says what is wrong.
    package init(_ description: String) { self.description = description }
}

/// One shard of a coordinator: all groups, or transactions, of one partition of its log.
///
/// `apply` is the only function that changes what survives a restart. Live, `handle` calls it for every
/// record that it decides on; at start the loader calls it for every record of the log, and `loaded` at the
/// end.
package protocol Shard: Sendable {
    /// What happens to it, deadlines aside.
    associatedtype Event: Sendable
    /// What it writes down.
    associatedtype Record: ShardRecord
    /// What it answers.
    associatedtype Reply: Sendable
    /// What it has its host do elsewhere.
    associatedtype Order: Sendable = Never

    /// Decides what follows from `event`.
    mutating func handle(_ event: Event, at now: Moment) -> Decision<Record, Reply, Event, Order>
    /// Changes the persistent state to what `record` says.
    mutating func apply(_ record: Record)
    /// Notes a record that counts once the transaction of `producer` commits.
    mutating func apply(_ record: Record, ofTransactionOf producer: ProducerID)
    /// A transaction is over: what was noted of it counts now, or never will.
    mutating func transactionEnded(of producer: ProducerID, isCommit: Bool)
    /// Begins to live with the state that was replayed: sets deadlines, completes what was left half done.
    mutating func loaded(at now: Moment) -> Decision<Record, Reply, Event, Order>
    /// Does what is due at `now`.
    mutating func deadlinesReached(at now: Moment) -> Decision<Record, Reply, Event, Order>
    /// When `deadlinesReached` wants to be called next, on the monotonic clock; nil if never.
    var nextDeadline: Int64? { get }
}

// Most coordinators take no part in transactions: their logs have no such records.
extension Shard {
    /// Nothing is noted.
    package mutating func apply(_ record: Record, ofTransactionOf producer: ProducerID) {}
    /// Nothing was noted.
    package mutating func transactionEnded(of producer: ProducerID, isCommit: Bool) {}
}
