// Sends a captured session to a live broker, in the recorded order, and collects what is answered
// differently.
import Base
import Protocol
import TestSupport

/// One replay of one session.
struct ReplayRun {
    /// A request on its way, for each connection in order.
    private struct Pending {
        let index: Int
        let frame: CapturedFrame
        let sent: [UInt8]
    }

    private let capture: Capture
    private let port: Int
    private var scope: ReplayScope
    private var translation = ReplayTranslation()
    private var connections: [Int: WireConnection] = [:]
    private var pending: [Int: [Pending]] = [:]
    private var finished: Set<Int> = []
    /// The last recorded and live end of each partition, to be equal when the session is over.
    private var ends: [String: (recorded: JSONValue?, live: JSONValue?)] = [:]

    private var seenTopics: Set<String> = []

    /// What differs from the recording and should not.
    private(set) var problems: [String] = []
    /// The first problems, and how many more there are.
    var report: String {
        let more = problems.count > 20 ? "\n… and \(problems.count - 20) more" : ""
        return problems.prefix(20).joined(separator: "\n") + more
    }

    /// How many replies were compared.
    private(set) var comparedReplies = 0
    /// How many requests were left out.
    private(set) var skippedRequests = 0
    /// The reasons of the differences that the table allows, with how often each was needed.
    private(set) var allowed: [String: Int] = [:]

    init(_ capture: Capture, port: Int, apis: Set<APIKey>?) {
        self.capture = capture
        self.port = port
        scope = ReplayScope(apis: apis)
    }

    mutating func run() {
        for (index, event) in capture.events.enumerated() where !finished.contains(event.connection) {
            do {
                switch event {
                case .request(let frame): try send(frame, index)
                case .reply(let frame): try receive(frame, index)
                case .closed(let connection, let byBroker, let line): close(connection, byBroker, line)
                }
            } catch {
                problems.append("event \(index) on connection \(event.connection): \(error)")
                finished.insert(event.connection)
            }
        }
        for (place, end) in ends where end.recorded != end.live {
            problems.append("\(place): ends at \(text(end.live)), recorded \(text(end.recorded))")
        }
    }

    private mutating func send(_ frame: CapturedFrame, _ index: Int) throws {
        let recorded = capture.replyOfRequest[index].flatMap { decodedReply($0) }
        guard scope.sends(frame, reply: recorded), !isRefusedOnce(frame, recorded) else {
            skippedRequests += 1
            return
        }
        let connection = try connections[frame.connection] ?? WireConnection(port: port)
        connections[frame.connection] = connection
        let request = translation.request(frame)
        try connection.send(request)
        if capture.replyOfRequest[index] != nil {
            pending[frame.connection, default: []].append(Pending(index: index, frame: frame, sent: request))
        } else if AllowedDifference.isServedByUsOnly(frame), !TestEnvironment.isKafka {
            // We answer what Kafka closes upon; the recorded close is then ours to make.
            finished.insert(frame.connection)
        }
    }

    private mutating func receive(_ reply: CapturedFrame, _ index: Int) throws {
        guard let first = pending[reply.connection]?.first, capture.replyOfRequest[first.index] == index,
            let connection = connections[reply.connection], let api = reply.api
        else { return }
        pending[reply.connection]?.removeFirst()
        let recorded = try ReplayDecoding.reply(reply.bytes, key: api, version: reply.version)
        var answer = try connection.receive()
        var live = try ReplayDecoding.reply(answer, key: api, version: reply.version)
        // Kafka serves a new topic or coordinator a moment after it announced it; clients ask again, and so
        // do we.
        var attempts = 0
        while TestEnvironment.isKafka, attempts < 100, pending[reply.connection]?.isEmpty ?? true,
            isTransient(live), !isTransient(recorded)
        {
            attempts += 1
            pause(milliseconds: 50)
            try connection.send(first.sent)
            answer = try connection.receive()
            live = try ReplayDecoding.reply(answer, key: api, version: reply.version)
        }
        if TestEnvironment.isKafka { waitForTopics(api, recorded) }
        if answer[0..<4] != reply.bytes[0..<4] {
            problems.append("line \(reply.line): another correlation id")
        }
        compare(recorded, live, api, reply, index)
    }

    private mutating func compare(
        _ recorded: JSONValue, _ live: JSONValue, _ api: APIKey, _ reply: CapturedFrame, _ index: Int
    ) {
        comparedReplies += 1
        var comparison = ReplayComparison(translation: translation)
        comparison.compare(translation.apply(to: recorded), live)
        translation = comparison.translation
        if api == .fetch { noteEnds(translation.apply(to: recorded), live) }
        for difference in comparison.differences where !scope.isAboutChangedTopic(difference) {
            if let row = AllowedDifference.row(for: difference, of: api, in: capture.name) {
                allowed[row.reason, default: 0] += 1
            } else if isSettledLater(difference, api, index) {
                allowed["Kafka announces a new topic a moment before it serves it", default: 0] += 1
            } else {
                problems.append(
                    "line \(reply.line), \(api.name) v\(reply.version), \(difference.place): "
                        + "\(text(difference.live)) instead of \(text(difference.recorded))")
            }
        }
    }

