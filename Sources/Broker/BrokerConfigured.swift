// What is configured while the broker runs takes effect here; what concerns topics the catalog does itself.
internal import Base
internal import Network
internal import Storage

extension Broker {
    /// Something is configured otherwise; called on the catalog's thread.
    func configured(_ news: ConfigurationNews) {
        groups.configured(news)
        transactions.configured(news)
        if case .accessRules(let changes) = news { standardAuthorizer?.change(changes) }
        guard case .broker(let configs) = news else { return }
        allowConnections(configs.settings)
        storage.update(CompactionSettings(configs.settings))
    }

    /// Has new connections admitted as `settings` say; waits for the resolver where hosts are named.
    func allowConnections(_ settings: BrokerSettings) {
        do throws(StartError) {
            let limits = ConnectionCounts.Limits(
                total: min(Int(settings.maxConnections), sockets.connectionsMax),
                perHost: Int(settings.maxConnectionsPerAddress),
                overrides: try settings.maxConnectionsPerAddressOverrides.resolved())
            sockets.counts.use(limits)
        } catch {
            logger.logLimited(.error, "broker_config.refused", ["error": "\(error)"])
        }
    }
}
