// What clients are told to connect to. Clients leave the address they began with at once for the advertised
// one, so a wrong one is the classic way to get stuck; unless configured it is `localhost` for clients on
// this machine, and for others the address under which they have reached us. On many machines, containers
// above all, `localhost` is 127.0.0.1 only: a listener that is not there advertises ::1 itself to clients
// that came by it.
internal import Base
internal import Network
internal import Synchronization

/// The advertised address of each listener.
struct AdvertisedAddresses: Sendable {
    private let byListener: [Name: ListenerAddress]
    /// Listeners on every address, which clients reach whatever `localhost` means to them.
    private let everywhere: Set<Name>
    private let logger: Logger
    private let hint = HintOnce()

    /// Addresses from `advertised.listeners`; listeners that it does not name, or without a host, advertise
    /// what their clients used.
    init(_ configured: [ListenerAddress], listeners: [ListenerAddress], logger: Logger) {
        everywhere = Set(listeners.lazy.filter(\.isEverywhere).map(\.name))
        byListener = Dictionary(configured.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        self.logger = logger
    }

    /// The address for a client that is connected from `peer` to `local` through the listener called `name`.
    func address(listener name: Name, local: SocketAddress, peer: SocketAddress) -> (
        host: String, port: Int32
    ) {
        let configured = byListener[name]
        // Port 0 was chosen by the system, and is the one that the client came by.
        let port = configured.map(\.port).flatMap { $0 == 0 ? nil : Int32($0) } ?? Int32(local.port)
        if let host = configured?.host, !host.isEmpty { return (host, port) }
        if peer.isLoopback {
            let isReachedByName = !local.isIPv6 || everywhere.contains(name)
            return (isReachedByName ? "localhost" : "\(local.host)", port)
        }
        if hint.isFirst {
            logger.log(
                .info, "listener.advertised",
                [
                    "client": "\(peer)", "advertised": "\(local)",
                    "hint":
                        "set advertised.listeners if clients cannot reach this address (container ports)",
                ])
        }
        return ("\(local.host)", port)
    }
}

/// True once.
private final class HintOnce: Sendable {
    private let given = Atomic(false)
    var isFirst: Bool { !given.exchange(true, ordering: .relaxed) }
}
