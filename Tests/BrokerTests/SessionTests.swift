// What lives with a connection: how long its client is to wait, and what software that is.
import Base
import Foundation
import Protocol
import TestSupport
import Testing

@testable import Broker
@testable import Network

/// Makes everybody wait for the same time after each request.
struct FixedQuotas: Quotas {
    let milliseconds: Int32

    func throttleMilliseconds(after request: RequestContext) -> Int32 { milliseconds }
}

@Suite("a connection that is made to wait", .serialized, .endsHangs)
struct ThrottleTests {
    private func rig(_ milliseconds: Int32 = 500) throws -> BrokerRig {
        try BrokerRig(rules: BrokerRules(quotas: FixedQuotas(milliseconds: milliseconds)))
    }

    @Test(
        "every reply says how long, in each version that can, and the next request waits",
        arguments: HandlerTable.rows.map(\.key))
    func everyReply(_ key: APIKey) throws {
        let row = try #require(HandlerTable.byNumber[Int(key.rawValue)])
        let rig = try rig()
        let client = try rig.connect()
        func wait<Served: Handler>(_ handler: Served.Type, _ version: Int16) throws {
            var request = Served.Request()
            if var produce = request as? ProduceRequest {
                produce.acks = 1
                request = try #require(produce as? Served.Request)
            }
            if var describe = request as? DescribeAclsRequest {
                // One that names nothing closes the connection.
                (describe.resourceTypeFilter, describe.operation, describe.permissionType) = (1, 1, 1)
                request = try #require(describe as? Served.Request)
            }
            try client.send(request, version: version)
            let reply = try #require(try client.reply(to: Served.Request.self, version, rig))
            let told = try MessagePrinter.json(of: reply, version: version)["throttleTimeMs"]?.integer
            // Versions without the field make their clients wait as well.
            #expect(told == nil || told == 500, "v\(version)")
            #expect(told != nil || version < 3, "v\(version)")
            try client.send(MetadataRequest(), version: 1)
            rig.advance(milliseconds: 499)
            #expect(client.takeReply() == nil, "v\(version)")
            rig.advance(milliseconds: 1)
            #expect(client.takeReply() != nil, "v\(version)")
            rig.advance(milliseconds: 500)
        }
        for version in row.versions { try wait(row.handler, version) }
    }

    @Test("a producer that wants no reply waits too, and nobody else does")
    func silent() throws {
        let rig = try rig()
        try rig.topic("t")
        let (client, other) = (try rig.connect(), try rig.connect())
        try client.send(ProduceRequest("t", acks: 0), version: 8)
        try client.send(MetadataRequest(), version: 1)
        try other.send(MetadataRequest(), version: 1)
        #expect(client.takeReply() == nil)
        #expect(other.takeReply() != nil)
        rig.advance(milliseconds: 500)
        #expect(client.takeReply() != nil)
    }

    @Test("so does one that asks for a version of ApiVersions that there is not")
    func unknownVersion() throws {
        let rig = try rig()
        let client = try rig.connect()
        try client.send(bytes: [0, 18, 0, 99, 0, 0, 0, 7, 255, 255, 0])
        let reply = try #require(try client.reply(ApiVersionsResponse.self, version: 0))
        #expect(reply.errorCode == ErrorCode.unsupportedVersion.rawValue)
        #expect(reply.apiKeys.map(\.apiKey) == [18])
        try client.send(MetadataRequest(), version: 1)
        #expect(client.takeReply() == nil)
        rig.advance(milliseconds: 500)
        #expect(client.takeReply() != nil)
    }

    @Test(
        "a client of librdkafka waits and is served",
        .enabled(if: Kcat.path != nil, "no kcat; `make tools` installs it"))
    func kcat() throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "apus-\(ProcessInfo.processInfo.globallyUniqueString)"
        ).path()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let rules = BrokerRules(quotas: FixedQuotas(milliseconds: 400))
        try withBroker(on: directory, rules: rules) { broker, _ in
            let port = try #require(broker.boundAddresses.first?.port)
            let start = ContinuousClock.now
            let output = try Kcat.run(["-L", "-t", "made-to-wait", "-b", "127.0.0.1:\(port)"])
            #expect(output.contains("made-to-wait"))
            // Metadata comes after ApiVersions.
            #expect(ContinuousClock.now - start >= .milliseconds(400))
        }
    }
}

/// The command line client of librdkafka.
private enum Kcat {
    static let path = ["/usr/bin/kcat", "/usr/local/bin/kcat", "/opt/homebrew/bin/kcat"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: try #require(path))
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }
}

@Suite("the software of a client")
struct SoftwareTests {
    private func ask(_ name: Name, _ version: Name) throws -> (error: Int16?, line: String?) {
        let rig = try BrokerRig()
        let client = try rig.connect()
        var request = ApiVersionsRequest()
        (request.clientSoftwareName, request.clientSoftwareVersion) = (name, version)
        try client.send(request, version: 3)
        let reply = try client.reply(ApiVersionsResponse.self, version: 3)
        // Not served; the reason for the end of the connection says whose it was.
        try client.send(bytes: [0, 4, 0, 0, 0, 0, 0, 7, 0, 1, 97])
        return (reply?.errorCode, rig.lines.all.last { $0.contains("is not served to client") })
    }

    @Test(
        "is kept where name and version look like ones",
        arguments: [
            ("librdkafka", "2.0.2"), ("a", "1"), ("apache-kafka-java", "4.3.1"), ("A.b-c", "0-x.9"),
            ("a..b", "1--2"),
        ])
    func kept(name: Name, version: Name) throws {
        let (error, line) = try ask(name, version)
        #expect(error == 0)
        #expect(line?.contains("(\(name) \(version))") == true)
    }

    @Test(
        "is refused where they do not",
        arguments: [
            ("", "1"), ("a", ""), ("-a", "1"), ("a", "1."), ("a b", "1"), ("a_b", "1"), ("é", "1"),
            ("a", "1\n"),
            (".", "1"), ("a", "2.0 (beta)"),
        ])
    func refused(name: Name, version: Name) throws {
        let (error, line) = try ask(name, version)
        #expect(error == ErrorCode.invalidRequest.rawValue)
        #expect(line != nil && line?.contains("(") == false)
    }
}
