// Kafka's syntax for where a broker listens and what it tells its clients: NAME://HOST:PORT, separated by
// commas, with a map from names to security protocols.
package import Base

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
    package var name: Name
    /// Its security.
    package var security: SecurityProtocol
    /// A host name or numeric address, without brackets; empty means every address of the machine.
    package var host: String
    /// The port; 0 lets the system choose one, or is the one that was chosen where it is advertised.
    package var port: UInt16

    /// A listener from its parts.
    package init(
        name: Name = "PLAINTEXT", security: SecurityProtocol = .plaintext, host: String, port: UInt16
    ) {
        self.name = name
        self.security = security
        self.host = host
        self.port = port
    }
}

extension ListenerAddress {
    /// Whether the host stands for every address of the machine.
    package var isEverywhere: Bool { host.isEmpty || SocketAddress.Host(host)?.isWildcard == true }
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
    /// No name with `://` behind it at the beginning of this text.
    case noName(String)
    /// No port at the end of this text.
    case noPort(String)
    /// The port of this text is no number from 0 to 65535.
    case badPort(String)
    /// The host of this text is none.
    case badHost(String)
    /// Two listeners have this name.
    case duplicateName(Name)
    /// Two listeners have this port.
    case duplicatePort(UInt16)
    /// The protocol map has no entry for this name.
    case unknownName(Name)
    /// An entry of the protocol map is not NAME:PROTOCOL.
    case badMapEntry(String)
    /// Clients cannot connect to this advertised address.
    case notAdvertisable(String)
    /// An address is advertised for a listener that there is not.
    case advertisedWithoutListener(Name)
}

extension ListenerSyntaxError: CustomStringConvertible {
    /// One sentence for whoever wrote the configuration.
    package var description: String {
        switch self {
        case .empty: "no listener is named"
        case .noName(let text): "'\(text)' names no listener; write NAME://HOST:PORT"
        case .noPort(let text): "'\(text)' has no port; write NAME://HOST:PORT"
        case .badPort(let text): "the port of '\(text)' is not a number from 0 to 65535"
        case .badHost(let text):
            "the host of '\(text)' is neither a name nor an address"
        case .duplicateName(let name): "two listeners are named \(name)"
        case .duplicatePort(let port): "two listeners use port \(port)"
        case .unknownName(let name): "listener.security.protocol.map has no entry for \(name)"
        case .badMapEntry(let text):
            "'\(text)' in listener.security.protocol.map is not NAME:PROTOCOL with one of PLAINTEXT, SSL, "
                + "SASL_PLAINTEXT, SASL_SSL"
        case .notAdvertisable(let text):
            "clients cannot connect to '\(text)': advertise a host of this machine, or none"
        case .advertisedWithoutListener(let name): "\(name) is advertised, but no listener has that name"
        }
    }
}

// MARK: - Parsing

extension ListenerAddress {
    /// Names of security protocols standing for themselves: the map where listener.security.protocol.map is
    /// not set.
    package static let standardProtocols = Dictionary(
        uniqueKeysWithValues: SecurityProtocol.allCases.map { (Name($0.rawValue), $0) })

    /// Parses `listeners`.
    ///
    /// Names and, except for 0 or one IPv4 and one IPv6 host, ports are unique.
    package static func parseList(
        _ text: String, protocols: [Name: SecurityProtocol] = standardProtocols
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

    /// Parses `advertised.listeners` for a broker with these `listeners`.
    ///
    /// An address without a host, or `::` for it, is the one that a client has reached the broker by.
    package static func parseAdvertised(
        _ text: String, for listeners: [ListenerAddress],
        protocols: [Name: SecurityProtocol] = standardProtocols
    ) throws(ListenerSyntaxError) -> [ListenerAddress] {
        var advertised = try parseEntries(text, protocols)
        for (index, address) in advertised.enumerated() {
            if let host = SocketAddress.Host(address.host), host.isWildcard {
                if host == .anyIPv4 { throw .notAdvertisable(address.description) }
                advertised[index].host = ""
            }
            guard listeners.contains(where: { $0.name == address.name }) else {
                throw .advertisedWithoutListener(address.name)
            }
        }
        return advertised
    }

    /// Parses `listener.security.protocol.map`.
    package static func parseProtocols(
        _ text: String
    ) throws(ListenerSyntaxError) -> [Name: SecurityProtocol] {
        var protocols: [Name: SecurityProtocol] = [:]
        var spellings: [Name: Name] = [:]
        var entries = text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)[...]
        while entries.last?.isEmpty == true { entries.removeLast() }
        for entry in entries {
            guard let colon = entry.lastIndex(of: ":"), !trimmed(entry[..<colon]).isEmpty,
                let security = SecurityProtocol(
                    rawValue: trimmed(entry[entry.index(after: colon)...]).uppercased())
            else { throw .badMapEntry(entry) }
            // Of two entries with one spelling the later counts; two spellings of one name are a mistake.
            let spelling = Name(trimmed(entry[..<colon]))
            let name = Name(spelling.text.uppercased())
            guard spellings.updateValue(spelling, forKey: name) ?? spelling == spelling else {
                throw .duplicateName(name)
            }
            protocols[name] = security
        }
        return protocols
    }

    private static func parseEntries(
        _ text: String, _ protocols: [Name: SecurityProtocol]
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
        _ entry: String, _ protocols: [Name: SecurityProtocol]
    ) throws(ListenerSyntaxError) -> ListenerAddress {
        guard let (name, rest) = nameAndRest(entry) else { throw .noName(entry) }
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

    private static func nameAndRest(_ entry: String) -> (name: Name, rest: Substring)? {
        guard let colon = entry.firstIndex(of: ":"), colon > entry.startIndex,
            entry[colon...].hasPrefix("://")
        else { return nil }
        return (Name(entry[..<colon].uppercased()), entry[colon...].dropFirst(3))
    }

    /// Brackets are for readers: an address of IPv6 is known by its colons.
    private static func host(_ text: Substring, of entry: String) throws(ListenerSyntaxError) -> String {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]") && text.utf8.count > 1
        let host = isBracketed ? text.dropFirst().dropLast() : text
        let isPlain = host.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0))
                || "-%._:".unicodeScalars.contains($0)
        }
        // Whether the machine has the interface of a zone turns out when it is bound to.
        let number = host.prefix { $0 != "%" }
        guard isPlain, !host.contains(":") || SocketAddress.Host(String(number)) != nil else {
            throw .badHost(entry)
        }
        return String(host)
    }

    /// The same entries without their hosts: every address of the machine.
    package static func onEveryAddress(_ entries: [String]) -> [String] {
        entries.map { entry in
            guard let (name, rest) = nameAndRest(entry), let colon = rest.lastIndex(of: ":") else {
                return entry
            }
            return "\(name)://\(rest[colon...])"
        }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" || character.isNewline
        }
        let start = text.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(start[...last])
    }
}
