import Base
import Glibc
import Network
import TestSupport
import Testing

@Test(
    "frames are echoed in order, whatever their sizes", .endsHangs,
    arguments: TransportKind.allCases)
func echo(over transport: TransportKind) throws {
    let server = try TestServer(.echo(), over: transport)
    let client = try server.connect()
    for size in [8, 9, 100, 4096, 65_536, 262_140, 262_144, 1_000_000, 7_654_321] {
        let body = pattern(size, seed: size)
        let sender = Lock(client.onWire(sized(body)))
        let descriptor = client.descriptor
        // A frame of several megabytes fits no socket's queue: one thread sends while this one receives.
        Thread.detach { _ = sendAll(sender.withLock { $0 }, to: descriptor) }
        #expect(try client.receiveFrame() == body, "\(size) bytes")
    }
}

@Test(
    "a stream of frames may be cut at any byte", .endsHangs,
    arguments: TransportKind.allCases)
func fragmentation(over transport: TransportKind) throws {
    let server = try TestServer(.echo(), clock: ManualClock(), over: transport)
    let client = try server.connect()
    let bodies = [pattern(8, seed: 1), pattern(30, seed: 2), pattern(9, seed: 3)]
    let stream = bodies.flatMap { client.onWire(sized($0)) }
    for cut in 1..<stream.count {
        for second in [cut, min(cut + 1, stream.count), min(cut + 5, stream.count)] {
            try client.sendRaw(Array(stream[..<cut]))
            server.step()
            try client.sendRaw(Array(stream[cut..<second]))
            server.step()
            try client.sendRaw(Array(stream[second...]))
            server.step()
            for body in bodies { #expect(try client.receiveFrame() == body, "cut at \(cut) and \(second)") }
        }
    }
}

@Test(
    "frames of random sizes in random pieces arrive whole", .endsHangs,
    arguments: TransportKind.runs(seeds: 12))
func randomPieces(seed: UInt64, over transport: TransportKind) throws {
    var random = Seeded(seed)
    let server = try TestServer(.echo(), clock: ManualClock(), over: transport)
    let client = try server.connect()
    for _ in 0..<10 {
        let sizes = (0..<20).map { _ in
            Int.random(in: 8...(Bool.random(using: &random) ? 60 : 20_000), using: &random)
        }
        let bodies = sizes.map { pattern($0, seed: $0) }
        let stream = client.onWire(bodies.flatMap(sized))
        var position = 0
        while position < stream.count {
            let end = min(stream.count, position + Int.random(in: 1...30_000, using: &random))
            try client.sendRaw(Array(stream[position..<end]))
            for loop in server.group.loops { loop.step(mayWait: false) }
            position = end
        }
        server.step()
        for body in bodies { #expect(try client.receiveFrame() == body) }
    }
}

@Test(
    "replies leave in the order of requests, whatever the order of their completion",
    arguments: UInt64(0)..<20, TransportKind.allCases)
func completionOrder(seed: UInt64, over transport: TransportKind) throws {
    let slots = Lock<[(ReplySlot, [UInt8])]>([])
    let connections = Lock<[Connection]>([])
    let handler = ClosureHandler(onOpen: { connection in connections.withLock { $0.append(connection) } }) {
        frame, connection in
        let slot = connection.reserveReply()
        slots.withLock { $0.append((slot, frame)) }
    }
    let server = try TestServer(handler, clock: ManualClock(), over: transport)
    let client = try server.connect()
    var random = Seeded(seed)
    let bodies = (0..<60).map { pattern(8 + $0 * 40, seed: $0) }
    for body in bodies { try client.send(sized(body)) }
    server.step()
    #expect(slots.withLock { $0.count } == bodies.count)
    let connection = try #require(connections.withLock { $0.first })
    let cancelled = Set((0..<bodies.count).filter { _ in Int.random(in: 0..<5, using: &random) == 0 })
    for (index, (slot, frame)) in slots.withLock({ $0 }).enumerated().shuffled(using: &random) {
        let isCancelled = cancelled.contains(index)
        server.group.loops[0].post {
            connection.assumeIsolated { connection in
                if isCancelled {
                    connection.cancel(slot)
                } else {
                    connection.complete(slot, with: OutboundReply(sized(frame)))
                }
            }
        }
        if Int.random(in: 0..<4, using: &random) == 0 { server.step() }
    }
    server.step()
    for (index, body) in bodies.enumerated() where !cancelled.contains(index) {
        #expect(try client.receiveFrame() == body)
    }
}

@Test(
    "frames with impossible sizes close the connection, earlier replies first",
    arguments: [-1, Int32.min, 0, 7, 1001], TransportKind.allCases)
func impossibleSizes(size: Int32, over transport: TransportKind) throws {
    var limits = NetworkLimits()
    limits.socketRequestMaxBytes = 1000
    let server = try TestServer(.echo(), limits: limits, clock: ManualClock(), over: transport)
    let client = try server.connect()
    var writer = ByteWriter()
    writer.raw(sized(pattern(1000)))
    writer.integer(size)
    try client.send(writer.bytes)
    server.step()
    #expect(try client.receiveFrame() == pattern(1000))
    #expect(client.isEnded())
    #expect(server.reasons == [.frameSize(size)])
    #expect(server.log.lines.withLock { $0 }.count == 1)
}

@Test("an announced size reserves no memory that its bytes do not back")
func announcedSizes() throws {
    let connections = Lock<[Connection]>([])
    let handler = ClosureHandler(onOpen: { connection in connections.withLock { $0.append(connection) } }) {
        _, _ in
    }
    let server = try TestServer(handler, clock: ManualClock())
    let client = try TestClient(port: server.port)
    var writer = ByteWriter()
    writer.integer(Int32(100_000_000))
    try client.send(writer.bytes + [1, 2, 3])
    server.step()
    let connection = try #require(connections.withLock { $0.first })
    let held = { () -> Int in
        let bytes = Lock(0)
        server.group.loops[0].post {
            let held = connection.assumeIsolated { $0.heldBytes }; bytes.withLock { $0 = held }
        }
        server.step()
        return bytes.withLock { $0 }
    }
    #expect(held() <= 8192)
    try client.send([UInt8](repeating: 1, count: 100_000))
    server.step()
    #expect(held() >= 100_000 && held() <= 300_000)
    // The budget has set the whole frame aside.
    #expect(server.services.budget.usedBytes == 100_000_004)
}

@Test(
    "a peer that never reads its replies is no longer read from, and memory stays bounded",
    .endsHangs)
func neverReadingPeer() throws {
    let server = try TestServer(.echo(), clock: ManualClock())
    let client = try TestClient(port: server.port, receiveBuffer: 4096)
    let request = sized(pattern(50_000))
    var sent = 0
    for _ in 0..<4000 {
        sent += client.sendNow(request)
        for loop in server.group.loops { loop.step(mayWait: false) }
    }
    // The kernel's queues hold some megabytes on both sides; of its own the server holds little.
    #expect(sent < 40 << 20)
    #expect(server.services.budget.usedBytes < 4 << 20)
    #expect(server.handler.frameCount < 1000)
}

@Test("a million tiny frames do not keep another client waiting", .endsHangs)
func tinyFrames() throws {
    let server = try TestServer(.echo(), loops: 1)
    let flooder = try TestClient(port: server.port)
    let other = try TestClient(port: server.port)
    let count = 1_000_000
    let descriptor = flooder.descriptor
    Thread.detach {
        let frames = Array(repeating: sized(pattern(8)), count: 10_000).flatMap { $0 }
        for _ in 0..<(count / 10_000) { _ = sendAll(frames, to: descriptor) }
    }
    let done = try Latch()
    Thread.detach {
        var area = [UInt8](repeating: 0, count: 1 << 16)
        var left = count * 12
        while left > 0 {
            let part = recv(descriptor, &area, area.count, 0)
            if part <= 0 { return }
            left -= part
        }
        done.signal()
    }
    var slowest = Duration.zero
    for number in 0..<50 {
        let start = ContinuousClock.now
        try other.send(sized(pattern(100, seed: number)))
        #expect(try other.receiveFrame() == pattern(100, seed: number))
        slowest = max(slowest, ContinuousClock.now - start)
    }
    #expect(slowest < .seconds(2))
    #expect(done.wait(atMost: .seconds(60)))
    #expect(server.handler.frameCount == count + 50)
}

@Test("paused requests wait, and go on where they stopped", .endsHangs)
func pausing() throws {
    let connections = Lock<[Connection]>([])
    let handler = ClosureHandler(onOpen: { connection in connections.withLock { $0.append(connection) } }) {
        frame, connection in
        if frame[0] == 1 { connection.pauseRequests() }
        if frame[0] == 2 { connection.mute(until: connection.loop.now + 50_000_000) }
        connection.complete(connection.reserveReply(), with: OutboundReply(sized(frame)))
    }
    let clock = ManualClock()
    let server = try TestServer(handler, clock: clock)
    let client = try TestClient(port: server.port)
    let bodies = (0..<10).map { [UInt8(($0 % 3))] + pattern(2000, seed: $0) }
    try client.send(bodies.flatMap(sized))
    server.step()
    let connection = try #require(connections.withLock { $0.first })
    let handled = { server.handler.frameCount }
    #expect(handled() == 2)
    for _ in 0..<3 {
        let before = handled()
        server.group.loops[0].post { connection.assumeIsolated { $0.resumeRequests() } }
        server.step()
        // Up to the frame that mutes, and after the time is over up to the next one that pauses.
        #expect(handled() == before + 1)
        clock.advance(by: .milliseconds(49))
        server.step()
        #expect(handled() == before + 1)
        clock.advance(by: .milliseconds(2))
        server.step()
        #expect(handled() == min(before + 3, 10))
    }
    for body in bodies { #expect(try client.receiveFrame() == body) }
    #expect(server.services.budget.usedBytes == 0)
}

@Test("a handler can close, at once or when the replies have left")
func closingByHandler() throws {
    let handler = ClosureHandler { frame, connection in
        let slot = connection.reserveReply()
        if frame[0] == 1 { return connection.close(.handler("enough")) }
        connection.complete(slot, with: OutboundReply(sized(frame)))
        if frame[0] == 2 { connection.closeAfterReplies(.handler("thank you")) }
    }
    let server = try TestServer(handler, clock: ManualClock())
    for first in [UInt8(1), 2] {
        let client = try TestClient(port: server.port)
        try client.send(sized([0] + pattern(10)) + sized([first] + pattern(10)) + sized([0] + pattern(10)))
        server.step()
        #expect(try client.receiveFrame() == [0] + pattern(10))
        if first == 2 { #expect(try client.receiveFrame() == [2] + pattern(10)) }
        #expect(client.isEnded())
    }
    #expect(server.reasons == [.handler("enough"), .handler("thank you")])
    #expect(server.services.counts.total == 0)
}

/// Bytes in memory that behave as a file may: in short pieces, cold, or ending early.
final class TestSource: ByteRangeSource {
    let bytes: [UInt8]
    let pieceBytes: Int
    let isCold: Bool
    let failure: Int32?
    let reads = Lock(0)

    init(_ bytes: [UInt8], pieceBytes: Int = .max, isCold: Bool = false, failure: Int32? = nil) {
        self.bytes = bytes
        self.pieceBytes = pieceBytes
        self.isCold = isCold
        self.failure = failure
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    {
        if isCold, !mayWait { return .wouldWait }
        if let failure { return .failed(errno: failure) }
        let count = max(0, min(bytes.count - Int(position), buffer.count, pieceBytes))
        reads.withLock { $0 += count }
        buffer.copyBytes(
            from: bytes[
                Int(min(position, Int64(bytes.count)))..<(Int(min(position, Int64(bytes.count))) + count)])
        return .read(count)
    }
}

@Test(
    "replies of files arrive whole, warm or cold, in large reads or small", .endsHangs,
    arguments: [
        (3_000_000, Int.max, false), (3_000_000, .max, true), (100_000, 777, false), (50_000, 777, true),
        (0, 1, false),
    ], TransportKind.allCases)
func fileReplies(file: (length: Int, pieceBytes: Int, isCold: Bool), over transport: TransportKind) throws {
    let (length, pieceBytes, isCold) = file
    let content = pattern(length + 20)
    let source = TestSource(content, pieceBytes: pieceBytes, isCold: isCold)
    let head = pattern(40, seed: 9)
    let large = pattern(70_000, seed: 10)
    let handler = ClosureHandler { frame, connection in
        var size = ByteWriter()
        size.integer(Int32(head.count + length + large.count + 5))
        connection.complete(
            connection.reserveReply(),
            with: OutboundReply([
                .bytes(size.bytes + head), .range(source, position: 10, length: length), .bytes(large),
                .range(source, position: 3, length: 5),
            ]))
    }
    let server = try TestServer(handler, over: transport)
    let client = try server.connect()
    try client.send(sized(pattern(8)) + sized(pattern(8)))
    for _ in 0..<2 {
        #expect(try client.receiveFrame() == head + content[10..<(10 + length)] + large + content[3..<8])
    }
    #expect(server.eventually { server.services.budget.usedBytes == 0 })
}

@Test(
    "a slow reader gets its file without its being read many times over", .endsHangs,
    arguments: TransportKind.allCases)
func slowReader(over transport: TransportKind) throws {
    let length = 16 << 20
    let source = TestSource(pattern(length))
    let handler = ClosureHandler { frame, connection in
        var size = ByteWriter()
        size.integer(Int32(length))
        connection.complete(
            connection.reserveReply(),
            with: OutboundReply([.bytes(size.bytes), .range(source, position: 0, length: length)]))
    }
    let server = try TestServer(handler, clock: ManualClock(), over: transport)
    let client = try server.connect(receiveBuffer: 32 << 10)
    try client.send(sized(pattern(8)))
    server.step()
    var received: [UInt8] = []
    while received.count < length + 4 {
        received += try client.receive(min(length + 4 - received.count, 16 << 10))
        for loop in server.group.loops { loop.step(mayWait: false) }
    }
    #expect(Array(received[4...]) == source.bytes)
    #expect(source.reads.withLock { $0 } < length * 4)
}

@Test(
    "a source that ends early or fails closes the connection in mid-reply", arguments: [Int32?.none, EIO],
    [true, false])
func brokenSources(failure: Int32?, isCold: Bool) throws {
    let source = TestSource(pattern(1000), isCold: isCold, failure: failure)
    let handler = ClosureHandler { frame, connection in
        connection.complete(
            connection.reserveReply(),
            with: OutboundReply([.bytes([0, 0, 7, 208]), .range(source, position: 0, length: 2000)]))
    }
    let server = try TestServer(handler)
    let client = try TestClient(port: server.port)
    try client.send(sized(pattern(8)))
    #expect(throws: TestClient.ClientError.self) { try client.receiveFrame() }
    #expect(
        server.eventually { server.reasons == [failure.map { .sourceFailed(errno: $0) } ?? .sourceEnded] })
}

@Test("a source that is waited for too long closes the connection", .endsHangs)
func hangingSource() throws {
    let source = TestSource(pattern(1000), isCold: true)
    let handler = ClosureHandler { frame, connection in
        connection.complete(
            connection.reserveReply(),
            with: OutboundReply([.bytes([0, 0, 3, 232]), .range(source, position: 0, length: 1000)]))
    }
    let server = try TestServer(handler, clock: ManualClock())
    let clock = try #require(server.clock)
    let client = try TestClient(port: server.port)
    // The pool, which would read it, is not stepped.
    func step() { for _ in 0..<4 { for loop in server.group.loops { loop.step(mayWait: false) } } }
    step()
    try client.send(sized(pattern(8)))
    step()
    clock.advance(by: server.services.limits.sourceTimeout - .milliseconds(1))
    step()
    #expect(server.reasons == [])
    clock.advance(by: .milliseconds(2))
    step()
    #expect(server.reasons == [.sourceFailed(errno: ETIMEDOUT)])
    // What comes afterwards is dropped.
    server.step()
    #expect(server.reasons.count == 1)
}
