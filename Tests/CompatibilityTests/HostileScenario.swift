// What peers do that no client does, one thing after the other, and what has to become of their connections.
import Base
import Compression
import Foundation
import Glibc
import Protocol
import Records
import Synchronization
import Testing

/// One way in which a peer misbehaves.
enum HostileScenario: String, CaseIterable, Sendable {
    /// Random bytes, and other protocols.
    case garbage
    /// Frame sizes that are negative, zero or beyond the limit, and sizes whose bytes never come.
    case lyingSizes
    /// Counts and lengths inside a request that its bytes do not back.
    case lyingLengths
    /// Half a megabyte of gzip that is 500 MiB of zeros, which are no records.
    case bombs
    /// Requests that stop in the middle, at every byte.
    case truncated
    /// A request that arrives byte by byte, and is answered all the same.
    case slow
    /// A million of the smallest requests in one stream, every one answered, in order.
    case tinyFrames
    /// Requests without end whose answers are never taken.
    case neverReads
    /// A thousand connections that say nothing, beside which others are served.
    case idle
    /// Connections that come and go, some of them reset.
    case churn
    /// Consumers that wait at five hundred partitions for an hour and are gone at once.
    case vanish

    /// How long a broker may take to close a connection.
    private static let closingSeconds = 5.0

    func run(port: Int) throws {
        switch self {
        case .garbage: try Self.garbage(port)
        case .lyingSizes: try Self.lyingSizes(port)
        case .lyingLengths: try Self.lyingLengths(port)
        case .bombs: try Self.bombs(port)
        case .truncated: try Self.truncated(port)
        case .slow: try Self.slow(port)
        case .tinyFrames: try Self.tinyFrames(port)
        case .neverReads: try Self.neverReads(port)
        case .idle: try Self.idle(port)
        case .churn: try Self.churn(port)
        case .vanish: try Self.vanish(port)
        }
    }

    /// Sends `bytes` on a connection of their own, which the broker must close.
    private static func mustClose(_ port: Int, _ bytes: [UInt8], _ what: String) throws {
        let peer = try WireConnection(port: port)
        // It may close before all of them are sent.
        try? peer.sendRaw(bytes)
        #expect(peer.isClosedByPeer(within: closingSeconds), "\(what): the broker keeps the connection")
    }
}

// MARK: - Bytes that mean nothing

extension HostileScenario {
    private static func garbage(_ port: Int) throws {
        var random = SeededGenerator(seed: 1)
        for length in [4, 5, 64, 1000, 100_000] {
            var bytes = random.bytes(length)
            bytes[0] |= 0x80  // a negative size
            try mustClose(port, bytes, "\(length) random bytes")
        }
        let others = [
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "SSH-2.0-OpenSSH_9.0\r\n", "EHLO localhost\r\n",
            "POST /topics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
            "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n",
        ]
        for text in others { try mustClose(port, Array(text.utf8), text) }
        let hello: [UInt8] = [0x16, 3, 1, 0, 0xc8, 1, 0, 0, 0xc4, 3, 3]
        try mustClose(port, hello + random.bytes(202), "TLS")
        // Sizes that fit, bodies that mean nothing.
        for _ in 0..<300 {
            try WireConnection(port: port).send(random.bytes(Int.random(in: 0..<200, using: &random)))
        }
    }

    private static func lyingSizes(_ port: Int) throws {
        for size in [-1, .min, .max, 104_857_601, 0, 1, 7] as [Int32] {
            let body = [UInt8](repeating: 0, count: Int(max(0, min(size, 7))))
            try mustClose(port, bigEndian(size) + body, "size \(size)")
        }
        let peers = try (0..<200).map { _ in try WireConnection(port: port) }
        for peer in peers { try peer.sendRaw(bigEndian(Int32(100_000_000)) + [0, 3, 0, 1]) }
        usleep(500_000)
    }

