import Base
import Network
import TestSupport
import Testing

@Test(
    "a list of listeners parses as Kafka parses it",
    arguments: [
        ("PLAINTEXT://0.0.0.0:9092", ["PLAINTEXT://0.0.0.0:9092"]),
        ("PLAINTEXT://:9092", ["PLAINTEXT://:9092"]),
        ("PLAINTEXT://localhost:0", ["PLAINTEXT://localhost:0"]),
        ("PLAINTEXT://[::1]:9092", ["PLAINTEXT://[::1]:9092"]),
        ("PLAINTEXT://::1:9092", ["PLAINTEXT://[::1]:9092"]),
        ("PLAINTEXT://[fe80::1%eth0]:9092", ["PLAINTEXT://[fe80::1%eth0]:9092"]),
        ("PLAINTEXT://fe80::1%2:9092", ["PLAINTEXT://[fe80::1%2]:9092"]),
        ("PLAINTEXT://[h]:9092", ["PLAINTEXT://h:9092"]),
        ("PLAINTEXT://[]:9092", ["PLAINTEXT://:9092"]),
        (
            " plaintext://a.b-c_d:1 , SSL://[2001:db8::7]:65535,",
            ["PLAINTEXT://a.b-c_d:1", "SSL://[2001:db8::7]:65535"]
        ),
        ("PLAINTEXT://0.0.0.0:9092,SSL://[::]:9092", ["PLAINTEXT://0.0.0.0:9092", "SSL://[::]:9092"]),
        ("PLAINTEXT://h:0,SSL://h:0", ["PLAINTEXT://h:0", "SSL://h:0"]),
    ])
func listenersParse(text: String, expected: [String]) throws {
    #expect(try ListenerAddress.parseList(text).map(\.description) == expected)
}

@Test(
    "a wrong list of listeners is refused with its reason",
    arguments: [
        ("", ListenerSyntaxError.empty), (" , ", .empty), ("localhost", .noName("localhost")),
        (":9092", .noName(":9092")), ("://h:1", .noName("://h:1")), ("SSL:/h:1", .noName("SSL:/h:1")),
        ("SSL://h", .noPort("SSL://h")), ("SSL://h:", .noPort("SSL://h:")),
        ("SSL://[::1]", .noPort("SSL://[::1]")), ("SSL://h:65536", .badPort("SSL://h:65536")),
        ("SSL://h:-1", .badPort("SSL://h:-1")), ("SSL://h:+1", .badPort("SSL://h:+1")),
        ("SSL://h:9x", .badPort("SSL://h:9x")), ("SSL://[::1:9092", .badHost("SSL://[::1:9092")),
        ("SSL://[::g]:1", .badHost("SSL://[::g]:1")), ("SSL://a b:1", .badHost("SSL://a b:1")),
        ("SSL://*:1", .badHost("SSL://*:1")), ("SSL://é:1", .badHost("SSL://é:1")),
        ("http://h/x:1", .unknownName("HTTP")),
        ("PLAINTEXT://a:1,plaintext://b:2", .duplicateName("PLAINTEXT")),
        ("PLAINTEXT://a:1,SSL://b:1", .duplicatePort(1)), ("EXT://a:1", .unknownName("EXT")),
        ("PLAINTEXT://127.0.0.1:5,SSL://10.0.0.1:5", .duplicatePort(5)),
    ])
func listenersRefused(text: String, reason: ListenerSyntaxError) {
    #expect(throws: reason) { try ListenerAddress.parseList(text) }
}

@Test("the protocol map names listeners")
func protocolMap() throws {
    let map = try ListenerAddress.parseProtocols("ext:SASL_SSL, INT:plaintext ,")
    #expect(map == ["EXT": .saslSSL, "INT": .plaintext])
    let listeners = try ListenerAddress.parseList("EXT://:1,INT://:2", protocols: map)
    #expect(listeners.map(\.security) == [.saslSSL, .plaintext])
    #expect(throws: ListenerSyntaxError.unknownName("PLAINTEXT")) {
        try ListenerAddress.parseList("PLAINTEXT://:1", protocols: map)
    }
    for wrong in ["A", "A:B", ":SSL", "A:SSL:B", ""] {
        #expect(throws: ListenerSyntaxError.badMapEntry(wrong)) {
            try ListenerAddress.parseProtocols(wrong + ",C:SSL")
        }
    }
    #expect(throws: ListenerSyntaxError.duplicateName("A")) {
        try ListenerAddress.parseProtocols("A:SSL,a:SSL")
    }
    #expect(try ListenerAddress.parseProtocols("A:SSL,A:PLAINTEXT") == ["A": .plaintext])
}

@Test("only addresses that clients can connect to are advertised, and only for listeners that exist")
func advertised() throws {
    let listeners = try ListenerAddress.parseList("PLAINTEXT://0.0.0.0:9092,SSL://:9093")
    let good = "PLAINTEXT://kafka.example:19092,SSL://10.0.0.1:19092"
    #expect(try ListenerAddress.parseAdvertised(good, for: listeners).map(\.port) == [19092, 19092])
    #expect(throws: ListenerSyntaxError.notAdvertisable("PLAINTEXT://0.0.0.0:1")) {
        try ListenerAddress.parseAdvertised("PLAINTEXT://0.0.0.0:1", for: listeners)
    }
    for text in ["PLAINTEXT://[::]:1", "PLAINTEXT://:1"] {
        #expect(try ListenerAddress.parseAdvertised(text, for: listeners).map(\.host) == [""])
    }
    #expect(throws: ListenerSyntaxError.advertisedWithoutListener("SASL_SSL")) {
        try ListenerAddress.parseAdvertised("SASL_SSL://h:1", for: listeners)
    }
}

@Test(
    "addresses print in their usual form",
    arguments: [
        ("127.0.0.1", "127.0.0.1"), ("::", "::"), ("::1", "::1"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("fe80:0:0:0:0:0:0:0", "fe80::"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("::ffff:10.1.2.3", "10.1.2.3"), ("255.255.255.255", "255.255.255.255"),
    ])
func addressText(text: String, printed: String) throws {
    #expect(try #require(SocketAddress.Host(text)).description == printed)
}

@Test("what is no address is none, and loopback and wildcard addresses are known", .endsHangs)
func addressKinds() throws {
    #expect(SocketAddress.Host("fe80::1%lo") != nil && SocketAddress.Host("fe80::1%1") != nil)
    #expect(SocketAddress.Host("fe80::1%lo") != SocketAddress.Host("fe80::1"))
    for text in [
        "", "1.2.3", "1.2.3.256", "::1::", "localhost", "12345::", "1.2.3.4:5", "fe80::1%",
        "fe80::1%nowhere9",
        "fe80::1%1x", "%1",
    ] {
        #expect(SocketAddress.Host(text) == nil)
    }
    #expect(
        ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"].allSatisfy {
            SocketAddress.Host($0)?.isLoopback == true
        })
    #expect(["128.0.0.1", "::", "::2", "fe80::1"].allSatisfy { SocketAddress.Host($0)?.isLoopback == false })
    #expect(["0.0.0.0", "::"].allSatisfy { SocketAddress.Host($0)?.isWildcard == true })
    #expect(try SocketAddress.resolve(host: "localhost", port: 7).isLoopback)
    #expect(throws: NetworkError.self) { try SocketAddress.resolve(host: "no such host", port: 7) }
}
