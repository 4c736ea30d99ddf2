// What must not be in a history of transactions.

/// Something that a broker of exactly-once semantics must never let happen.
package struct TransactionAnomaly: Sendable, Hashable, CustomStringConvertible {
    /// The kinds, of which each is a promise that was broken.
    package enum Kind: String, Sendable, CaseIterable {
        /// A record of a committed transaction is not there.
        case lost
        /// Some records of one transaction are visible, and others not.
        case torn
        /// A number stands at two places.
        case duplicated
        /// A number that nobody sent.
        case invented
        /// A producer's records stand in another order than it sent them.
        case reordered
        /// A reader of committed records got one of a transaction that was, or was to be, aborted.
        case abortedVisible
        /// A reader of committed records got one before its producer asked to commit.
        case early
        /// A reader came by a place, and saw nothing of the record that stands there.
        case skipped
        /// A reader got a place again, or an earlier one.
        case backwards
        /// One place had different numbers.
        case changed
        /// An acknowledged record is not where it was acknowledged.
        case acknowledgedLost
        /// The last stable offset stays behind although nothing is open.
        case hanging
        /// A group's offset is behind one that was committed in a transaction, or one that nobody committed.
        case wrongOffset
        /// An input counts as processed, and there is no output of it, or more than one.
        case notOnce
        /// There is output of an input that does not count as processed.
        case uncounted
        /// What a client noticed itself.
        case complaint
    }

    package let kind: Kind
    /// What it is about.
    package let subject: String

    package init(_ kind: Kind, _ subject: String) { (self.kind, self.subject) = (kind, subject) }

    package var description: String { "\(kind.rawValue): \(subject)" }
}