    private static func lyingLengths(_ port: Int) throws {
        for count in [.max, 10_000_000, 1000] as [Int32] {
            let body = head(.metadata, 1) + bigEndian(count)
            try mustClose(port, framed(body), "Metadata of \(count) topics")
        }
        // acks, timeout, one topic with one partition, whose records are 2 GiB.
        let fields: [[UInt8]] = [
            head(.produce, 7), [0xff, 0xff], bigEndian(Int16(-1)), bigEndian(Int32(1000)),
            bigEndian(Int32(1)), string("t"), bigEndian(Int32(1)), bigEndian(Int32(0)), bigEndian(Int32.max),
        ]
        try mustClose(port, framed(Array(fields.joined())), "Produce of 2 GiB that are not there")
        // A compact array of 2^32 - 2 elements, and a varint that never ends.
        for tail in [[0xff, 0xff, 0xff, 0xff, 0x0f], [UInt8](repeating: 0xff, count: 12)] {
            try mustClose(port, framed(head(.metadata, 12) + [0] + tail), "a compact array without end")
        }
    }

    private static func bombs(_ port: Int) throws {
        let client = try MessageClient(port: port)
        try client.create("bombs", partitions: 1)
        let zeros = [UInt8](repeating: 0, count: 10 << 20)
        let member = try CompressionCodec.gzip.compress(zeros.span.bytes, level: 9)
        let packed = Array(repeatElement(member, count: 50).joined())
        for count in [1, 1000] as [Int32] {
            var batch = ByteWriter()
            batch.integer(Int64(0))
            batch.integer(Int32(BatchLayout.headerSize - BatchLayout.lengthOverhead + packed.count))
            batch.integer(Int32(-1))
            batch.integer(BatchLayout.currentMagic)
            batch.integer(UInt32(0))
            batch.integer(Int16(1))
            batch.integer(count - 1)
            for field in [0, 0, -1] as [Int64] { batch.integer(field) }
            batch.integer(Int16(-1))
            batch.integer(Int32(-1))
            batch.integer(count)
            batch.raw(packed)
            var bytes = batch.bytes
            var span = bytes.mutableSpan
            var raw = span.mutableBytes
            BatchStamp.checksum(in: &raw)
            let reply = try client.ask(ProduceRequest("bombs", batches: [0: bytes]), 7)
            #expect(reply.responses[0].partitionResponses[0].errorCode != 0, "a bomb was stored")
        }
    }

    private static func truncated(_ port: Int) throws {
        let whole = framed(head(.metadata, 1) + bigEndian(Int32(1)) + string("topic"))
        for length in whole.indices {
            try WireConnection(port: port).sendRaw(Array(whole[..<length]))
        }
        for length in 0..<(whole.count - 4) {
            let peer = try WireConnection(port: port)
            try peer.send(Array(whole[4..<(4 + length)]))
            peer.finishSending()
            #expect(peer.isClosedByPeer(within: closingSeconds), "a frame cut to \(length) bytes")
        }
    }
}

// MARK: - Too much, too slowly, too often

extension HostileScenario {
    private static func slow(_ port: Int) throws {
        let peer = try WireConnection(port: port)
        for byte in framed(head(.apiVersions, 0, correlationID: 99)) {
            try peer.sendRaw([byte])
            usleep(5000)
        }
        #expect(try correlationID(peer.receive()) == 99)
    }

    private static func tinyFrames(_ port: Int) throws {
        let count = TestEnvironment.isKafka ? 100_000 : 1_000_000
        let step = 10_000
        let peer = try WireConnection(port: port, seconds: 60)
        let requests = (0..<step).flatMap {
            framed(head(.metadata, 1, correlationID: Int32($0)) + [0, 0, 0, 0])
        }
        let failure = Lock<String?>(nil)
        // One thread sends and one receives.
        nonisolated(unsafe) let writing = peer
        Thread.detachNewThread {
            do {
                for _ in 0..<(count / step) { try writing.sendRaw(requests) }
            } catch { failure.withLock { $0 = "\(error)" } }
        }
        // Every answer of the first steps, then only that all bytes come.
        var size = 0
        for number in 0..<(5 * step) {
            let answer = try peer.receive()
            size = answer.count + 4
            let id = try correlationID(answer)
            guard id == number % step else {
                Issue.record("answer \(number) is for \(id)")
                return
            }
        }
        var left = size * (count - 5 * step)
        while left > 0 { left -= try peer.receiveSome(min(left, 1 << 20)).count }
        #expect(failure.withLock { $0 } == nil)
    }

