import Base
import Network
import Testing

@testable import Broker

@Suite("advertised addresses")
struct AdvertisedAddressTests {
    private func address(_ host: String, _ port: UInt16 = 9092) throws -> SocketAddress {
        SocketAddress(host: try #require(SocketAddress.Host(host)), port: port)
    }

    @Test(
        "a client is told an address that leads back to the listener it came by",
        arguments: [
            // The listener's host, the address that the client used, and what it is told.
            ("", "127.0.0.1", "localhost"), ("", "::1", "localhost"), ("127.0.0.1", "127.0.0.1", "localhost"),
            ("localhost", "127.0.0.1", "localhost"), ("0.0.0.0", "127.0.0.1", "localhost"),
            ("::1", "::1", "::1"), ("::", "::1", "localhost"), ("localhost", "::1", "::1"),
            ("", "::ffff:127.0.0.1", "localhost"), ("", "192.168.1.7", "192.168.1.7"),
            ("::", "fd00::7", "fd00::7"),
        ])
    func advertised(_ host: String, _ local: String, _ told: String) throws {
        let listener = ListenerAddress(name: "A", host: host, port: 9092)
        let addresses = AdvertisedAddresses([], listeners: [listener], logger: Logger { _ in })
        let used = try address(local)
        let answer = addresses.address(listener: "A", local: used, peer: try address(local, 40_000))
        #expect(answer.host == told)
        #expect(answer.port == 9092)
    }

    @Test(
        "an address without a host is the one that the client used, and port 0 the one it came by",
        arguments: [("", 19092, "localhost", 19092), ("", 0, "localhost", 9092), ("kafka", 0, "kafka", 9092)])
    func incomplete(_ host: String, _ port: UInt16, _ told: String, _ toldPort: Int32) throws {
        let listener = ListenerAddress(name: "A", host: "", port: 9092)
        let configured = ListenerAddress(name: "A", host: host, port: port)
        let addresses = AdvertisedAddresses([configured], listeners: [listener], logger: Logger { _ in })
        let local = try address("127.0.0.1")
        let answer = addresses.address(listener: "A", local: local, peer: local)
        #expect(answer.host == told && answer.port == toldPort)
    }

    @Test("what is configured wins, for its own listener only")
    func configured() throws {
        let listeners = ["A", "B"].map { ListenerAddress(name: $0, host: "", port: 9092) }
        let configured = ListenerAddress(name: "A", host: "kafka.example", port: 19092)
        let addresses = AdvertisedAddresses([configured], listeners: listeners, logger: Logger { _ in })
        let local = try address("::1")
        let first = addresses.address(listener: "A", local: local, peer: local)
        let second = addresses.address(listener: "B", local: local, peer: local)
        #expect(first.host == "kafka.example" && first.port == 19092)
        #expect(second.host == "localhost" && second.port == 9092)
    }
}
