// Who is connected, for the limits on connections. All listeners share them.
internal import Base
import Synchronization

/// Counts connections over all and by address.
package final class ConnectionCounts: Sendable {
    /// Why a connection was not admitted.
    package enum Refusal: Error, Equatable {
        /// max.connections is reached.
        case tooMany(Int)
        /// max.connections.per.ip, or its override for this address, is reached.
        case tooManyFromHost(Int)
    }

    /// How many connections there may be.
    package struct Limits: Sendable {
        /// Over all (max.connections).
        package var total: Int
        /// From one address (max.connections.per.ip).
        package var perHost: Int
        /// Exceptions from that (max.connections.per.ip.overrides).
        package var overrides: [SocketAddress.Host: Int]

        /// Limits of these numbers.
        package init(total: Int, perHost: Int, overrides: [SocketAddress.Host: Int]) {
            self.total = total
            self.perHost = perHost
            self.overrides = overrides
        }
    }

    private struct State {
        var limits: Limits
        var total = 0
        var byHost: [SocketAddress.Host: Int] = [:]
    }

    private let state: Lock<State>
    private let nextID = Atomic<UInt64>(1)

    /// Counts of no connections.
    package init(limits: NetworkLimits) {
        let limits = Limits(
            total: limits.maxConnections, perHost: limits.maxConnectionsPerIP,
            overrides: limits.maxConnectionsPerIPOverrides)
        state = Lock(State(limits: limits))
    }

    /// Admits new connections by other limits; those that there are stay.
    package func use(_ limits: Limits) { state.withLock { $0.limits = limits } }

    /// Connections now.
    package var total: Int { state.withLock { $0.total } }

    /// Counts a connection from `host` in, or says which limit forbids it.
    func admit(_ host: SocketAddress.Host) throws(Refusal) {
        try state.withLock { state throws(Refusal) in
            let limits = state.limits
            let perHost = limits.overrides[host] ?? limits.perHost
            guard state.total < limits.total else { throw .tooMany(limits.total) }
            let fromHost = state.byHost[host, default: 0]
            guard fromHost < perHost else { throw .tooManyFromHost(perHost) }
            state.total += 1
            state.byHost[host] = fromHost + 1
        }
    }

    /// Counts a connection out.
    func leave(_ host: SocketAddress.Host) {
        state.withLock { state in
            state.total -= 1
            guard let fromHost = state.byHost[host] else { return }
            state.byHost[host] = fromHost > 1 ? fromHost - 1 : nil
        }
    }

    /// A number that no other connection of this process has.
    func newID() -> UInt64 { nextID.wrappingAdd(1, ordering: .relaxed).oldValue }
}

extension ConnectionCounts.Refusal: CustomStringConvertible {
    /// For the log.
    package var description: String {
        switch self {
        case .tooMany(let limit): "max.connections=\(limit) is reached"
        case .tooManyFromHost(let limit): "max.connections.per.ip=\(limit) is reached"
        }
    }
}
