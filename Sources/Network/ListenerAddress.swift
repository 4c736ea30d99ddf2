// Kafka's syntax for where a broker listens and what it tells its clients: NAME://HOST:PORT, separated by
// commas, with a map from names to security protocols. A plain HOST:PORT is a plaintext listener.

/// How bytes of a listener are protected and clients authenticated.
package enum SecurityProtocol: String, CaseIterable, Sendable {
    case plaintext = "PLAINTEXT"
    case ssl = "SSL"
    case saslPlaintext = "SASL_PLAINTEXT"
    case saslSSL = "SASL_SSL"

    /// Whether bytes are encrypted.
    package var usesTLS: Bool { self == .ssl || self == .saslSSL }
    /// Whether clients authenticate by SASL first.
    package var usesSASL: Bool { self == .saslPlaintext || self == .saslSSL }
}

/// One listener, or one address to advertise.
package struct ListenerAddress: Hashable, Sendable {
    /// The listener's name, in upper case.
    package var name: String
    /// Its security.
    package var security: SecurityProtocol
    /// A host name or numeric address, without brackets; empty means every address of the machine.
    package var host: String
    /// The port; 0 lets the system choose one.
    package var port: UInt16

    /// A listener from its parts.
    package init(
        name: String = "PLAINTEXT", security: SecurityProtocol = .plaintext, host: String, port: UInt16
    ) {
        self.name = name
        self.security = security
        self.host = host
        self.port = port
    }
}

extension ListenerAddress: CustomStringConvertible {
    /// As in the configuration.
    package var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "\(name)://[\(host)]:\(port)" : "\(name)://\(host):\(port)"
    }
}

/// What is wrong with a text that names listeners.
package enum ListenerSyntaxError: Error, Equatable {
    /// The list names no listener.
    case empty
    /// No port at the end of this text.
    case noPort(String)
    /// The port of this text is no number from 0 to 65535.
    case badPort(String)
    /// An IPv6 address without brackets, or brackets around something else.
    case badHost(String)
    /// Two listeners have this name.
    case duplicateName(String)
    /// Two listeners have this port.
    case duplicatePort(UInt16)
    /// The protocol map has no entry for this name.
    case unknownName(String)
    /// An entry of the protocol map is not NAME:PROTOCOL.
    case badMapEntry(String)
    /// Clients cannot connect to this advertised address.
    case notAdvertisable(String)
    /// An address is advertised for a listener that there is not.
    case advertisedWithoutListener(String)
}

extension ListenerSyntaxError: CustomStringConvertible {
    /// One sentence for whoever wrote the configuration.
    package var description: String {
        switch self {
        case .empty: "no listener is named"
        case .noPort(let text): "'\(text)' has no port; write HOST:PORT or NAME://HOST:PORT"
        case .badPort(let text): "the port of '\(text)' is not a number from 0 to 65535"
        case .badHost(let text):
            "the host of '\(text)' is not valid; IPv6 addresses stand in brackets, as in [::1]:9092"
        case .duplicateName(let name): "two listeners are named \(name)"
        case .duplicatePort(let port): "two listeners use port \(port)"
        case .unknownName(let name): "listener.security.protocol.map has no entry for \(name)"
        case .badMapEntry(let text):
            "'\(text)' is not NAME:PROTOCOL with one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"
        case .notAdvertisable(let text):
            "clients cannot connect to '\(text)': advertise a host and a port of this machine"
        case .advertisedWithoutListener(let name): "\(name) is advertised, but no listener has that name"
        }
    }
}

// MARK: - Parsing

extension ListenerAddress {
    /// Names of security protocols standing for themselves: the map where listener.security.protocol.map is
    /// not set.
    package static let standardProtocols = Dictionary(
        uniqueKeysWithValues: SecurityProtocol.allCases.map { ($0.rawValue, $0) })