    private static func neverReads(_ port: Int) throws {
        let bytesMax = 400_000_000
        let peers = try (0..<10).map { _ in try WireConnection(port: port) }
        let request = Array(
            repeatElement(framed([0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]), count: 1000).joined())
        let end = ContinuousClock.now + .seconds(15)
        var sent = [Int](repeating: 0, count: peers.count)
        var taken = ContinuousClock.now
        // Until the broker has stopped to read.
        while ContinuousClock.now < min(end, taken + .seconds(1)), sent.reduce(0, +) < bytesMax {
            for (number, peer) in peers.enumerated() {
                let rest = request[(sent[number] % request.count)...]
                guard let count = peer.sendNow(Array(rest)), count > 0 else { continue }
                sent[number] += count
                taken = .now
            }
            usleep(1000)
        }
        #expect(sent.reduce(0, +) < bytesMax, "the broker reads on, whatever piles up")
        _ = try WireConnection(port: port, seconds: 10).askForVersions()
        withExtendedLifetime(peers) {}
    }

    private static func idle(_ port: Int) throws {
        WireConnection.raiseDescriptorLimit()
        let peers = try (0..<1000).map { _ in try WireConnection(port: port) }
        let begun = ContinuousClock.now
        let other = try WireConnection(port: port, seconds: 10)
        for _ in 0..<100 { _ = try other.askForVersions() }
        #expect(ContinuousClock.now - begun < .seconds(5), "served slowly beside idle connections")
        var random = SeededGenerator(seed: 2)
        for peer in peers.shuffled(using: &random).prefix(50) { _ = try peer.askForVersions() }
    }

    private static func churn(_ port: Int) throws {
        for number in 0..<3000 {
            let peer = try WireConnection(port: port)
            if number % 3 == 0 { peer.resetWhenClosed() }
            if number % 2 == 0 { try peer.send([0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]) }
        }
    }

    /// Were the waits kept, each would be some 100 KiB.
    private static func vanish(_ port: Int) throws {
        try MessageClient(port: port).create("vanish", partitions: 500)
        var request = FetchRequest("vanish", partitions: Array(0..<500), maxBytes: 1 << 20)
        request.maxWaitMs = 3_600_000
        request.minBytes = 1
        let frame = try request.frame(correlationID: 1, clientID: "wire", version: 4).bytes
        for _ in 0..<60 {
            let peers = try (0..<50).map { _ in try WireConnection(port: port) }
            for (number, peer) in peers.enumerated() {
                if number % 3 == 0 { peer.resetWhenClosed() }
                try peer.sendRaw(Array(frame))
            }
        }
    }
}

// MARK: - Bytes of requests

extension HostileScenario {
    private static func head(_ key: APIKey, _ version: Int16, correlationID: Int32 = 1) -> [UInt8] {
        bigEndian(key.rawValue) + bigEndian(version) + bigEndian(correlationID) + string("x")
    }

    private static func string(_ text: String) -> [UInt8] { bigEndian(Int16(text.utf8.count)) + text.utf8 }

    private static func framed(_ body: [UInt8]) -> [UInt8] { bigEndian(Int32(body.count)) + body }

    private static func bigEndian(_ value: some FixedWidthInteger & BitwiseCopyable) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private static func correlationID(_ answer: [UInt8]) throws -> Int {
        try #require(answer.count >= 4)
        return answer.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }
}

extension RandomNumberGenerator {
    fileprivate mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
