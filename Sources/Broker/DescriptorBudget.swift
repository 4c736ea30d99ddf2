// How the descriptors that the system grants this process are shared out between files and connections.

/// The shares of a limit on open descriptors.
package struct DescriptorBudget: Equatable, Sendable {
    /// What the broker takes beside both: event loops, listeners, locks, directories that are being synced.
    package static let otherMax = 64

    /// Connections beyond it are refused.
    package let connections: Int
    /// Files beyond it are closed until they are needed again.
    package let files: Int

    /// The shares of `limit` descriptors where `connections` are allowed by the configuration: half of them
    /// for connections, or less if that suffices.
    package init(limit: Int, connections: Int) {
        let shared = max(2, limit - Self.otherMax)
        self.connections = min(connections, shared / 2)
        files = shared - self.connections
    }
}
