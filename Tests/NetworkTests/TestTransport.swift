// A transport of the tests' own: two round trips of hellos, whose steps may take their time, and then records
// of bytes that are turned over. It also checks that its connection keeps the order of the seam.
import Base
import Glibc
import Network
import Synchronization

/// Over what a test runs.
enum TransportKind: CaseIterable {
    case plain
    /// The steps of its handshake are taken at once.
    case secured
    /// The pool takes them.
    case securedOnPool

    /// Plain runs of so many seeds, and a quarter as many of each other kind, as they take longer.
    static func runs(seeds count: UInt64) -> [(seed: UInt64, transport: TransportKind)] {
        allCases.flatMap { kind in (0..<(kind == .plain ? count : count / 4)).map { ($0, kind) } }
    }

    /// What makes the server's end of a connection.
    var security: (@Sendable () -> any TransportSecurity)? {
        switch self {
        case .plain: return nil
        case .secured: return { TestTransport(.atOnce) }
        case .securedOnPool: return { TestTransport(.onPool) }
        }
    }
}

/// What happened to the layers of a test.
final class TransportLog: Sendable {
    /// As whom peers were known when their connections were opened.
    let opened = Lock<[String?]>([])
    let received = Atomic(0)
    let worked = Atomic(0)
    /// How often a layer was used while the pool worked for it.
    let intrusions = Atomic(0)
    let closings = Atomic(0)
}

/// The wire of the test's transport.
enum TestWire {
    static let helloBytes = 4
    static let alert: [UInt8] = [0xff, 0xff, 0xff, 0xff]
    static let pong = [UInt8](repeating: 0x70, count: 16)
    static let recordMaxBytes = 1000

    /// The hello number `tag`: the client says 1 and 3, the server 2 and 4.
    static func hello(_ tag: UInt8) -> [UInt8] { [0x5a, tag, ~tag, 0xa5] }

    /// `plain` as records: a length of two bytes, a checksum, and the bytes, the first and the last of which
    /// are turned over.
    static func sealed(_ plain: [UInt8]) -> [UInt8] {
        var sealed: [UInt8] = []
        sealed.reserveCapacity(plain.count + plain.count / 100 + 16)
        for start in stride(from: 0, to: plain.count, by: recordMaxBytes) {
            let end = min(plain.count, start + recordMaxBytes)
            let (first, last) = (plain[start], plain[end - 1])
            sealed += [UInt8((end - start) >> 8), UInt8((end - start) & 0xff), first ^ last, ~first]
            guard end - start > 1 else { continue }
            sealed += plain[(start + 1)..<(end - 1)]
            sealed.append(~last)
        }
        return sealed
    }

    /// Moves the whole records at the front of `bytes` into `plain`; how many empty ones there were, or nil
    /// if a record is none.
    static func open(_ bytes: inout [UInt8], into plain: inout [UInt8]) -> Int? {
        var (position, pings) = (0, 0)
        while bytes.count - position >= 3 {
            let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
            guard length <= recordMaxBytes else { return nil }
            let (start, end) = (position + 3, position + 3 + length)
            guard bytes.count >= end else { break }
            if length == 0 {
                pings += 1
            } else {
                let (first, last) = (~bytes[start], ~bytes[end - 1])
                guard first ^ last == bytes[position + 2] else { return nil }
                plain.append(first)
                if length > 1 {
                    plain += bytes[(start + 1)..<(end - 1)]
                    plain.append(last)
                }
            }
            position = end
        }
        bytes.removeFirst(position)
        return pings
    }
}

/// The server's end.
final class TestTransport: TransportSecurity {
    /// How the steps of its handshakes go.
    enum Steps { case atOnce, onPool, failing, tooEarly }

    private let steps: Steps
    private let log: TransportLog
    private let work: @Sendable () -> Void
    private var kept: [UInt8] = []
    private var hellosTaken = 0
    private var isDone = false
    private var isWorking = false

    init(
        _ steps: Steps, log: TransportLog = TransportLog(), work: @escaping @Sendable () -> Void = {}
    ) {
        self.steps = steps
        self.log = log
        self.work = work
    }

    var keptBytes: Int { kept.count }
    var peerName: String? { isDone ? "tester" : nil }

    private func noteUse() {
        if isWorking { log.intrusions.wrappingAdd(1, ordering: .relaxed) }
    }

    func open(
        _ received: RawSpan, plain: inout [UInt8], outgoing: inout [UInt8]
    ) throws(SecurityFailure) -> SecurityStep {
        noteUse()
        log.received.wrappingAdd(received.byteCount, ordering: .relaxed)
        received.withUnsafeBytes { kept += $0 }
        return try step(&plain, &outgoing)
    }

    func resume(plain: inout [UInt8], outgoing: inout [UInt8]) throws(SecurityFailure) -> SecurityStep {
        if !isWorking { log.intrusions.wrappingAdd(1, ordering: .relaxed) }
        isWorking = false
        return try answer(&plain, &outgoing)
    }

    private func step(
        _ plain: inout [UInt8], _ outgoing: inout [UInt8]
    ) throws(SecurityFailure) -> SecurityStep {
        if isDone {
            try openRecords(&plain, &outgoing)
            return .goesOn
        }
        let expected = TestWire.hello(UInt8(hellosTaken * 2 + 1))
        guard zip(kept, expected).allSatisfy({ $0 == $1 }) else { throw SecurityFailure("no hello") }
        guard kept.count >= expected.count else { return .goesOn }
        kept.removeFirst(expected.count)
        hellosTaken += 1
        guard steps == .onPool else { return try answer(&plain, &outgoing) }
        isWorking = true
        return .takesTime { [work, log] in
            work()
            log.worked.wrappingAdd(1, ordering: .relaxed)
        }
    }

    /// Answers a hello, and goes on with what came behind it.
    private func answer(
        _ plain: inout [UInt8], _ outgoing: inout [UInt8]
    ) throws(SecurityFailure) -> SecurityStep {
        if steps == .failing {
            outgoing += TestWire.alert
            throw SecurityFailure("refused")
        }
        outgoing += TestWire.hello(UInt8(hellosTaken * 2))
        if steps == .tooEarly { plain += sized(pattern(20)) }
        guard hellosTaken == 2 else { return try step(&plain, &outgoing) }
        isDone = true
        try openRecords(&plain, &outgoing)
        return .established
    }

    private func openRecords(
        _ plain: inout [UInt8], _ outgoing: inout [UInt8]
    ) throws(SecurityFailure) {
        guard let pings = TestWire.open(&kept, into: &plain) else { throw SecurityFailure("no record") }
        for _ in 0..<pings { outgoing += TestWire.pong }
    }

    func seal(_ plain: RawSpan, outgoing: inout [UInt8]) throws(SecurityFailure) {
        noteUse()
        outgoing += plain.withUnsafeBytes { TestWire.sealed(Array($0)) }
    }

    func finish(outgoing: inout [UInt8]) {
        noteUse()
        log.closings.wrappingAdd(1, ordering: .relaxed)
    }
}
