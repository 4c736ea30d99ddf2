// What can be configured about transactions, and what bounds them.

/// The settings of a transaction coordinator.
package struct TransactionSettings: Sendable {
    /// Longest time that a producer may ask for.
    package var timeoutMaxMilliseconds: Int32 = 900_000
    /// How long ids are kept that nobody uses any more.
    package var expirationMilliseconds: Int64 = 7 * 86_400_000
    /// What the cluster runs at.
    package var version = TransactionVersion.v2
    /// Largest record of one transaction; it must fit into a segment of the log.
    package var recordBytesMax = 16 << 20

    /// How long a request waits at most for the markers of a transaction that has ended.
    package static let holdMilliseconds: Int32 = 5_000
    /// Requests about one id that wait so.
    package static let heldMax = 100
    /// When a partition that took no marker is asked again: first so soon, and then later each time.
    package static let markerRetryMinMilliseconds: Int32 = 100
    package static let markerRetryMaxMilliseconds: Int32 = 10_000
    /// Ids that one decision forgets at most.
    package static let expiredMax = 1_000

    /// The defaults.
    package init() {}
}
