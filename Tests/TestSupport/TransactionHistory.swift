// What transactional clients did and saw, in the manner of Jepsen's list-append workload (Kingsbury and
// Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations", VLDB 2020): a partition is a
// list, a record appends a number to it, and no number is ever appended twice.

/// What happened in one run, as its clients tell it; `TransactionChecker` judges it.
package struct TransactionHistory: Sendable {
    /// What a consumer asks for.
    package enum Isolation: String, Sendable, CaseIterable {
        case committed = "read_committed"
        case uncommitted = "read_uncommitted"
    }

    /// How a client asked its transaction to end.
    package enum Ending: Sendable { case commit, abort }

    /// What it was told of that; unknown where it, or the broker, was gone before.
    package enum Outcome: Sendable { case committed, aborted, unknown }

    /// A place in a partition, such as `in-0` at 17.
    package struct Place: Hashable, Sendable, CustomStringConvertible {
        package let partition: String
        package let offset: Int64

        package init(_ partition: String, _ offset: Int64) {
            (self.partition, self.offset) = (partition, offset)
        }

        package var description: String { "\(partition)@\(offset)" }
    }

    /// One number sent to one partition; `input` is what it was made of, by a client that reads and writes.
    package struct Append: Sendable {
        package let partition: String
        package let value: Int64
        package var input: Place?

        package init(_ partition: String, _ value: Int64, input: Place? = nil) {
            (self.partition, self.value, self.input) = (partition, value, input)
        }
    }

    /// One transaction of one life of a client.
    package struct Transaction: Sendable {
        package let name: String
        package let producer: String
        /// In the order in which they were sent.
        package var appends: [Append] = []
        /// Where its group is to go on, by partition, if it is committed.
        package var inputs: [String: Int64] = [:]
        package var ending: Ending?
        /// When its end was asked for, on a clock that all clients share.
        package var endingAskedAt: Int64?
        package var outcome = Outcome.unknown

        package init(_ name: String, of producer: String) { (self.name, self.producer) = (name, producer) }

        /// Whether its client can have wanted it to be visible.
        package var mayBeCommitted: Bool { ending == .commit && outcome != .aborted }
    }

    /// A record as a reader got it.
    package struct Record: Hashable, Sendable {
        package let offset: Int64
        package let value: Int64

        package init(_ offset: Int64, _ value: Int64) { (self.offset, self.value) = (offset, value) }
    }

    /// What one reader, who began at 0 and follows, got at once from one partition.
    package struct Read: Sendable {
        package let reader: String
        package let isolation: Isolation
        package let partition: String
        package let at: Int64
        package let records: [Record]

        package init(
            _ reader: String, _ isolation: Isolation, _ partition: String, at: Int64, _ records: [Record]
        ) {
            (self.reader, self.isolation, self.partition) = (reader, isolation, partition)
            (self.at, self.records) = (at, records)
        }
    }

    /// All of a partition when everything was over.
    package struct Stock: Sendable {
        package var records: [Isolation: [Record]] = [:]
        /// The last stable offset and the end of the log.
        package var stable: Int64 = 0
        package var end: Int64 = 0

        package init() {}
    }

    /// In the order in which each producer began them.
    package var transactions: [Transaction] = []
    /// Where each value stands that the broker acknowledged.
    package var acknowledged: [Int64: Place] = [:]
    /// In the order in which each reader got them.
    package var reads: [Read] = []
    /// By partition.
    package var stock: [String: Stock] = [:]
    /// Where the group goes on, by partition of its input.
    package var groupOffsets: [String: Int64] = [:]
    /// What clients noticed themselves.
    package var complaints: [String] = []

    /// An empty history.
    package init() {}
}
