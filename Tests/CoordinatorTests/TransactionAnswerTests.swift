// Every request in every state of a transactional id, beside what Kafka answered (`fixtures/transactions`).
import Base
import Coordinator
import Protocol
import TestSupport
import Testing

/// One line of `answers.txt.gz`.
private struct AnswerRow {
    let level: TransactionVersion
    let setup: String
    let request: String
    let who: String
    /// Code, producer and state.
    let outcome: String
    let text: String

    init?(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 7, let level = Int16(words[0]).flatMap(TransactionVersion.init) else {
            return nil
        }
        self.level = level
        (setup, request, who) = (words[1], words[2], words[3])
        outcome = words[4...].joined(separator: " ")
        text = line
    }

    /// What was done before, as in `record.py`.
    static let setups = [
        "unknown": "", "empty": "i i", "continued": "i c", "ongoing0": "i i add0", "ongoing2": "i i add2",
        "committed0": "i i add0 commit0", "committed2": "i add2 commit2", "aborted0": "i i add0 abort0",
        "aborted2": "i add2 abort2", "unbegun": "i abort2", "replaced0": "i add0 r", "replaced2": "i add2 r",
        "again0": "i add2 commit2 add0", "again2": "i i add0 commit0 add2", "renewed": "i add2 commit2 c",
    ]

    /// Code, producer and state as they come out here.
    func outcomeHere() -> String {
        var rig = TransactionRig { $0.version = level }
        for step in Self.setups[setup]?.split(separator: " ").map(String.init) ?? [] {
            let known = rig.producer(of: Self.id) ?? ProducerIdentity(id: .none, epoch: -1)
            switch step {
            case "i": rig.begin(Self.id)
            case "c": rig.begin(Self.id, as: known)
            // Kafka aborts the transaction and has the new producer come again.
            case "r": _ = rig.ask { .abort(Self.id, fresh: $0) }
            default: _ = Self.run(&rig, step, known)
            }
        }
        let known =
            rig.producer(of: Self.id) ?? ProducerIdentity(id: ProducerID(1_000_000_000), epoch: 5)
        let answer = Self.run(&rig, request, claim(known))
        let state = rig.state(of: Self.id).map {
            $0.name.text + Self.told(rig.producer(of: Self.id) ?? known, since: known)
        }
        return "\(Self.told(answer, since: known)) \(state ?? "nothing")"
    }

    private static let id: Name = "x"

    /// Whether it is the wish of a producer that was fenced since, as what ended a transaction by the rules
    /// of version 1 repeats no epoch; Kafka takes it for a repetition (GAPS.md).
    var isOfFencedProducer: Bool {
        guard who == "former", request == "commit2" || request == "abort2" else { return false }
        return setup == "committed0" || setup == "aborted0"
            || (level == .v1 && setup == "replaced0")
    }

    private func claim(_ own: ProducerIdentity) -> ProducerIdentity? {
        switch who {
        case "own": own
        case "former": ProducerIdentity(id: own.id, epoch: own.epoch - 1)
        case "later": ProducerIdentity(id: own.id, epoch: own.epoch + 1)
        case "other": ProducerIdentity(id: ProducerID(own.id.value + 1_000_000), epoch: own.epoch)
        default: nil
        }
    }

    private static func run(
        _ rig: inout TransactionRig, _ word: String, _ claimed: ProducerIdentity?
    ) -> TransactionReply? {
        if word == "initialize" {
            return rig.ask { .initialize(id, timeoutMilliseconds: 60_000, as: claimed, fresh: $0) }
        }
        let claim = ProducerClaim(id: id, producer: claimed ?? ProducerIdentity(id: .none, epoch: -1))
        let other = TopicPartition(topic: "t", partition: PartitionIndex(1))
        let version: TransactionVersion = word.hasSuffix("0") ? .v0 : .v2
        return switch word {
        case "add0", "add2": rig.ask { _ in .add([TransactionRig.partition], claim, version) }
        case "verify": rig.ask { _ in .verify([TransactionRig.partition], claim) }
        case "verifyOther": rig.ask { _ in .verify([other], claim) }
        case "commit0", "commit2": rig.ask { .end(claim, .commit, version, fresh: $0) }
        default: rig.ask { .end(claim, .abort, version, fresh: $0) }
        }
    }

    private static func told(_ reply: TransactionReply?, since known: ProducerIdentity) -> String {
        switch reply {
        case .producer(let producer):
            "0 \(producer.id == known.id ? "same" : "new")\(told(producer, since: known))"
        case .code(let code): "\(code.rawValue) -"
        case .verdicts(let codes): "\(codes.first?.rawValue ?? 0) -"
        case .needsProducerID, .description, .list, nil: "no answer"
        }
    }

    private static func told(_ producer: ProducerIdentity, since known: ProducerIdentity) -> String {
        "+\(producer.epoch - (producer.id == known.id ? known.epoch : 0))"
    }
}

@Suite("answers to transactional producers")
struct TransactionAnswerTests {
    @Test("each request in each state is answered as by Kafka, and leads to the same state")
    func answers() throws {
        let rows = try Fixture.lines("transactions/answers.txt.gz").compactMap {
            AnswerRow(String(decoding: $0, as: UTF8.self))
        }
        #expect(rows.count == 1110 && rows.count { $0.isOfFencedProducer } == 10)
        for row in rows {
            var expected = row.outcome
            // The end of version 1 tells no producer.
            if row.request.hasSuffix("0"), expected.hasPrefix("0 -"), !row.request.hasPrefix("add") {
                expected = expected.replacing("0 -", with: "0 same+0")
            }
            if row.isOfFencedProducer {
                let state = expected.split(separator: " ").last ?? ""
                expected = "\(ErrorCode.producerFenced.rawValue) - \(state)"
            }
            #expect(row.outcomeHere() == expected, "\(row.text)")
        }
    }
}