    private mutating func close(_ number: Int, _ byBroker: Bool, _ line: Int) {
        finished.insert(number)
        guard let connection = connections.removeValue(forKey: number), byBroker, scope.apis == nil else {
            return
        }
        if !connection.isClosedByPeer(within: 10) {
            problems.append("line \(line): Kafka closed connection \(number), the broker did not")
        }
    }

    // MARK: - Fetch

    private mutating func noteEnds(_ recorded: JSONValue, _ live: JSONValue) {
        func marks(_ reply: JSONValue) -> [String: JSONValue] {
            reply["responses"]?.elements.reduce(into: [:]) { result, topic in
                let name = topic["topic"]?.text ?? topic["topicId"]?.text ?? ""
                for partition in topic["partitions"]?.elements ?? [] {
                    result["\(name)-\(partition["partitionIndex"]?.integer ?? -1)"] =
                        partition["highWatermark"]
                }
            } ?? [:]
        }
        let before = marks(recorded)
        let now = marks(live)
        for place in Set(before.keys).intersection(now.keys) { ends[place] = (before[place], now[place]) }
    }

    // MARK: - Topics that are not ready yet

    private static let transient: Set<Int64> = [3, 5, 6, 14, 15, 16, 51, 100]

    /// Whether a Produce, a JoinGroup or a request of a transaction came too early for Kafka, so that its
    /// client sent it again: a broker that is always ready would store it twice.
    private func isRefusedOnce(_ frame: CapturedFrame, _ recorded: JSONValue?) -> Bool {
        guard let recorded else { return false }
        let codes = errors(recorded)
        switch frame.api {
        case .produce: return !codes.isEmpty && codes.isSubset(of: ReplayRun.unready)
        case .joinGroup: return !codes.isDisjoint(with: ReplayRun.unreadyCoordinator)
        // Served twice, it would take two epochs, or be another transaction.
        case .initProducerID, .addPartitionsToTxn, .addOffsetsToTxn, .endTxn:
            return !codes.isDisjoint(with: ReplayRun.unreadyCoordinator.union([51]))
        default: return false
        }
    }

    /// Gives Kafka the moment that it needs before it takes records for a topic that it just announced.
    private mutating func waitForTopics(_ api: APIKey, _ recorded: JSONValue) {
        guard api == .createTopics || api == .metadata else { return }
        let names = Set(
            (recorded["topics"]?.elements ?? []).filter { !isTransient($0) }.compactMap { $0["name"]?.text })
        if !names.isSubset(of: seenTopics) || api == .createTopics { pause(milliseconds: 400) }
        seenTopics.formUnion(names)
    }

    /// Kafka leads the partition a moment later.
    private static let unready: Set<Int64> = [5, 6]
    private static let unreadyCoordinator: Set<Int64> = [14, 15, 16]

    private func isTransient(_ reply: JSONValue) -> Bool {
        !errors(reply).isDisjoint(with: ReplayRun.transient)
    }

    private func errors(_ value: JSONValue) -> Set<Int64> {
        switch value {
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(errors($1)) }
        case .object(let members):
            members.reduce(into: []) { result, member in
                if member.key == "errorCode" || member.key == "partitionErrorCode",
                    let code = member.value.integer
                {
                    result.insert(code)
                }
                result.formUnion(errors(member.value))
            }
        default: []
        }
    }

    /// Whether Kafka's recorded error was gone at the same request's next answer, with no creation in
    /// between.
    private func isSettledLater(_ difference: ReplayDifference, _ api: APIKey, _ index: Int) -> Bool {
        guard let key = difference.place.split(separator: "]").first?.split(separator: "[").last else {
            return false
        }
        let name = String(key.prefix { $0 != "/" })
        guard element(name, index).map(isTransient) == true else { return false }
        for later in (index + 1)..<capture.events.count {
            switch capture.events[later] {
            case .request(let frame) where frame.api == .createTopics || frame.api == .deleteTopics:
                return false
            case .reply(let frame) where frame.api == api:
                if let found = element(name, later), errors(found) == [0] { return true }
            default: break
            }
        }
        return false
    }

    private func element(_ name: String, _ index: Int) -> JSONValue? {
        let reply = decodedReply(index)
        let topics = (reply?["topics"] ?? reply?["responses"])?.elements ?? []
        return topics.first {
            $0["name"]?.text == name || $0["topic"]?.text == name || $0["topicId"]?.text == name
        }
    }

    private func decodedReply(_ index: Int) -> JSONValue? {
        guard case .reply(let frame) = capture.events[index], let api = frame.api else { return nil }
        return try? ReplayDecoding.reply(frame.bytes, key: api, version: frame.version)
    }

    private func text(_ value: JSONValue?) -> String {
        value.map { String("\($0)".prefix(300)) } ?? "nothing"
    }
}
