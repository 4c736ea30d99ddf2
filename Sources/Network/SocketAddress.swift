// An internet address with its port, as a value. An IPv4 peer of a dual-stack socket arrives as
// ::ffff:a.b.c.d and is kept as the IPv4 address that it is, so that limits per address and log lines know
// one name for one machine.
internal import CSystem

/// An IPv4 or IPv6 address and a port.
package struct SocketAddress: Hashable, Sendable {
    /// The address without the port: what limits per address count by.
    package struct Host: Hashable, Sendable {
        let family: UInt16
        let high: UInt64
        let low: UInt64
        let scope: UInt32

        /// A numeric IPv4 or IPv6 address (without brackets), or nil when `text` is none.
        package init?(_ text: String) {
            guard !text.utf8.contains(0) else { return nil }
            var flat = apus_address()
            guard unsafe apus_address_parse(text, &flat) == 1 else { return nil }
            self.init(flat)
        }

        init(_ flat: apus_address) {
            let isMapped = flat.family == 6 && flat.high == 0 && flat.low >> 32 == 0xffff
            family = isMapped ? 4 : flat.family
            high = flat.high
            low = isMapped ? flat.low & 0xffff_ffff : flat.low
            scope = isMapped ? 0 : flat.scope
        }

        /// Every address of this machine: `::`.
        static let anyIPv6 = Host(apus_address(high: 0, low: 0, scope: 0, port: 0, family: 6))
        /// Every IPv4 address of this machine: `0.0.0.0`.
        static let anyIPv4 = Host(apus_address(high: 0, low: 0, scope: 0, port: 0, family: 4))
    }

    /// The address without the port.
    package let host: Host
    /// The port, in host order.
    package let port: UInt16

    /// An address from its parts.
    package init(host: Host, port: UInt16) {
        self.host = host
        self.port = port
    }

    init(_ flat: apus_address) {
        self.init(host: Host(flat), port: flat.port)
    }

    /// Whether packets to this address never leave the machine.
    package var isLoopback: Bool { host.isLoopback }
    /// Whether this stands for every address (0.0.0.0 or ::), which no peer can connect to.
    package var isWildcard: Bool { host.isWildcard }
    /// Whether this is an IPv6 address.
    package var isIPv6: Bool { host.family == 6 }

    var flat: apus_address {
        apus_address(high: host.high, low: host.low, scope: host.scope, port: port, family: host.family)
    }
}

extension SocketAddress.Host: CustomStringConvertible {
    /// 127.0.0.0/8 and ::1.
    package var isLoopback: Bool { family == 4 ? low >> 24 == 127 : high == 0 && low == 1 }
    /// 0.0.0.0 and ::.
    package var isWildcard: Bool { high == 0 && low == 0 }

    /// The address in its usual text form; IPv6 as RFC 5952 wants it.
    package var description: String {
        if family == 4 {
            return [24, 16, 8, 0].map { String(low >> UInt64($0) & 0xff) }.joined(separator: ".")
        }
        let groups = groups
        guard let zeros = Self.longestZeroRun(in: groups) else { return Self.text(groups[...]) }
        return Self.text(groups[..<zeros.lowerBound]) + "::" + Self.text(groups[zeros.upperBound...])
    }

    /// The address as Java writes it (`InetAddress.getHostAddress`), and with it Kafka's access rules: all
    /// groups of IPv6, and the scope by its number.
    package var longText: String {
        guard family == 6 else { return description }
        return Self.text(groups[...]) + (scope == 0 ? "" : "%\(scope)")
    }

    /// The eight groups of an IPv6 address.
    private var groups: [UInt64] {
        (0..<8).map { (index: Int) -> UInt64 in
            let half = index < 4 ? high : low
            return half >> UInt64(48 - 16 * (index % 4)) & 0xffff
        }
    }

    private static func text(_ groups: ArraySlice<UInt64>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    /// The first of the longest runs of at least two zero groups.
    private static func longestZeroRun(in groups: [UInt64]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        for index in 0...groups.count {
            if index < groups.count, groups[index] == 0 { continue }
            if index - start >= 2, index - start > (best?.count ?? 0) { best = start..<index }
            start = index + 1
        }
        return best
    }
}

extension SocketAddress: CustomStringConvertible {
    /// `127.0.0.1:9092` or `[::1]:9092`.
    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension SocketAddress {
    /// Resolves a name or a numeric address, IPv4 first, as most clients expect of `localhost`.
    ///
    /// Waits for the resolver: for start-up, not for an event loop.
    package static func resolve(host: String, port: UInt16) throws(NetworkError) -> SocketAddress {
        if let host = Host(host) { return SocketAddress(host: host, port: port) }
        guard !host.utf8.contains(0) else { throw .unknownHost(host, "a name holds no zero byte") }
        var found = [apus_address](repeating: apus_address(), count: 16)
        let count = unsafe found.withUnsafeMutableBufferPointer {
            unsafe apus_resolve(host, port, $0.baseAddress, Int32($0.count))
        }
        guard count > 0 else {
            throw .unknownHost(
                host, count == 0 ? "no address" : unsafe String(cString: apus_resolve_message(count)))
        }
        let addresses = found.prefix(Int(count)).map { SocketAddress($0) }
        guard let address = addresses.first(where: { !$0.isIPv6 }) ?? addresses.first else {
            throw .unknownHost(host, "no address")
        }
        return address
    }
}
