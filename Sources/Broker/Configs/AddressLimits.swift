// max.connections.per.ip.overrides: how many connections single hosts may have, by name or by address.
import Base
internal import Network

/// Limits of single hosts.
package struct AddressLimits: Sendable, CustomStringConvertible {
    /// A host name or a numeric address, and its limit; what comes later counts.
    package private(set) var entries: [(host: String, limit: Int)] = []

    /// No limits.
    package init() {}

    static let key: Name = "max.connections.per.ip.overrides"

    init(_ text: String) throws(ConfigError) {
        // Kafka passes over what is empty at the end, and there only.
        var elements = ConfigKind.split(text)[...]
        while elements.last?.isEmpty == true { elements.removeLast() }
        for element in elements {
            guard let colon = element.lastIndex(of: ":") else {
                throw Self.error(element, "it is no HOST:COUNT")
            }
            let host = String(element[..<colon]).trimmed
            guard let count = JavaNumber.integer(String(element[element.index(after: colon)...]).trimmed),
                let limit = Int32(exactly: count)
            else { throw Self.error(element, "its count is no number of type INT") }
            guard !host.isEmpty, host.unicodeScalars.allSatisfy({ Self.isHost($0) }) else {
                throw Self.error(element, "its host is none")
            }
            entries.append((host, Int(limit)))
        }
    }

    private static func isHost(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "-%._:".unicodeScalars.contains(scalar))
    }

    private static func error(_ element: String, _ problem: String) -> ConfigError {
        ConfigError(
            key: key,
            sentence:
                "Error parsing configuration property '\(key)': '\(element)' is not valid, as \(problem)")
    }

    /// The limits by address; waits for the resolver where hosts are named.
    func resolved() throws(StartError) -> [SocketAddress.Host: Int] {
        var limits: [SocketAddress.Host: Int] = [:]
        for (host, limit) in entries {
            do throws(NetworkError) {
                limits[try SocketAddress.resolve(host: host, port: 0).host] = limit
            } catch {
                throw StartError("\(Self.key) names a host without an address: \(error)")
            }
        }
        return limits
    }

    /// As in the configuration.
    package var description: String { entries.map { "\($0.host):\($0.limit)" }.joined(separator: ",") }
}