    /// Parses `listeners`.
    ///
    /// Names and, except for 0 or one IPv4 and one IPv6 host, ports are unique.
    package static func parseList(
        _ text: String, protocols: [String: SecurityProtocol] = standardProtocols
    ) throws(ListenerSyntaxError) -> [ListenerAddress] {
        let listeners = try parseEntries(text, protocols)
        for (index, listener) in listeners.enumerated() {
            for other in listeners[..<index] where other.port == listener.port && listener.port != 0 {
                guard let host = SocketAddress.Host(listener.host),
                    let otherHost = SocketAddress.Host(other.host),
                    host.family != otherHost.family
                else { throw .duplicatePort(listener.port) }
            }
        }
        return listeners
    }

    /// Parses `advertised.listeners` for a broker with these `listeners`: every address one that clients can
    /// connect to.
    package static func parseAdvertised(
        _ text: String, for listeners: [ListenerAddress],
        protocols: [String: SecurityProtocol] = standardProtocols
    ) throws(ListenerSyntaxError) -> [ListenerAddress] {
        let advertised = try parseEntries(text, protocols)
        for address in advertised {
            let isWildcard = address.host.isEmpty || SocketAddress.Host(address.host)?.isWildcard == true
            if isWildcard { throw .notAdvertisable(address.description) }
            guard listeners.contains(where: { $0.name == address.name }) else {
                throw .advertisedWithoutListener(address.name)
            }
        }
        return advertised
    }

    /// Parses `listener.security.protocol.map`.
    package static func parseProtocols(
        _ text: String
    ) throws(ListenerSyntaxError) -> [String: SecurityProtocol] {
        var protocols: [String: SecurityProtocol] = [:]
        for entry in text.split(separator: ",").map(trimmed) where !entry.isEmpty {
            let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, !trimmed(parts[0]).isEmpty,
                let security = SecurityProtocol(rawValue: trimmed(parts[1]).uppercased())
            else { throw .badMapEntry(entry) }
            let name = trimmed(parts[0]).uppercased()
            guard protocols.updateValue(security, forKey: name) == nil else { throw .duplicateName(name) }
        }
        return protocols
    }

    private static func parseEntries(
        _ text: String, _ protocols: [String: SecurityProtocol]
    ) throws(ListenerSyntaxError) -> [ListenerAddress] {
        var listeners: [ListenerAddress] = []
        for entry in text.split(separator: ",").map(trimmed) where !entry.isEmpty {
            let listener = try parse(entry, protocols)
            if listeners.contains(where: { $0.name == listener.name }) { throw .duplicateName(listener.name) }
            listeners.append(listener)
        }
        guard !listeners.isEmpty else { throw .empty }
        return listeners
    }

    private static func parse(
        _ entry: String, _ protocols: [String: SecurityProtocol]
    ) throws(ListenerSyntaxError) -> ListenerAddress {
        var name = SecurityProtocol.plaintext.rawValue
        var rest = entry[...]
        if let colon = entry.firstIndex(of: ":"), entry[colon...].hasPrefix("://") {
            name = entry[..<colon].uppercased()
            rest = entry[colon...].dropFirst(3)
        }
        guard let security = protocols[name] else { throw .unknownName(name) }
        guard let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") else { throw .noPort(entry) }
        let digits = rest[rest.index(after: colon)...]
        guard !digits.isEmpty else { throw .noPort(entry) }
        guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = UInt16(digits) else {
            throw .badPort(entry)
        }
        return ListenerAddress(
            name: name, security: security, host: try host(rest[..<colon], of: entry), port: port)
    }

    private static func host(_ text: Substring, of entry: String) throws(ListenerSyntaxError) -> String {
        let isBracketed = text.hasPrefix("[")
        let host = isBracketed && text.hasSuffix("]") ? text.dropFirst().dropLast() : text
        let isIPv6 = host.contains(":")
        let isOdd = host.contains { "[]/ \t@?#\"\0".contains($0) }
        let isNumeric = SocketAddress.Host(String(host)) != nil
        if isOdd || isBracketed != isIPv6 || (isIPv6 && !isNumeric) { throw .badHost(entry) }
        return String(host)
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" || character.isNewline
        }
        let start = text.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(start[...last])
    }
}
