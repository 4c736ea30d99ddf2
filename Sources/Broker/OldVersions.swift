// Who still speaks versions that Kafka 4 dropped (KIP-896): what somebody wants to know who runs old clients
// here, and thinks of a Kafka for them.
internal import Base
internal import Protocol

/// Counts requests in versions that Kafka 4 does not serve.
final class OldVersions: Sendable {
    /// What somebody asked in such a version.
    struct Use: Hashable, Sendable {
        let key: APIKey
        let version: Int16
        /// The software of who asked, if it told, which only clients do that know ApiVersions 3.
        let software: Session.Software?
    }

    private struct State {
        var counts: [Use: Int64] = [:]
        /// Requests of others, once there are too many to be told apart.
        var others: Int64 = 0
    }
    private let state = Lock(State())
    private let logger: Logger

    /// So many are told apart: any client can call itself what it likes.
    static let usesMax = 1000
    /// So much of a name counts.
    private static let nameBytesMax = 64

    /// Nobody has asked yet.
    init(_ logger: Logger) { self.logger = logger }

    /// Counts a request; the first of each kind has a line in the log.
    func note(_ request: RequestContext, _ key: APIKey) {
        let software = request.session.software?.shortened(to: Self.nameBytesMax)
        let use = Use(key: key, version: request.version, software: software)
        let isFirst = state.withLock { state in
            if let count = state.counts[use] {
                state.counts[use] = count + 1
                return false
            }
            guard state.counts.count < Self.usesMax else {
                state.others += 1
                return false
            }
            state.counts[use] = 1
            return true
        }
        guard isFirst else { return }
        logger.logLimited(
            .info, "old_version.used",
            [
                "api": key.name, "version": "\(use.version)", "kept_from": "\(key.keptFrom)",
                "software": software.map { "\($0.name) \($0.version)" } ?? "unknown",
                "client": request.description,
            ])
    }

    /// How often each was asked, in no order, and how often what is not told apart any more.
    var counts: (known: [Use: Int64], others: Int64) { state.withLock { ($0.counts, $0.others) } }
}

extension Session.Software {
    fileprivate func shortened(to bytesMax: Int) -> Session.Software {
        Session.Software(
            name: Name(String(decoding: name.utf8.prefix(bytesMax), as: UTF8.self)),
            version: Name(String(decoding: version.utf8.prefix(bytesMax), as: UTF8.self)))
    }
}
