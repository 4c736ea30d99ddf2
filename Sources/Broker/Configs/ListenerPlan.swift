// Where the broker listens and what it tells its clients, from the keys that say so together: listeners,
// advertised.listeners, listener.security.protocol.map and controller.listener.names. Kafka's own files list
// the controller's listener among the others; here there is no such port.
import Base
internal import Network

/// The listeners of one broker.
struct ListenerPlan {
    /// What is bound to.
    let listeners: [ListenerAddress]
    /// What is advertised for some of them, or all.
    let advertised: [ListenerAddress]

    /// Reads the keys.
    ///
    /// - Throws: also if a listener asks for protection, as it would serve everybody without.
    init(_ settings: BrokerSettings) throws(ConfigError) {
        let controllers = Set(settings.controllerListenerNames.map { Name($0.uppercased()) })
        let protocols = try Self.protocols(settings, controllers)
        let named: [ListenerAddress]
        do throws(ListenerSyntaxError) {
            named = try ListenerAddress.parseList(
                settings.listeners.joined(separator: ","), protocols: protocols)
        } catch {
            throw ConfigError(key: "listeners", sentence: "listeners are not valid: \(error)")
        }
        listeners = named.filter { !controllers.contains($0.name) }
        advertised = try Self.advertised(settings, named, protocols).filter { !controllers.contains($0.name) }
        guard !listeners.isEmpty, settings.advertisedListeners.isEmpty || !advertised.isEmpty else {
            throw ConfigError(
                key: "listeners",
                sentence: "There must be at least one broker advertised listener. Perhaps all listeners "
                    + "appear in controller.listener.names?")
        }
        try checkInterBroker(settings, protocols)
        try requirePlaintext(settings)
    }

    private static func protocols(
        _ settings: BrokerSettings, _ controllers: Set<Name>
    ) throws(ConfigError) -> [Name: SecurityProtocol] {
        guard let map = settings.listenerProtocolMap else {
            return ListenerAddress.standardProtocols.merging(
                controllers.map { ($0, .plaintext) }, uniquingKeysWith: { first, _ in first })
        }
        do throws(ListenerSyntaxError) { return try ListenerAddress.parseProtocols(map) } catch {
            throw ConfigError(key: "listener.security.protocol.map", sentence: "\(error)")
        }
    }

    private static func advertised(
        _ settings: BrokerSettings, _ listeners: [ListenerAddress], _ protocols: [Name: SecurityProtocol]
    ) throws(ConfigError) -> [ListenerAddress] {
        guard !settings.advertisedListeners.isEmpty else { return [] }
        do throws(ListenerSyntaxError) {
            return try ListenerAddress.parseAdvertised(
                settings.advertisedListeners.joined(separator: ","), for: listeners, protocols: protocols)
        } catch {
            throw ConfigError(
                key: "advertised.listeners", sentence: "advertised.listeners are not valid: \(error)")
        }
    }

    /// One node talks to no other, but a name without a listener is a typing error.
    private func checkInterBroker(
        _ settings: BrokerSettings, _ protocols: [Name: SecurityProtocol]
    ) throws(ConfigError) {
        let key: Name = "inter.broker.listener.name"
        if let name = settings.interBrokerListener, protocols[Name(name.uppercased())] == nil {
            throw ConfigError(
                key: key,
                sentence: "Listener with name \(name.uppercased()) defined in \(key) not found in "
                    + "listener.security.protocol.map.")
        }
        guard let name = settings.interBrokerListener ?? settings.interBrokerProtocol else { return }
        let names = (advertised.isEmpty ? listeners : advertised).map(\.name)
        guard names.contains(Name(name.uppercased())) else {
            throw ConfigError(
                key: key,
                sentence: "\(key) must be a listener name defined in advertised.listeners. The valid options "
                    + "based on currently configured listeners are \(names.joined(separator: ","))")
        }
    }

    private func requirePlaintext(_ settings: BrokerSettings) throws(ConfigError) {
        guard let listener = listeners.first(where: { $0.security != .plaintext }) else { return }
        let security = listener.security.rawValue
        let lack =
            listener.security.usesSASL
            ? "clients are not authenticated yet, and everybody would be served"
            : "connections are not encrypted yet"
        throw ConfigError(
            key: settings.listenerProtocolMap == nil ? "listeners" : "listener.security.protocol.map",
            sentence:
                "listeners names \(listener), which is \(security) by listener.security.protocol.map and "
                + "asks for protection that this broker does not have: \(lack); map it to PLAINTEXT to do "
                + "without it")
    }
}
