// Who is connected, for the limits on connections. One census serves all listeners.
internal import Base
import Synchronization

/// Counts connections over all and by address.
package final class ConnectionCensus: Sendable {
    /// Why a connection was not admitted.
    package enum Refusal: Error, Equatable {
        /// max.connections is reached.
        case tooMany(Int)
        /// max.connections.per.ip, or its override for this address, is reached.
        case tooManyFromHost(Int)
    }

    private struct State {
        var total = 0
        var byHost: [SocketAddress.Host: Int] = [:]
    }

    private let limits: NetworkLimits
    private let state = Lock(State())
    private let nextID = Atomic<UInt64>(1)

    /// An empty census.
    package init(limits: NetworkLimits) {
        self.limits = limits
    }

    /// Connections now.
    package var total: Int { state.withLock { $0.total } }

    /// Counts a connection from `host` in, or says which limit forbids it.
    func admit(_ host: SocketAddress.Host) throws(Refusal) {
        let perHost = limits.maxConnectionsPerIPOverrides[host] ?? limits.maxConnectionsPerIP
        try state.withLock { state throws(Refusal) in
            guard state.total < limits.maxConnections else { throw .tooMany(limits.maxConnections) }
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

extension ConnectionCensus.Refusal: CustomStringConvertible {
    /// For the log.
    package var description: String {
        switch self {
        case .tooMany(let limit): "max.connections=\(limit) is reached"
        case .tooManyFromHost(let limit): "max.connections.per.ip=\(limit) is reached"
        }
    }
}
